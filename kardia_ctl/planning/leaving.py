"""Patients who are no longer declared (forgotten) and patients who depart. Absence never deletes."""

from itertools import filterfalse
from typing import assert_never

from kardia_ctl.model.address import Kind, patient_address
from kardia_ctl.model.configuration import Departing, Departure
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.planning.draft import Draft
from kardia_ctl.planning.matching import live_by_id
from kardia_ctl.planning.question import Question


def plan_forgotten(question: Question, draft: Draft) -> None:
    """Forget every managed patient that is neither declared nor departing.

    Whose row was set aside is declared, and stays as it is. While rows were set aside that do not tell whose
    they are, they may be anybody's: then nobody is forgotten.
    """
    desired = question.desired
    departing = {departure.mrn for departure in desired.departures}
    kept = 0
    for mrn in filterfalse(desired.patients.__contains__, question.state.patients):
        record = question.state.patients[mrn]
        if record.forgotten or mrn in departing:
            continue
        if mrn in desired.held:
            draft.changes.append(_held(mrn, desired.held[mrn], record.id))
        elif desired.unnamed:
            kept += 1
        else:
            reason = "no longer declared; the patient stays as is in Kardia"
            address = patient_address(mrn)
            draft.changes.append(Change(address, Action.FORGET, Cause.UNDECLARED, reason, id=record.id))
    if kept:
        one, row = kept == 1, desired.unnamed == 1
        text = (
            f"{kept:,} managed {'patient is' if one else 'patients are'} not found among the declared; "
            f"{desired.unnamed:,} {'row' if row else 'rows'} without a certain mrn "
            f"{'was' if row else 'were'} set aside and may be theirs: nobody is forgotten until all is right"
        )
        draft.notices.append(Notice(NoticeKind.WARNING, text))


def _held(mrn: str, source: Source, patient_id: str) -> Change:
    reason = (
        "its row cannot be used and was set aside; nothing is sent, and it stays managed: correct the row"
    )
    return Change(
        patient_address(mrn), Action.BLOCKED, Cause.ROW_SET_ASIDE, reason, id=patient_id, source=source
    )


def tell_of_doubts(question: Question, draft: Draft) -> None:
    """Mention creates whose answer was lost and whose patient is declared no more: nobody looks for them."""
    desired = question.desired
    for address, intent in question.state.intents.items():
        if address.kind is not Kind.PATIENT or intent.operation != Action.CREATE:
            continue
        mrn = address.names[0]
        if mrn in desired.held and mrn not in question.state.patients:
            draft.changes.append(_held(mrn, desired.held[mrn], ""))
        elif mrn not in desired.patients and mrn not in desired.held:
            text = (
                f"a {intent.operation} got no answer and the patient is declared no more: whether it was "
                f"done is not known; look in Kardia, then: kardia-ctl state forget '{address}'"
            )
            draft.tell(NoticeKind.WARNING, text, address)


def plan_departures(question: Question, draft: Draft) -> None:
    """Disconnect or delete those whom ``departures`` names, once per recorded id."""
    for departure in question.desired.departures:
        _plan_departure(question, departure, draft)


def _plan_departure(question: Question, departure: Departure, draft: Draft) -> None:
    address = patient_address(departure.mrn)
    record = question.state.patients.get(departure.mrn)
    patient_id = departure.id or ("" if record is None else record.id)
    if not patient_id:
        reason = "state does not know this patient: give the id of the live one with id:"
        draft.changes.append(
            Change(address, Action.BLOCKED, Cause.ID_MISMATCH, reason, source=departure.source)
        )
        return
    live = live_by_id(question, departure.mrn, patient_id)
    if question.state.has_done(patient_id, departure.action, Departing.DELETE):
        dying = live is not None and departure.action is Departing.DELETE
        text = (
            "departed: the deletion was accepted, and the patient is still listed"
            if dying
            else (f"departed: {departure.action} is done")
        )
        draft.tell(NoticeKind.DEPARTED, text, address, departure.source)
        return
    if live is None:
        _plan_absent(question, departure, patient_id, draft)
        return
    draft.changes.append(_change(departure, live))


def _plan_absent(question: Question, departure: Departure, patient_id: str, draft: Draft) -> None:
    address = patient_address(departure.mrn)
    record = question.state.patients.get(departure.mrn)
    if patient_id in question.observed.missing and (record is None or record.id != patient_id):
        reason = (
            f"no patient has the id {patient_id}, and state never knew one with it: correct the id, or take "
            "the departure out if the patient is gone"
        )
        draft.changes.append(
            Change(address, Action.BLOCKED, Cause.ID_MISMATCH, reason, id=patient_id, source=departure.source)
        )
        return
    if patient_id in question.observed.missing:
        draft.tell(
            NoticeKind.DEPARTED, "departed: the patient is not live any more", address, departure.source
        )
        return
    detail = question.observed.detail or "a list may lag, and its id was not looked up"
    reason = f"the patient was not found, and absence is not proven: {detail}; plan again"
    draft.changes.append(
        Change(address, Action.BLOCKED, Cause.SCAN_INCOMPLETE, reason, id=patient_id, source=departure.source)
    )


def _change(departure: Departure, live: LivePatient) -> Change:
    address = patient_address(departure.mrn)
    if live.mrn != departure.mrn:
        reason = f"the live patient {live.id} carries another mrn; correct the departure"
        return Change(address, Action.BLOCKED, Cause.ID_MISMATCH, reason, id=live.id, source=departure.source)
    match departure.action:
        case Departing.DISCONNECT:
            action = Action.DISCONNECT
        case Departing.DELETE:
            action = Action.DELETE
        case _:
            assert_never(departure.action)
    before = {"status": live.status}
    return Change(
        address, action, Cause.DEPARTURE, departure.reason, before, id=live.id, source=departure.source
    )
