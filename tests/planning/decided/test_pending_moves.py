"""Planning sees state as apply will write it, and the fingerprints follow a corrected mrn."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.fingerprints import MISSING
from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.decided.move import Move
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import ATTRIBUTES, UNSET, DesiredPatient
from kardia_ctl.model.state import (
    CodeRecord,
    Drop,
    Entry,
    Intend,
    Intent,
    PatientRecord,
    Remember,
    Resolve,
    State,
    UserRecord,
)
from kardia_ctl.planning.decided.pending_moves import pending_moves
from kardia_ctl.planning.decided.state_with import with_entries
from kardia_ctl.state.open import open_store
from tests.laws.world import LAWFUL
from tests.moments import at

KEY = b"an invented key for fingerprints"
MOVE = Move("JS-1", "JS-2")
NAMES = st.sampled_from(["JS-1", "JS-2", "JS-3"])
TEMPLATES = st.sampled_from(["t-1", "t-2"])


def patient(mrn: str, **values: str) -> DesiredPatient:
    given: dict[str, Any] = {"mrn": mrn, "dob": "1999-01-01", "email": "ada@example.com", **values}
    return DesiredPatient(**given)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    name, template = draw(NAMES), draw(TEMPLATES)
    user, code = Address(Kind.MOBILE_USER, (name,)), code_address(name, template)
    several: list[Entry] = [
        Remember(Kind.PATIENT, name, "", PatientRecord(f"id-{name}", b"", 7, cohort="spring")),
        Remember(Kind.CONNECTION_CODE, name, template, CodeRecord("id", b"", 7, template="year")),
        Remember(Kind.MOBILE_USER, name, "", UserRecord("id", b"", 7)),
        Drop(Kind.PATIENT, name),
        Drop(Kind.CONNECTION_CODE, name, template),
        Drop(Kind.MOBILE_USER, name),
        Intend(Intent(code, "create", at(1.0), target=template)),
        Intend(Intent(user, "create", at(1.0))),
        Resolve(code),
        Resolve(user),
    ]
    return draw(st.sampled_from(several))


@LAWFUL
@given(st.lists(entries(), max_size=12), st.lists(entries(), max_size=12))
def test_state_looks_as_a_store_has_it_once_the_entries_are_written(
    tmp_path_factory: pytest.TempPathFactory, before: list[Entry], written: list[Entry]
) -> None:
    store = open_store("sqlite:///state.db", tmp_path_factory.mktemp("state"), "default")
    with store.lock("test"):
        store.commit(before)
        seen = with_entries(store.load(), written)
        store.commit(written)
        stored = store.load()
    for name in ("patients", "users", "intents"):
        assert getattr(seen, name) == getattr(stored, name)
    assert {mrn: codes for mrn, codes in seen.codes.items() if codes} == stored.codes


@pytest.mark.parametrize("phone", [UNSET, "+1 555 0100"])
@pytest.mark.parametrize("changed", ["", *ATTRIBUTES])
def test_a_fingerprint_follows_where_the_declared_value_was_applied(phone: str, changed: str) -> None:
    want = patient("JS-2", firstname="Ada", lastname="Quill", sex="2", phone=phone)
    values = {"firstname": "Ada", "lastname": "Quill", "sex": "2", "phone": phone}
    applied = patient("JS-1", **{**values, changed: "other"}) if changed else patient("JS-1", **values)
    record = PatientRecord("id-1", kind.fingerprints(KEY, applied), 7)
    state = State(exists=True, patients={"JS-1": record})
    moved = pending_moves(Desired(patients={"JS-2": want}, moved=(MOVE,)), state, KEY)
    known = with_entries(state, moved.entries).patients["JS-2"].fingerprint
    for name in ATTRIBUTES:
        assert kind.applied(known, KEY, "JS-2", name, getattr(want, name)) is (name != changed)


@pytest.mark.parametrize(("key", "known"), [(b"", b"fingerpr"), (KEY, b""), (KEY, MISSING)])
def test_without_a_key_or_fingerprints_the_patient_is_compared_anew(key: bytes, known: bytes) -> None:
    state = State(exists=True, patients={"JS-1": PatientRecord("id-1", known, 7)})
    moved = pending_moves(Desired(patients={"JS-2": patient("JS-2")}, moved=(MOVE,)), state, key)
    found = with_entries(state, moved.entries).patients["JS-2"].fingerprint
    assert found == (MISSING if known == MISSING else b"")


def test_a_run_that_recorded_its_moves_writes_none_of_them_again() -> None:
    """A request that the run settled since must not be in doubt again."""
    code = code_address("JS-1", "year")
    intent = Intent(code, "create", at(1.0), id="id-1", target="t-1")
    state = State(exists=True, patients={"JS-1": PatientRecord("id-1")}, intents={code: intent})
    moved = pending_moves(Desired(patients={"JS-2": patient("JS-2")}, moved=(MOVE,)), state, KEY)
    assert list(moved.entries_of({patient_address("JS-2")}))
    assert not list(moved.recorded().entries_of({patient_address("JS-2")}))


def test_two_recorded_patients_are_not_merged() -> None:
    state = State(exists=True, patients={"JS-1": PatientRecord("id-1"), "JS-2": PatientRecord("id-2")})
    moved = pending_moves(Desired(patients={"JS-2": patient("JS-2")}, moved=(MOVE,)), state, KEY)
    assert not moved.pending
    assert moved.colliding == {"JS-2"}
    forgotten = replace(state, patients={**state.patients, "JS-2": PatientRecord("id-2", forgotten=True)})
    assert pending_moves(Desired(moved=(MOVE,)), forgotten, KEY).colliding == {"JS-2"}
