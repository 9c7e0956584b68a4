"""Law 8. A plan says how many requests it took and how many its apply takes, and that is the fewest."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Departure, DepartureAction, Desired, Limits, Setting
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action
from kardia_ctl.model.ports import Reader
from kardia_ctl.planning.apply_stages import LookAtEnd, stages_of
from kardia_ctl.sandbox.data.invented import TEAM_ID
from kardia_ctl.sandbox.quirks import Quirks
from tests.laws.strategies import LABELS, clinic, clinics, quirks
from tests.laws.world import LAWFUL, World, in_world

ROOMY = Quirks()
CALLBACK = Setting(Address(Kind.CALLBACK), {"url": "https://hooks.example.com/kardia"})
QT_CALLBACK = Setting(Address(Kind.QT_CALLBACK), {"url": "https://hooks.example.com/qt"})
PROVIDER = Setting(Address(Kind.SERVICE_PROVIDER, ("8sP3SiaFigYoGRKoc4kaf692hmwi",)))


async def the_calls_are_counted(world: World, desired: Desired, readings: Quirks = ROOMY) -> None:
    """Of the look at the end, what a lagging list and a page of fewer than 500 cost is not known before."""
    begin = len(world.requests())
    plan = (await world.plan(desired)).plan
    spent = len(world.requests()) - begin
    assert plan.requests.spent == spent
    begin = len(world.requests())
    done = await world.apply(desired)
    preview = done.preview
    stages = stages_of(preview.inputs, preview.plan.changes, stopped=bool(preview.plan.stops))
    sent = world.requests()[begin:]
    pages, looked_up = looks_at_end(sent)
    promised = sum(stage.requests for stage in stages if isinstance(stage, LookAtEnd))
    if not readings.list_lag:
        assert looked_up == 0
        assert pages == (promised if readings.page_cap is None else pages)
    extra = pages + looked_up - promised
    assert sum(stage.requests for stage in stages) == len(sent) - extra
    assert preview.plan.requests.apply == len(sent) - extra
    assert plan.requests.apply == done.preview.plan.requests.apply
    assert (done.report.reads - extra, done.report.writes) == (plan.requests.reads, plan.requests.writes)


def looks_at_end(sent: list[str]) -> tuple[int, int]:
    """How many pages, and how many patients by id, were read after the first create."""
    begin = sent.index("POST /v1/patients") if "POST /v1/patients" in sent else len(sent)
    return sent[begin:].count("GET /v1/patients"), sent[begin:].count("GET /v1/patients/{id}")


@LAWFUL
@given(clinics(), clinics(), quirks(), st.sampled_from([None, 0, 3]), st.booleans(), st.integers(0, 3))
def test_the_calls_are_counted(
    live: Desired, desired: Desired, readings: Quirks, most: int | None, lost: bool, leaving: int
) -> None:
    async def story(world: World) -> None:
        await world.apply(live)
        if lost:
            world.clock.advance(60)  # without state, a patient whom a lagging list does not show is unknown
            world.lose_state()
        gone = [mrn for mrn in live.patients if mrn not in desired.patients][:leaving]
        departures = tuple(Departure(mrn, list(DepartureAction)[leaving % 2], "left") for mrn in gone)
        await the_calls_are_counted(
            world, replace(desired, limits=Limits(create=most), departures=departures), readings
        )

    in_world(story, readings)


@LAWFUL
@given(clinics(), quirks())
def test_a_clean_apply_sends_one_write_for_each_change(desired: Desired, readings: Quirks) -> None:
    async def story(world: World) -> None:
        done = await world.apply(desired)
        plan = done.preview.plan
        assert done.report.writes == plan.count(Action.CREATE, Action.UPDATE)
        pages = max(1, -(-len(world.account.patients.all()) // 500))
        codes = any(change.address.kind is Kind.CONNECTION_CODE for change in plan.changes)
        settings = sum(1 for one in desired.settings if one.address.kind is not Kind.SERVICE_PROVIDER)
        looks = looks_at_end(world.requests())
        fewest = (pages if desired.patients else 0) + settings + (codes or plan.writes) + sum(looks)
        assert done.report.reads == fewest
        if not readings.list_lag and readings.page_cap is None:
            assert looks == (min(1, len(desired.patients)), 0)

    in_world(story, readings)


def requests_since(world: World, begin: int) -> list[str]:
    return sorted(world.requests()[begin:])


LOOK = ["GET /v1/patients"]
READS = ["GET /v1/callback", "GET /v1/patients", "GET /v1/qtCallback", "GET /v1/teamConnectionTemplate"]
WRITES = [
    *["GET /v1/patients/{id}/code"] * 2,
    "POST /partner/v1/teams/{id}/serviceProviderTeams/{spid}",
    *["POST /v1/patients"] * 3,
    "PUT /v1/callback",
    "PUT /v1/qtCallback",
]


def a_whole_clinic() -> Desired:
    """Three patients, two of them with a code, both callbacks and a provider."""
    with_codes, without = clinic(2, codes=LABELS[:1]), clinic(3)
    return replace(
        with_codes,
        patients={**without.patients, **with_codes.patients},
        settings=(CALLBACK, QT_CALLBACK, PROVIDER),
    )


def test_a_whole_clinic_costs_what_the_table_says() -> None:
    async def story(world: World) -> None:
        desired = a_whole_clinic()
        await world.plan(desired)
        assert requests_since(world, 0) == READS
        await world.apply(desired)
        assert requests_since(world, 4) == sorted([*READS, *WRITES, *LOOK])
        again = await world.plan(desired)
        assert again.plan.is_empty
        assert requests_since(world, 17) == READS[:3]
        await world.plan(Desired(settings=(CALLBACK,)))
        assert requests_since(world, 20) == ["GET /v1/callback", "GET /v1/teamConnectionTemplate"]

    in_world(story)


def test_two_known_patients_among_many_are_read_by_id() -> None:
    async def story(world: World) -> None:
        world.account.patients.seed(1198)
        await world.apply(clinic(2))
        begin = len(world.requests())
        preview = await world.plan(clinic(2))
        assert preview.plan.is_empty
        assert requests_since(world, begin) == ["GET /v1/patients/{id}"] * 2

    in_world(story)


@pytest.mark.parametrize(("live", "pages"), [(0, 1), (1, 1), (500, 1), (501, 2), (1000, 2), (1001, 3)])
def test_a_scan_takes_as_many_requests_as_there_are_full_pages(live: int, pages: int) -> None:
    async def story(world: World) -> None:
        world.account.patients.seed(live)
        desired = replace(clinic(1), team="")  # without a team, plan does not ask whose key it is
        assert (await world.plan(desired)).plan.requests.spent == pages
        assert (await world.plan(clinic(1))).plan.requests.spent == pages + 1

    in_world(story)


def test_a_stopped_plan_counts_no_write() -> None:
    async def story(world: World) -> None:
        desired = replace(clinic(2), team=TEAM_ID, limits=Limits(create=1))
        await the_calls_are_counted(world, desired)
        assert not world.account.patients.all()

    in_world(story)


class Wasteful:
    """Breaks the law: a reader that reads the first page twice, out of everybody's count."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.patient, self.setting, self.templates = reader.patient, reader.setting, reader.templates

    async def patients(self, limit: int, start: str | None) -> Any:
        await self._reader.patients(limit, start)
        return await self._reader.patients(limit, start)


def test_a_reader_that_reads_twice_breaks_the_law() -> None:
    async def story(world: World) -> None:
        world.wrap_reader = Wasteful
        with pytest.raises(AssertionError):
            await the_calls_are_counted(world, clinic(1))

    in_world(story)
