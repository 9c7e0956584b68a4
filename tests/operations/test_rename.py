"""``state mv``: what is recorded follows a corrected mrn."""

from dataclasses import replace

import pytest

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    MISSING,
    CodeRecord,
    Drop,
    Intent,
    PatientRecord,
    Remember,
    State,
    UserRecord,
)
from kardia_ctl.operations.rename import renames
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
        (patient_address("JS-4"), NEW, "connection_code/JS-4/one-year is in doubt"),
    ],
)
def test_what_cannot_be_renamed_is_refused(old: Address, new: Address, message: str) -> None:
    doubt = Intent(code_address("JS-4", "one-year"), "issue", at(1.0))
    patients = {**STATE.patients, "JS-3": PatientRecord("id-3"), "JS-4": PatientRecord("id-4")}
    state = replace(STATE, patients=patients, intents={doubt.address: doubt})
    with pytest.raises(RunStopped, match=message):
        renames(state, old, new)
