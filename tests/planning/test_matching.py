"""Who is who: by pinned id, else by recorded id, else by mrn, byte for byte."""

from dataclasses import dataclass, field

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Cause
from kardia_ctl.model.state import Intent, PatientRecord, State
from kardia_ctl.planning.inputs import Decisions, PlanInputs
from kardia_ctl.planning.matching import match
from tests.moments import at

NOW = 1_000_000.0
ADDRESS = patient_address("A")


def live(patient_id: str, mrn: str = "A") -> LivePatient:
    return LivePatient(patient_id, mrn, "2000-07-21", "a@example.com")


@dataclass(frozen=True)
class Row:
    """Who is live, what is recorded and said, and who is found or why nobody is."""

    name: str
    live: tuple[LivePatient, ...] = ()
    record: PatientRecord | None = None
    pin: str = ""
    expected: str | Cause | None = None
    coverage: Coverage = Coverage.PROVEN
    missing: frozenset[str] = frozenset()
    departed: dict[str, str] = field(default_factory=dict)
    intent: Intent | None = None
    recreate: bool = False


def intent(ago: float, ended: float = 0.0) -> Intent:
    return Intent(ADDRESS, "create", at(NOW - ago), at(NOW - ended) if ended else None)


GONE = frozenset({"1"})
TABLE = [
    Row("free to create"),
    Row("by mrn", (live("1"),), expected="1"),
    Row("another mrn is another patient", (live("1", "a"), live("2", "A "), live("3", "\uff21"))),
    Row("by record", (live("1"),), PatientRecord("1"), expected="1"),
    Row("record before mrn", (live("2"), live("1")), PatientRecord("1"), expected="1"),
    Row("pin before record", (live("2"), live("1")), PatientRecord("1"), "2", "2"),
    Row("two with one mrn", (live("1"), live("2")), expected=Cause.DUPLICATE_MRN),
    Row(
        "two with one mrn, a tombstone knows",
        (live("1"), live("2")),
        PatientRecord("1", forgotten=True),
        expected="1",
    ),
    Row("pinned nobody", (live("1"),), pin="9", expected=Cause.ID_MISMATCH),
    Row("pinned somebody else", (live("1", "B"),), pin="1", expected=Cause.ID_MISMATCH),
    Row("recorded carries another mrn", (live("1", "B"),), PatientRecord("1"), expected=Cause.ID_MISMATCH),
    Row(
        "recorded carries another mrn, another has ours",
        (live("1", "B"), live("2")),
        PatientRecord("1"),
        expected=Cause.ID_MISMATCH,
    ),
    Row("recorded is gone", (), PatientRecord("1"), missing=GONE, expected=Cause.DELETED_ELSEWHERE),
    Row(
        "recorded is gone, another has the mrn",
        (live("2"),),
        PatientRecord("1"),
        missing=GONE,
        expected=Cause.DELETED_ELSEWHERE,
    ),
    Row("recorded was not looked up", (), PatientRecord("1"), expected=Cause.SCAN_INCOMPLETE),
    Row("recreate", (), PatientRecord("1"), missing=GONE, recreate=True),
    Row(
        "recreate finds who is there",
        (live("2"),),
        PatientRecord("1"),
        missing=GONE,
        recreate=True,
        expected="2",
    ),
    Row(
        "recreate of who is not known to be gone",
        (),
        PatientRecord("1"),
        recreate=True,
        expected=Cause.SCAN_INCOMPLETE,
    ),
    Row("not all were read", coverage=Coverage.INCOMPLETE, expected=Cause.SCAN_INCOMPLETE),
    Row("none were read", coverage=Coverage.NOT_READ, expected=Cause.SCAN_INCOMPLETE),
    Row("found though not all were read", (live("1"),), coverage=Coverage.INCOMPLETE, expected="1"),
    Row(
        "deleted by us and gone",
        (),
        PatientRecord("1", forgotten=True),
        missing=GONE,
        departed={"1": "delete"},
    ),
    Row(
        "deleted by us and still there",
        (live("1"),),
        PatientRecord("1", forgotten=True),
        departed={"1": "delete"},
        expected=Cause.DEPARTURE,
    ),
    Row("deleted by us and pinned", (live("1"),), None, "1", Cause.DEPARTURE, departed={"1": "delete"}),
    Row("disconnected by us", (live("1"),), PatientRecord("1"), departed={"1": "disconnect"}, expected="1"),
    Row("in doubt", intent=intent(60, 59), expected=Cause.IN_DOUBT),
    Row("in doubt to the last second", intent=intent(400, 119.5), expected=Cause.IN_DOUBT),
    Row("in doubt no more", intent=intent(400, 120)),
    Row("in doubt since a crash", intent=intent(124), expected=Cause.IN_DOUBT),
    Row("in doubt no more since a crash", intent=intent(125)),
    Row("in doubt and there", (live("1"),), intent=intent(60, 59), expected="1"),
    Row(
        "in doubt and there twice",
        (live("1"), live("2")),
        intent=intent(60, 59),
        expected=Cause.DUPLICATE_MRN,
    ),
    Row(
        "in doubt and not all were read",
        coverage=Coverage.INCOMPLETE,
        intent=intent(900, 900),
        expected=Cause.SCAN_INCOMPLETE,
    ),
]


def inputs(row: Row, want: DesiredPatient) -> PlanInputs:
    by_mrn = {one.mrn: one for one in row.live}
    twins = tuple(one for one in row.live if one.mrn == "A")
    observed = Observed(
        patients=by_mrn,
        twins={"A": twins} if len(twins) > 1 else {},
        by_id={one.id: one for one in row.live if by_mrn.get("A") is not one},
        missing=row.missing,
        coverage=row.coverage,
    )
    state = State(
        exists=True,
        patients={} if row.record is None else {"A": row.record},
        intents={} if row.intent is None else {ADDRESS: row.intent},
        departed={patient_id: frozenset({action}) for patient_id, action in row.departed.items()},
    )
    decisions = Decisions(recreate=frozenset({ADDRESS} if row.recreate else ()))
    return PlanInputs(
        Desired(patients={"A": want}), observed, state, at(NOW), settle=120.0, decisions=decisions
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_who_is_who(row: Row) -> None:
    want = DesiredPatient("A", "2000-07-21", "a@example.com", id=row.pin)
    found = match(inputs(row, want), want, row.record)
    assert (found.live.id if found.live else found.cause) == row.expected
    assert bool(found.reason) == (found.cause is not None)
