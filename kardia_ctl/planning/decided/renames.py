"""Renaming what state records: a patient with a corrected mrn, or a code whose template has another name."""

from collections.abc import Iterator
from dataclasses import replace

from kardia_ctl.fingerprints import MISSING
from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.decided.use import UseDecision
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import CodeRecord, Drop, Entry, Intend, PatientRecord, Remember, Resolve, State


def renames(state: State, old: Address, new: Address) -> list[Entry]:
    """The entries that move the records of one address to another.

    With a patient, its codes, its user, its requests in doubt and its used decisions follow: who might be a
    lost create is found by the person, whatever the mrn. The fingerprints of a patient belong to its mrn, so
    the next plan compares the patient anew.

    Raises:
        RunStopped: nothing is recorded of ``old``, something is of ``new``, or a code is in doubt.
    """
    if old.kind is not new.kind or old.kind not in (Kind.PATIENT, Kind.CONNECTION_CODE):
        raise RunStopped("only a patient or a connection code can be renamed, to another of its kind")
    if old.kind is Kind.CONNECTION_CODE and old.names[0] != new.names[0]:
        raise RunStopped("a code stays its patient's: rename the patient, and its codes follow")
    if not is_recorded(state, old):
        raise RunStopped(f"nothing is recorded of {old}; kardia-ctl state list shows what is recorded")
    if is_recorded(state, new):
        raise RunStopped(f"something is recorded of {new} already; kardia-ctl state show prints it")
    return list(_of_patient(state, old, new) if old.kind is Kind.PATIENT else _of_code(state, old, new))


def is_recorded(state: State, address: Address) -> bool:
    """Whether anything is recorded of a patient or a code, a request in doubt included."""
    mrn = address.names[0]
    if any(
        not intent.workspace and address in (doubt, owner_of(doubt))
        for doubt, intent in state.intents.items()
    ):
        return True
    if address.kind is Kind.CONNECTION_CODE:
        return any(code.template == address.names[1] for code in state.codes.get(mrn, {}).values())
    return mrn in state.patients or mrn in state.codes or mrn in state.users


def _of_patient(state: State, old: Address, new: Address) -> Iterator[Entry]:
    (before,), (after,) = old.names, new.names
    if before in state.patients:
        yield Remember(Kind.PATIENT, after, "", _compared_anew(state.patients[before]))
        yield Drop(Kind.PATIENT, before)
    for template, code in state.codes.get(before, {}).items():
        yield Remember(Kind.CONNECTION_CODE, after, template, code)
        yield Drop(Kind.CONNECTION_CODE, before, template)
    if before in state.users:
        yield Remember(Kind.MOBILE_USER, after, "", state.users[before])
        yield Drop(Kind.MOBILE_USER, before)
    for address, intent in state.intents.items():
        if not intent.workspace and old in (address, owner_of(address)):
            yield Intend(replace(intent, address=_under(after, address)))
            yield Resolve(address)
    for use, at in state.decided.items():
        if old in (use.address, owner_of(use.address)):
            yield UseDecision(replace(use, address=_under(after, use.address)), at)


def _under(mrn: str, address: Address) -> Address:
    return Address(address.kind, (mrn, *address.names[1:]))


def _of_code(state: State, old: Address, new: Address) -> Iterator[Entry]:
    mrn, name = old.names
    if old in state.intents:
        raise RunStopped(f"{old} is in doubt: apply first, it settles that")
    for template, code in state.codes.get(mrn, {}).items():
        if code.template == name:
            yield Remember(Kind.CONNECTION_CODE, mrn, template, _named(code, new.names[1]))


def _compared_anew(record: PatientRecord) -> PatientRecord:
    known = record.fingerprint if record.fingerprint == MISSING else b""
    return PatientRecord(record.id, known, record.at, record.forgotten, record.cohort)


def _named(code: CodeRecord, template: str) -> CodeRecord:
    return CodeRecord(code.id, code.fingerprint, code.at, code.forgotten, template)
