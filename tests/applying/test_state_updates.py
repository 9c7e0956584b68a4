"""What state keeps of what cost no request: adopted, forgotten, learnt. Never a value."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from kardia_ctl.applying.state_updates import earlier_codes, without_requests
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Departure, DepartureAction, Desired, Setting
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.model.state import (
    GONE,
    CodeRecord,
    Depart,
    Drop,
    Entry,
    Intent,
    Note,
    PatientRecord,
    Record,
    Remember,
    Resolve,
    State,
)
from kardia_ctl.planning.inputs import Decisions, PlanInputs
from tests.applying.workshop import KEY, NOW
from tests.moments import at

JOE = DesiredPatient("A", "2000-07-21", "joe@example.com", "Joe", "Smith", codes=("year",))
PRINT = patient_kind.fingerprints(KEY, JOE)
CALLBACK = Setting(Address(Kind.CALLBACK), {"url": "https://hooks.example.com/kardia"})
DESIRED = Desired(patients={"A": JOE}, settings=(CALLBACK,))


def kept(
    *changes: Change,
    state: State = State(),  # noqa: B008  (a frozen value)
    observed: Observed = Observed(),  # noqa: B008  (a frozen value)
    unchanged: tuple[str, ...] = (),
    decisions: Decisions = Decisions(),  # noqa: B008  (a frozen value)
    key: bytes = KEY,
) -> list[Entry]:
    plan = Plan(changes=changes, unchanged={Kind.PATIENT: tuple((mrn,) for mrn in unchanged)})
    return list(
        without_requests(plan, PlanInputs(DESIRED, observed, state, at(NOW), key, decisions=decisions))
    )


def adopt(address: Address, **more: str) -> Change:
    return Change(address, Action.ADOPT, Cause.EXISTS_LIVE, **more)  # type: ignore[arg-type]


def forget(address: Address, **more: str) -> Change:
    return Change(address, Action.FORGET, Cause.UNDECLARED, **more)  # type: ignore[arg-type]


def test_writes_leave_nothing_before_they_are_done() -> None:
    assert kept(Change(patient_address("A"), Action.CREATE, Cause.DECLARED)) == []


def test_who_is_adopted_is_recorded_with_the_live_id_and_fingerprints() -> None:
    expected = Remember(Kind.PATIENT, "A", "", PatientRecord("id-1", PRINT, int(NOW)))
    assert kept(adopt(patient_address("A"), id="id-1")) == [expected]


def test_without_a_key_nothing_of_a_value_is_recorded() -> None:
    (entry,) = kept(adopt(patient_address("A"), id="id-1"), key=b"")
    assert entry == Remember(Kind.PATIENT, "A", "", PatientRecord("id-1", b"", int(NOW)))


def test_an_adoption_settles_the_doubt_about_the_create() -> None:
    address = patient_address("A")
    entries = kept(
        adopt(address, id="id-1"), state=State(intents={address: Intent(address, "create", at(NOW))})
    )
    assert Resolve(address) in entries


def test_a_code_that_is_back_is_revived_under_its_present_name() -> None:
    codes = {
        "tpl-1": CodeRecord("id-1", at=7, forgotten=True, template="yearly"),
        "tpl-2": CodeRecord("id-1", at=8, forgotten=True, template="year"),
    }
    entries = kept(adopt(code_address("A", "year"), target="tpl-1"), state=State(codes={"A": codes}))
    assert entries == [
        Remember(Kind.CONNECTION_CODE, "A", "tpl-1", CodeRecord("id-1", at=7, template="year"))
    ]


def test_whoever_is_forgotten_leaves_a_tombstone_and_the_codes_with_it() -> None:
    state = State(
        patients={"B": PatientRecord("id-2", PRINT, 5)},
        codes={"B": {"tpl": CodeRecord("id-2", at=6, template="year")}},
    )
    assert kept(forget(patient_address("B")), state=state) == [
        Remember(Kind.PATIENT, "B", "", PatientRecord("id-2", PRINT, 5, forgotten=True)),
        Remember(Kind.CONNECTION_CODE, "B", "tpl", CodeRecord("id-2", at=6, forgotten=True, template="year")),
    ]


def test_a_code_that_is_forgotten_leaves_its_patient_and_the_other_codes_alone() -> None:
    codes = {"tpl-1": CodeRecord("id-1", template="year"), "tpl-2": CodeRecord("id-1", template="quarter")}
    entries = kept(forget(code_address("A", "year"), target="tpl-1"), state=State(codes={"A": codes}))
    assert entries == [
        Remember(Kind.CONNECTION_CODE, "A", "tpl-1", CodeRecord("id-1", forgotten=True, template="year"))
    ]


@pytest.mark.parametrize("address", [CALLBACK.address, Address(Kind.SERVICE_PROVIDER, ("sp",))], ids=str)
def test_a_setting_that_is_forgotten_leaves_a_tombstone(address: Address) -> None:
    name = address.names[0] if address.names else ""
    entries = kept(forget(address), state=State(settings={address: Record(at=3)}))
    assert entries == [Remember(address.kind, name, "", Record(at=3, forgotten=True))]


@pytest.mark.parametrize("known", [b"", b"x" * 40])
def test_what_is_live_as_declared_is_from_now_on_what_was_applied_last(known: bytes) -> None:
    state = State(patients={"A": PatientRecord("id-1", known, 5)})
    expected = Remember(Kind.PATIENT, "A", "", PatientRecord("id-1", PRINT, 5))
    assert kept(state=state, unchanged=("A",)) == [expected]


def test_what_is_known_is_not_written_again() -> None:
    assert kept(state=State(patients={"A": PatientRecord("id-1", PRINT, 5)}), unchanged=("A",)) == []


def test_fingerprints_stay_where_the_key_is_not_at_hand() -> None:
    assert kept(state=State(patients={"A": PatientRecord("id-1", PRINT, 5)}), unchanged=("A",), key=b"") == []


@pytest.mark.parametrize(
    ("coverage", "total", "before", "noted"),
    [
        (Coverage.PROVEN, 7, None, True),
        (Coverage.PROVEN, 7, 6, True),
        (Coverage.PROVEN, 7, 7, False),
        (Coverage.PROVEN, None, 6, False),
        (Coverage.INCOMPLETE, 7, 6, False),
        (Coverage.BY_ID, None, 6, False),
    ],
)
def test_the_live_count_is_learnt_from_a_proven_scan_alone(
    coverage: Coverage, total: int | None, before: int | None, noted: bool
) -> None:
    entries = kept(state=State(live_count=before), observed=Observed(coverage=coverage, total=total))
    assert entries == ([Note("live_count", "7")] if noted else [])


def test_drift_is_not_taken_for_what_was_applied() -> None:
    """The live side changed an attribute: what is declared stays the last that was applied."""
    state = State(patients={"A": PatientRecord("id-1", PRINT, 5)})
    assert kept(state=state, unchanged=("A",)) == []


@pytest.mark.parametrize("missing", [frozenset({"id-1"}), frozenset[str]()])
def test_a_recreate_drops_the_earlier_codes_with_the_create_and_not_before(missing: frozenset[str]) -> None:
    state = State(
        patients={"A": PatientRecord("id-1")}, codes={"A": {"tpl": CodeRecord("id-1", template="year")}}
    )
    decisions = Decisions(recreate=frozenset({patient_address("A")}))
    assert kept(state=state, observed=Observed(missing=missing), decisions=decisions) == []
    create = Change(patient_address("A"), Action.CREATE, Cause.DECLARED)
    inputs = PlanInputs(DESIRED, Observed(missing=missing), state, at(NOW), KEY, decisions=decisions)
    assert list(earlier_codes(create, inputs)) == [Drop(Kind.CONNECTION_CODE, "A", "tpl")]
    assert list(earlier_codes(create, replace(inputs, decisions=Decisions()))) == []


TWO = {"A": PatientRecord("id-1"), "B": PatientRecord("id-2")}


def departed(observed: Observed, team: str = "", patients: Mapping[str, PatientRecord] = TWO) -> list[Entry]:
    state = State(
        patients=patients,
        departed={"id-1": frozenset({"delete"})},
        team=team,
    )
    desired = Desired(departures=(Departure("A", DepartureAction.DELETE, "left"),))
    return list(without_requests(Plan(), PlanInputs(desired, observed, state, at(NOW), KEY)))


def test_a_deletion_is_over_when_a_read_by_id_and_a_proven_scan_of_this_account_agree() -> None:
    other = {"B": LivePatient("id-2", "B")}
    sure = Observed(patients=other, missing=frozenset({"id-1"}), coverage=Coverage.PROVEN)
    assert departed(sure) == [Depart("id-1", GONE)]
    for unsure in (
        replace(sure, coverage=Coverage.BY_ID),
        replace(sure, coverage=Coverage.INCOMPLETE),
        replace(sure, missing=frozenset()),
        replace(sure, patients=other | {"A": LivePatient("id-1", "A")}),
        replace(sure, patients={"X": LivePatient("id-9", "X")}),
    ):
        assert departed(unsure, team="T-1") == []


def test_where_nobody_else_is_recorded_the_team_tells_whose_account_it_is() -> None:
    gone = Observed(missing=frozenset({"id-1"}), coverage=Coverage.PROVEN)
    alone = {"A": PatientRecord("id-1")}
    assert departed(gone, team="T-1", patients=alone) == [Depart("id-1", GONE)]
    assert departed(gone, patients=alone) == []


def test_a_doubt_about_a_departure_ends_when_a_person_says_that_it_is_done() -> None:
    address = patient_address("A")

    def entries(operation: str, done: str, *changes: Change) -> list[Entry]:
        state = State(intents={address: Intent(address, operation, at(NOW - 60), id="id-1")})
        desired = Desired(departures=(Departure("A", DepartureAction.DELETE, "left", done=done),))
        inputs = PlanInputs(desired, Observed(), state, at(NOW), KEY)
        return list(without_requests(Plan(changes=changes), inputs))

    assert entries("delete", "2026-03-01") == [Resolve(address)]
    assert entries("export", "2026-03-01") == [Resolve(address)]
    assert entries("delete", "") == []
    assert entries("create", "2026-03-01") == []
    blocked = Change(address, Action.BLOCKED, Cause.LIVE_AGAIN)
    assert entries("delete", "2026-03-01", blocked) == []


def test_a_recreate_that_finds_somebody_else_drops_the_earlier_codes_with_the_adoption() -> None:
    state = State(
        patients={"A": PatientRecord("id-1")}, codes={"A": {"tpl": CodeRecord("id-1", template="year")}}
    )
    decisions = Decisions(recreate=frozenset({patient_address("A")}))
    drop = Drop(Kind.CONNECTION_CODE, "A", "tpl")
    assert drop in kept(adopt(patient_address("A"), id="id-2"), state=state, decisions=decisions)
    assert drop not in kept(adopt(patient_address("A"), id="id-1"), state=state, decisions=decisions)
    assert drop not in kept(adopt(patient_address("A"), id="id-2"), state=state)
