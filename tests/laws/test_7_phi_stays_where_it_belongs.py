"""Law 7. No value of a patient, no code, no key in state, default output, saved plans, results or errors."""

import json
import logging
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Departure, DepartureAction, Desired, Setting
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import ATTRIBUTES, DesiredPatient
from kardia_ctl.model.ports import Store
from kardia_ctl.model.state import Entry, PatientRecord, Remember
from kardia_ctl.operations.plan import Preview
from kardia_ctl.planning.saved.codec import Binding, SavedPlan
from kardia_ctl.planning.saved.file import seal
from kardia_ctl.planning.saved.staleness import digests_of, live_digest
from kardia_ctl.render.apply.report import report_text, unfinished_text
from kardia_ctl.render.files.run_files import ResultsFormat, results_file
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.terraform_json import Stamp
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import Quirks
from tests.documents import document_of
from tests.laws.strategies import LABELS, clinic
from tests.laws.world import FINGERPRINT_KEY, LAWFUL, Applied, World, in_world

PLAN_KEY = b"an invented key for saved plans."
DAYS = ["1931-05-17", "1942-08-29", "1953-11-06"]


def marked(side: str) -> Desired:
    """A clinic in which every value of a patient is a unique mark."""
    people = [
        DesiredPatient(
            f"P-{number}",
            day,
            f"zqmail{side}{number}@example.com",
            f"Zqfirst{side}{number}",
            f"Zqlast{side}{number}",
            codes=LABELS[:1],
            file="kardia.yaml",
            line=number + 1,
        )
        for number, day in enumerate(DAYS)
    ]
    callback = Setting(
        Address(Kind.CALLBACK), {"url": f"https://hooks.example.com/kardia?token=zqtoken{side}"}
    )
    return replace(
        clinic(3, codes=LABELS[:1]), patients={one.mrn: one for one in people}, settings=(callback,)
    )


def marks(world: World, *sides: Desired) -> set[str]:
    """What must not appear: values of patients, codes, keys, what may be a token in a URL."""
    found = {API_KEY, FINGERPRINT_KEY.decode(), PLAN_KEY.decode(), "zqtoken"}
    found |= {issued.code for issued in world.account.connections.codes()}
    found |= {getattr(one, name) for side in sides for one in side.patients.values() for name in ATTRIBUTES}
    found |= {team.secret_key for team in world.account.settings.teams()}
    return {mark for mark in found if len(mark) > 1}


def nothing_leaks(marks_: Iterable[str], outputs: Iterable[str | bytes]) -> None:
    contents = [output.encode() if isinstance(output, str) else output for output in outputs]
    for mark in marks_:
        for raw in contents:
            assert mark.encode() not in raw, "a value of a patient, a code or a key was shown"
            assert json.dumps(mark).strip('"').encode() not in raw


def files(world: World) -> Iterator[bytes]:
    yield from (file.read_bytes() for file in world.directory.iterdir())


def default_outputs(preview: Preview) -> Iterator[str | bytes]:
    """Every output of a plan that is made by default."""
    yield plan_text(preview.plan, View())
    yield json.dumps(
        document_of(preview.plan, Stamp("0.0.0", "2026-03-02T10:00:00Z"), MRNS), ensure_ascii=False
    )
    binding = Binding(
        "0.0.0", "sandbox", "TEAM", "default", "0" * 64, "none", live_digest(PLAN_KEY, preview.inputs)
    )
    digests = digests_of(preview.plan, PLAN_KEY)
    saved = SavedPlan("id", 0, binding, preview.inputs.decisions, digests, preview.plan)
    yield seal(saved, PLAN_KEY, "plan-key")


def outcome(done: Applied) -> Iterator[str]:
    yield report_text(done.report)
    yield unfinished_text(done.report, View())
    yield from (results_file(done.report, form, MRNS) for form in ResultsFormat)


async def lifecycle(world: World) -> list[str | bytes]:
    """Created, unchanged, edited on both sides, forgotten, departed: everything that is left behind."""
    ours, theirs = marked("ours"), marked("theirs")
    outputs: list[str | bytes] = []
    for desired in (
        ours,
        ours,
        theirs,
        Desired(departures=(Departure("P-0", DepartureAction.DELETE, "left"),)),
    ):
        outputs += default_outputs(await world.plan(desired))
        done = await world.apply(desired)
        outputs += [*default_outputs(done.preview), *outcome(done), *files(world)]
        for one in world.account.patients.all():
            if desired is ours:
                world.account.patients.change(one.id, lastname="Zqlasttheirs9")
    return outputs


def test_nothing_of_a_person_is_kept_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def story(world: World) -> None:
        outputs = await lifecycle(world)
        assert len(outputs) > 20
        found = marks(world, marked("ours"), marked("theirs")) | {"Zqlasttheirs9"}
        assert len(found) > 25
        nothing_leaks(found, [*outputs, caplog.text])

    in_world(story)


FAULTS = st.lists(
    st.builds(
        FaultRule,
        kind=st.sampled_from(FaultKind),
        moment=st.sampled_from(Moment),
        probability=st.sampled_from([0.3, 1.0]),
        status=st.sampled_from([200, 400, 409, 502]),
        path=st.sampled_from(["*", "/v1/patients", "/v1/patients/*"]),
        seconds=st.just(0.0),
    ),
    min_size=1,
    max_size=3,
)


@LAWFUL
@given(FAULTS, st.integers(0, 99))
def test_no_error_names_anybody(rules: list[FaultRule], seed: int) -> None:
    async def story(world: World) -> None:
        outputs: list[str | bytes] = []
        for desired in (marked("ours"), marked("theirs")):
            try:
                outputs += outcome(await world.apply(desired))
            except KardiaError as error:
                outputs.append("".join(traceback.format_exception(error)))
            outputs += files(world)
        nothing_leaks(marks(world, marked("ours"), marked("theirs")), outputs)

    in_world(story, Quirks(), Faults(tuple(rules), seed))


class Chatty:
    """Breaks the law: a store that keeps the names of the patients it records."""

    def __init__(self, store: Store) -> None:
        self.load, self.lock, self._commit = store.load, store.lock, store.commit
        self.check_lock, self.commits_slowly = store.check_lock, store.commits_slowly

    def commit(self, entries: Iterable[Entry]) -> None:
        self._commit([_named(entry) for entry in entries])


def _named(entry: Entry) -> Entry:
    match entry:
        case Remember(Kind.PATIENT, mrn, _, record):
            name = marked("ours").patients[mrn].lastname
            return replace(entry, record=PatientRecord(record.id, record.fingerprint, record.at, cohort=name))
        case _:
            return entry


def test_a_store_that_keeps_names_breaks_the_law() -> None:
    async def story(world: World) -> None:
        world.wrap_store = Chatty
        await world.apply(marked("ours"))
        with pytest.raises(AssertionError, match="was shown"):
            nothing_leaks(marks(world, marked("ours")), files(world))

    in_world(story)


def test_a_plan_that_shows_values_breaks_the_law() -> None:
    async def story(world: World) -> None:
        plan = (await world.plan(marked("ours"))).plan
        with pytest.raises(AssertionError, match="was shown"):
            nothing_leaks(marks(world, marked("ours")), [plan_text(plan, View(show_phi=True))])

    in_world(story)


def test_the_repr_of_a_patient_names_nobody() -> None:
    one = marked("ours").patients["P-0"]
    nothing_leaks({one.dob, one.email, one.firstname, one.lastname}, [repr(one), repr([one]), str(one)])
    assert "P-0" in repr(one)
    assert msgspec.structs.astuple(one)[0] == "P-0"
