"""Renaming what state records: a patient with a corrected mrn, or a code whose template has another name."""

from collections.abc import Iterator

from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import MISSING, CodeRecord, Drop, Entry, PatientRecord, Remember, State


def renames(state: State, old: Address, new: Address) -> list[Entry]:
    """The entries that move the records of one address to another; with a patient, its codes and user.

    The fingerprints of a patient belong to its mrn, so the next plan compares the patient anew.

    Raises:
        RunStopped: nothing is recorded of ``old``, something is of ``new``, or one of them is in doubt.
    """
    if old.kind is not new.kind or old.kind not in (Kind.PATIENT, Kind.CONNECTION_CODE):
        raise RunStopped("only a patient or a connection code can be renamed, to another of its kind")
    if old.kind is Kind.CONNECTION_CODE and old.names[0] != new.names[0]:
        raise RunStopped("a code stays its patient's: rename the patient, and its codes follow")
    doubts = [address for address in state.intents if {address, owner_of(address)} & {old, new}]
    if doubts:
        raise RunStopped(f"{doubts[0]} is in doubt: apply first, it settles that")
    entries = list(_of_patient(state, old, new) if old.kind is Kind.PATIENT else _of_code(state, old, new))
    if not entries:
        raise RunStopped(f"nothing is recorded of {old}; kardia-ctl state list shows what is recorded")
    return entries


def _of_patient(state: State, old: Address, new: Address) -> Iterator[Entry]:
    (before,), (after,) = old.names, new.names
    record = state.patients.get(before)
    if record is None:
        return
    _check_free(new, recorded=any(after in records for records in (state.patients, state.codes, state.users)))
    yield Remember(Kind.PATIENT, after, "", _compared_anew(record))
    yield Drop(Kind.PATIENT, before)
    for template, code in state.codes.get(before, {}).items():
        yield Remember(Kind.CONNECTION_CODE, after, template, code)
        yield Drop(Kind.CONNECTION_CODE, before, template)
    if before in state.users:
        yield Remember(Kind.MOBILE_USER, after, "", state.users[before])
        yield Drop(Kind.MOBILE_USER, before)


def _of_code(state: State, old: Address, new: Address) -> Iterator[Entry]:
    mrn, name = old.names
    codes = state.codes.get(mrn, {})
    _check_free(new, recorded=any(code.template == new.names[1] for code in codes.values()))
    for template, code in codes.items():
        if code.template == name:
            yield Remember(Kind.CONNECTION_CODE, mrn, template, _named(code, new.names[1]))


def _check_free(new: Address, *, recorded: bool) -> None:
    if recorded:
        raise RunStopped(f"something is recorded of {new} already; kardia-ctl state show prints it")


def _compared_anew(record: PatientRecord) -> PatientRecord:
    known = record.fingerprint if record.fingerprint == MISSING else b""
    return PatientRecord(record.id, known, record.at, record.forgotten, record.cohort)


def _named(code: CodeRecord, template: str) -> CodeRecord:
    return CodeRecord(code.id, code.fingerprint, code.at, code.forgotten, template)
