"""Where a patient is, and that the counts add up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.funnel.places import funnel, places
from kardia_ctl.model.configuration import Departure, DepartureAction, Desired
from kardia_ctl.model.funnel import COUNT_NAMES, Counts, Stage
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.state import CodeRecord, PatientRecord, State
from kardia_ctl.planning.inputs import PlanInputs
from tests.moments import at

NOW = 1_772_445_600
DAY = 86400


def live(status: str | None, patient_id: str = "1") -> LivePatient:
    return LivePatient(patient_id, "A", "2000-01-01", "a@example.com", status=status)


def code(days: float, patient_id: str = "1", *, forgotten: bool = False) -> CodeRecord:
    return CodeRecord(patient_id, at=int(NOW - days * DAY), forgotten=forgotten, template="one-year")


@dataclass(frozen=True)
class Row:
    """One declared patient with the mrn A, and the stage that is right."""

    name: str
    expected: Stage
    live: LivePatient | None = None
    record: PatientRecord | None = None
    codes: tuple[CodeRecord, ...] = ()
    twins: tuple[LivePatient, ...] = ()
    missing: frozenset[str] = frozenset()
    coverage: Coverage = Coverage.PROVEN
    departed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    pin: str = ""
    before: State | None = None


ROWS = (
    Row("nobody", Stage.WAITING),
    Row("nobody seen in a scan that is incomplete", Stage.WAITING, coverage=Coverage.INCOMPLETE),
    Row("created without a code", Stage.CREATED, live("none"), PatientRecord("1")),
    Row("created, status not told", Stage.CREATED, live(None), PatientRecord("1")),
    Row("not known to state, nothing ordered", Stage.CREATED, live("none")),
    Row("ordered by somebody else and unused", Stage.PENDING, live("pending")),
    Row("ordered by somebody else and connected", Stage.CONNECTED, live("connected")),
    Row("a fresh code", Stage.PENDING, live("pending"), PatientRecord("1"), (code(3),)),
    Row("90 days are not yet old", Stage.PENDING, live("pending"), PatientRecord("1"), (code(90),)),
    Row("older than 90 days", Stage.EXPIRED, live("pending"), PatientRecord("1"), (code(90.01),)),
    Row(
        "a newer code beside an old one",
        Stage.PENDING,
        live("pending"),
        PatientRecord("1"),
        (code(99), code(9)),
    ),
    Row("an old code that is in use", Stage.CONNECTED, live("connected"), PatientRecord("1"), (code(400),)),
    Row("a code that ended", Stage.EXPIRED, live("none"), PatientRecord("1"), (code(3),)),
    Row(
        "a code forgotten since",
        Stage.PENDING,
        live("pending"),
        PatientRecord("1"),
        (code(3, forgotten=True),),
    ),
    Row("a code, status not told", Stage.UNKNOWN, live(None), PatientRecord("1"), (code(3),)),
    Row("a code of an earlier patient", Stage.CREATED, live("none"), PatientRecord("1"), (code(3, "0"),)),
    Row(
        "a code of this very run", Stage.PENDING, live("none"), PatientRecord("1"), (code(0),), before=State()
    ),
    Row(
        "a code of this very run, used", Stage.CONNECTED, live("connected"), None, (code(0),), before=State()
    ),
    Row(
        "created in this very run",
        Stage.PENDING,
        None,
        PatientRecord("1"),
        (code(0),),
        before=State(),
    ),
    Row("created in this very run, without a code", Stage.CREATED, None, PatientRecord("1")),
    Row("recorded and not looked up", Stage.UNKNOWN, None, PatientRecord("1"), (code(3),)),
    Row("deleted elsewhere", Stage.WAITING, None, PatientRecord("1"), (code(3),), missing=frozenset({"1"})),
    Row("two live patients", Stage.CREATED, live("pending"), twins=(live("pending"), live("none", "2"))),
    Row(
        "a pinned one of two",
        Stage.CONNECTED,
        live("none"),
        twins=(live("none"), live("connected", "2")),
        pin="2",
    ),
    Row("deleted by us and still listed", Stage.WAITING, live("none"), departed={"1": frozenset({"delete"})}),
    Row(
        "disconnected by us and back", Stage.CREATED, live("none"), departed={"1": frozenset({"disconnect"})}
    ),
    Row(
        "deleted by us, not proven gone",
        Stage.WAITING,
        None,
        PatientRecord("1"),
        coverage=Coverage.INCOMPLETE,
        departed={"1": frozenset({"delete"})},
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_everybody_is_at_one_stage(row: Row) -> None:
    want = DesiredPatient("A", "2000-01-01", "a@example.com", id=row.pin, cohort="spring")
    state = State(
        exists=True,
        patients={"A": row.record} if row.record else {},
        codes={"A": {str(number): known for number, known in enumerate(row.codes)}} if row.codes else {},
        departed=row.departed,
    )
    observed = Observed(
        patients={"A": row.live} if row.live else {},
        twins={"A": row.twins} if row.twins else {},
        missing=row.missing,
        coverage=row.coverage,
    )
    (place,) = places(PlanInputs(Desired(patients={"A": want}), observed, state, at(NOW)), row.before)
    assert (place.mrn, place.cohort, place.stage) == ("A", "spring", row.expected)


def test_who_departed_counts_in_the_cohort_that_state_remembers() -> None:
    state = State(
        exists=True,
        patients={
            "A": PatientRecord("1", forgotten=True, cohort="spring"),
            "B": PatientRecord("2", cohort="spring"),
            "C": PatientRecord("3"),
            "D": PatientRecord("4"),
        },
        departed={
            "1": frozenset({"delete"}),
            "2": frozenset({"disconnect", "delete"}),
            "3": frozenset({"export"}),
            "9": frozenset({"delete"}),
        },
    )
    departures = (
        Departure("Z", DepartureAction.DELETE, "left", "9"),
        Departure("A", DepartureAction.DELETE, "left"),
        Departure("Y", DepartureAction.DELETE, "left"),
    )
    desired = Desired(departures=departures)
    assert funnel(places(PlanInputs(desired, Observed(), state, at(NOW)))) == {
        "": Counts(departed=1),
        "spring": Counts(departed=2),
    }


def test_who_is_declared_again_has_not_departed() -> None:
    want = DesiredPatient("A", "2000-01-01", "a@example.com", cohort="autumn")
    state = State(
        patients={"A": PatientRecord("1", cohort="spring")}, departed={"1": frozenset({"disconnect"})}
    )
    observed = Observed(patients={"A": live("none")}, coverage=Coverage.PROVEN)
    found = funnel(places(PlanInputs(Desired(patients={"A": want}), observed, state, at(NOW))))
    assert found == {"autumn": Counts(declared=1, created=1)}


_COHORTS = st.sampled_from(["", "spring", "autumn"])
_STATUS = st.sampled_from([None, "none", "pending", "connected", "paused"])
_TIMES = st.integers(NOW - 200 * DAY, NOW + 9)
_DONE = st.frozensets(st.sampled_from(["delete", "disconnect", "export"]), min_size=1)


@dataclass
class _World:
    """Everything about some mrns, drawn one after the other, so that the parts have to do with each other."""

    wanted: dict[str, DesiredPatient] = field(default_factory=dict)
    leaving: list[Departure] = field(default_factory=list)
    seen: dict[str, LivePatient] = field(default_factory=dict)
    twins: dict[str, tuple[LivePatient, ...]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    records: dict[str, PatientRecord] = field(default_factory=dict)
    codes: dict[str, dict[str, CodeRecord]] = field(default_factory=dict)
    departed: dict[str, frozenset[str]] = field(default_factory=dict)

    def add(self, mrn: str, draw: st.DrawFn) -> None:
        ids = st.sampled_from([f"{mrn}1", f"{mrn}1", f"{mrn}2"])
        if draw(st.booleans()):
            self.wanted[mrn] = DesiredPatient(
                mrn, "2000-01-01", "a@example.com", id=draw(ids | st.just("")), cohort=draw(_COHORTS)
            )
        elif draw(st.booleans()):
            self.leaving.append(Departure(mrn, DepartureAction.DELETE, "left", draw(ids | st.just(""))))
        if draw(st.booleans()):
            self.seen[mrn] = LivePatient(draw(ids), mrn, status=draw(_STATUS))
            if draw(st.integers(0, 4)) == 0:
                self.twins[mrn] = self.seen[mrn], LivePatient(f"{mrn}3", mrn, status=draw(_STATUS))
        if draw(st.booleans()):
            self.records[mrn] = PatientRecord(
                draw(ids), at=draw(_TIMES), forgotten=draw(st.booleans()), cohort=draw(_COHORTS)
            )
        if draw(st.booleans()):
            self.codes[mrn] = draw(
                st.dictionaries(
                    st.sampled_from("tu"), st.builds(CodeRecord, ids | st.just(""), at=_TIMES), min_size=1
                )
            )
        if draw(st.integers(0, 3)) == 0:
            self.departed[draw(ids)] = draw(_DONE)
        if draw(st.integers(0, 3)) == 0:
            self.missing.add(draw(ids))


@st.composite
def _questions(draw: st.DrawFn) -> PlanInputs:
    world = _World()
    for mrn in "ABCDEF":
        world.add(mrn, draw)
    return PlanInputs(
        Desired(patients=world.wanted, departures=tuple(world.leaving)),
        Observed(
            patients=world.seen,
            twins=world.twins,
            missing=frozenset(world.missing),
            coverage=draw(st.sampled_from(Coverage)),
        ),
        State(exists=True, patients=world.records, codes=world.codes, departed=world.departed),
        at(NOW),
    )


@given(_questions())
def test_the_numbers_add_up(inputs: PlanInputs) -> None:
    found = list(places(inputs))
    counts = funnel(found)
    assert len({place.mrn for place in found}) == len(found), "somebody counts twice"
    for cohort, one in counts.items():
        declared = [want for want in inputs.desired.patients.values() if want.cohort == cohort]
        assert one.declared == len(declared)
        assert one.declared >= one.created >= one.issued
        assert one.issued == one.pending + one.connected + one.expired + one.unknown
        assert min(getattr(one, stage) for stage in COUNT_NAMES) >= 0
    total = sum(counts.values(), start=Counts())
    assert total.declared + total.departed == len(found)
    assert total.declared == len(inputs.desired.patients)
    assert list(counts) == sorted(counts)


@given(_questions())
def test_the_funnel_does_not_depend_on_an_order(inputs: PlanInputs) -> None:
    found = list(places(inputs))
    assert funnel(found) == funnel(reversed(found))
