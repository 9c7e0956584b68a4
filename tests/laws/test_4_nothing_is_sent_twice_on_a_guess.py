"""Law 4. A create whose answer was lost is observed, never blindly sent again."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.errors import InDoubt
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause
from kardia_ctl.model.ports import Writer
from kardia_ctl.model.results import Status
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import Quirks
from tests.laws.strategies import LABELS, clinic
from tests.laws.world import LAWFUL, World, in_world

CREATE = {"methods": frozenset({"POST"}), "path": "/v1/patients"}
LOST = [
    FaultRule(FaultKind.DROPPED, Moment.BEFORE, **CREATE),  # type: ignore[arg-type]
    FaultRule(FaultKind.DROPPED, Moment.AFTER, **CREATE),  # type: ignore[arg-type]
    FaultRule(FaultKind.UNAVAILABLE, Moment.BEFORE, **CREATE),  # type: ignore[arg-type]
    FaultRule(FaultKind.UNAVAILABLE, Moment.AFTER, **CREATE),  # type: ignore[arg-type]
    FaultRule(FaultKind.HTML, Moment.AFTER, **CREATE),  # type: ignore[arg-type]
    FaultRule(FaultKind.HTML, Moment.AFTER, status=200, **CREATE),  # type: ignore[arg-type]
    FaultRule(FaultKind.TRUNCATED, **CREATE),  # type: ignore[arg-type]
    FaultRule(FaultKind.REDIRECT, **CREATE),  # type: ignore[arg-type]
    FaultRule(FaultKind.LATE_COMMIT, seconds=60.0, **CREATE),  # type: ignore[arg-type]
]
NUMBER = 3


def no_patient_exists_twice(world: World) -> None:
    mrns = Counter(one.mrn for one in world.account.patients.all())
    assert not [mrn for mrn, count in mrns.items() if count > 1]


def creates(world: World) -> int:
    return world.requests().count("POST /v1/patients")


async def an_answer_that_is_lost_is_not_asked_for_again(world: World) -> None:
    done = await world.apply(clinic(NUMBER, codes=LABELS[:1]))
    assert creates(world) == NUMBER
    no_patient_exists_twice(world)
    doubted = [one for one in done.report.results if one.status is Status.IN_DOUBT]
    assert {one.address for one in doubted} == {patient_address(f"P-{index}") for index in range(NUMBER)}
    skipped = [one for one in done.report.results if one.status is Status.SKIPPED]
    assert len(skipped) == NUMBER
    assert set(world.store().load().intents) == {one.address for one in doubted}


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name)
def test_an_answer_that_is_lost_is_not_asked_for_again(fault: FaultRule) -> None:
    in_world(an_answer_that_is_lost_is_not_asked_for_again, faults=Faults((fault,)))


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name)
def test_a_plan_within_the_settle_window_sends_nothing_and_a_later_one_settles(fault: FaultRule) -> None:
    async def story(world: World) -> None:
        await world.apply(clinic(NUMBER))
        world.app.faults = Faults()
        world.clock.advance(30)
        soon = await world.plan(clinic(NUMBER))
        assert not soon.plan.count(Action.CREATE)
        decided = {change.cause for change in soon.plan.changes}
        assert decided <= {Cause.IN_DOUBT, Cause.EXISTS_LIVE}
        world.clock.advance(91)
        await world.apply(clinic(NUMBER))
        no_patient_exists_twice(world)
        assert len(world.account.patients.all()) == NUMBER
        assert (await world.plan(clinic(NUMBER))).plan.is_empty
        assert not world.store().load().intents

    in_world(story, faults=Faults((fault,)))


@LAWFUL
@given(
    st.integers(0, 1000),
    st.sampled_from([0.3, 0.7]),
    st.sampled_from([0.0, 20.0]),
    st.lists(st.sampled_from([1.0, 15.0, 61.0, 130.0]), min_size=1, max_size=4),
)
def test_whatever_is_lost_nobody_is_created_twice(
    seed: int, chance: float, lag: float, pauses: list[float]
) -> None:
    faults = lost_answers(chance, seed)
    in_world(lambda world: nobody_is_created_twice(world, pauses), Quirks(list_lag=lag), faults)


def lost_answers(chance: float, seed: int) -> Faults:
    """Every way to lose an answer, each with this chance."""
    rules = (
        FaultRule(rule.kind, rule.moment, chance, rule.methods, rule.path, status=rule.status, seconds=60.0)
        for rule in LOST
    )
    return Faults(tuple(rules), seed)


async def nobody_is_created_twice(world: World, pauses: Sequence[float]) -> None:
    for pause in pauses:
        await world.apply(clinic(NUMBER))
        world.clock.advance(pause)
    world.app.faults = Faults()
    world.clock.advance(200)
    await world.apply(clinic(NUMBER))
    no_patient_exists_twice(world)
    assert len(world.account.patients.all()) == NUMBER


class Stubborn:
    """Breaks the law: a writer that sends a create again when its answer was lost."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def create_patient(self, patient: DesiredPatient) -> LivePatient:
        try:
            return await self._writer.create_patient(patient)
        except InDoubt:
            return await self._writer.create_patient(patient)


def test_a_writer_that_sends_again_breaks_the_law() -> None:
    async def story(world: World) -> None:
        world.wrap_writer = Stubborn
        with pytest.raises(AssertionError):
            await an_answer_that_is_lost_is_not_asked_for_again(world)
        with pytest.raises(AssertionError):
            no_patient_exists_twice(world)

    in_world(story, faults=Faults((LOST[1],)))
