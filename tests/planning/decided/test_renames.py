"""``state mv`` and ``moved``: what is recorded follows a corrected mrn."""

from dataclasses import replace

import pytest

from kardia_ctl.fingerprints import MISSING
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    CodeRecord,
    Drop,
    Intend,
    Intent,
    PatientRecord,
    Remember,
    Resolve,
    State,
    UserRecord,
)
from kardia_ctl.planning.decided.renames import renames
from tests.moments import at

OLD, NEW = patient_address("JS-1"), patient_address("JS-2")
CODE = CodeRecord("id-1", at=7, template="one-year")
STATE = State(
    exists=True,
    patients={"JS-1": PatientRecord("id-1", b"fingerprint", 7, cohort="spring")},
    codes={"JS-1": {"template-1": CODE}},
    users={"JS-1": UserRecord("id-1", b"login", 7)},
)


def test_a_patients_codes_and_user_follow_and_it_is_compared_anew() -> None:
    assert renames(STATE, OLD, NEW) == [
        Remember(Kind.PATIENT, "JS-2", "", PatientRecord("id-1", b"", 7, cohort="spring")),
        Drop(Kind.PATIENT, "JS-1"),
        Remember(Kind.CONNECTION_CODE, "JS-2", "template-1", CODE),
        Drop(Kind.CONNECTION_CODE, "JS-1", "template-1"),
        Remember(Kind.MOBILE_USER, "JS-2", "", UserRecord("id-1", b"login", 7)),
        Drop(Kind.MOBILE_USER, "JS-1"),
    ]


def test_a_patient_who_existed_before_stays_one() -> None:
    state = State(exists=True, patients={"JS-1": PatientRecord("", MISSING)})
    assert renames(state, OLD, NEW)[0] == Remember(Kind.PATIENT, "JS-2", "", PatientRecord("", MISSING))


@pytest.mark.parametrize(
    ("doubt", "follows"),
    [
        (OLD, NEW),
        (code_address("JS-1", "one-year"), code_address("JS-2", "one-year")),
        (Address(Kind.MOBILE_USER, ("JS-1",)), Address(Kind.MOBILE_USER, ("JS-2",))),
    ],
)
def test_what_is_in_doubt_follows(doubt: Address, follows: Address) -> None:
    intent = Intent(doubt, "create", at(1.0), id="id-1", target="template-1", person=b"person", newest="id-0")
    assert renames(State(exists=True, intents={doubt: intent}), OLD, NEW) == [
        Intend(replace(intent, address=follows)),
        Resolve(doubt),
    ]


def test_what_is_in_doubt_in_another_workspace_stays_there() -> None:
    state = replace(STATE, intents={OLD: Intent(OLD, "create", at(1.0), workspace="other")})
    assert not [entry for entry in renames(state, OLD, NEW) if isinstance(entry, Intend | Resolve)]


def test_a_code_takes_its_templates_new_name() -> None:
    (entry,) = renames(STATE, code_address("JS-1", "one-year"), code_address("JS-1", "annual"))
    record = CodeRecord("id-1", at=7, template="annual")
    assert entry == Remember(Kind.CONNECTION_CODE, "JS-1", "template-1", record)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (patient_address("nobody"), NEW, "nothing is recorded of patient/nobody"),
        (OLD, patient_address("JS-3"), "something is recorded of patient/JS-3 already"),
        (OLD, code_address("JS-1", "one-year"), "only a patient or a connection code"),
        (Address(Kind.CALLBACK), Address(Kind.CALLBACK), "only a patient or a connection code"),
        (code_address("JS-1", "one-year"), code_address("JS-2", "one-year"), "a code stays its patient's"),
        (OLD, patient_address("JS-4"), "something is recorded of patient/JS-4 already"),
        (code_address("JS-4", "one-year"), code_address("JS-4", "annual"), "one-year is in doubt"),
    ],
)
def test_what_cannot_be_renamed_is_refused(old: Address, new: Address, message: str) -> None:
    doubt = Intent(code_address("JS-4", "one-year"), "issue", at(1.0))
    patients = {**STATE.patients, "JS-3": PatientRecord("id-3")}
    state = replace(STATE, patients=patients, intents={doubt.address: doubt})
    with pytest.raises(RunStopped, match=message):
        renames(state, old, new)
