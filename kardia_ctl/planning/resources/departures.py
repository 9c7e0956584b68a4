"""Patients who depart: disconnected or deleted, once per recorded id, because an entry says so with a reason.

A deletion goes in up to three steps, each of its own run: the data is exported where the entry wants it, a
person writes ``exported: DATE`` when it has come, and whoever is connected or has recordings is deleted only
with ``confirm: has-recordings``.
"""

from collections.abc import Mapping
from typing import assert_never

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Departing, Departure
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.model.state import GONE
from kardia_ctl.planning.builder import Draft
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.matching import live_by_id


def plan_departures(inputs: PlanInputs, draft: Draft) -> None:
    """Disconnect or delete those whom ``departures`` names, once per recorded id."""
    for departure in inputs.desired.departures:
        _plan_departure(inputs, departure, draft)


def _plan_departure(inputs: PlanInputs, departure: Departure, draft: Draft) -> None:
    patient_id = _id(inputs, departure)
    if not patient_id:
        reason = "state does not know this patient: give the id of the live one with id:"
        draft.changes.append(_blocked(departure, Cause.ID_MISMATCH, reason))
        return
    live = live_by_id(inputs, departure.mrn, patient_id)
    if inputs.state.has_done(patient_id, departure.action, Departing.DELETE):
        _tell_done(departure, _said_of(inputs, patient_id, live), draft)
    elif not inputs.capabilities.shows_patients:
        draft.changes.append(_act(departure, Action.DISCONNECT, patient_id, {}))
    elif live is None:
        _plan_absent(inputs, departure, patient_id, draft)
    elif live.mrn != departure.mrn:
        reason = f"the live patient {live.id} carries another mrn; correct the departure"
        draft.changes.append(_blocked(departure, Cause.ID_MISMATCH, reason, live.id))
    else:
        _plan_present(inputs, departure, live, draft)


def _said_of(inputs: PlanInputs, patient_id: str, live: LivePatient | None) -> str:
    """How a departure that was done stands: a deletion takes Kardia a while (202)."""
    if not inputs.state.has_done(patient_id, Departing.DELETE):
        return "disconnected; it is not done again"
    if live is not None:
        return "the deletion was accepted, and the patient is still listed"
    gone = patient_id in inputs.observed.missing or inputs.state.has_done(patient_id, GONE)
    return "deleted, and gone" if gone else "the deletion was accepted"


def _id(inputs: PlanInputs, departure: Departure) -> str:
    if not inputs.capabilities.shows_patients:
        return departure.mrn
    record = inputs.state.patients.get(departure.mrn)
    return departure.id or ("" if record is None else record.id)


def _plan_present(inputs: PlanInputs, departure: Departure, live: LivePatient, draft: Draft) -> None:
    match departure.action:
        case Departing.DISCONNECT:
            draft.changes.append(_act(departure, Action.DISCONNECT, live.id, {"status": live.status}))
        case Departing.DELETE:
            _plan_delete(inputs, departure, live, draft)
        case _:
            assert_never(departure.action)


def _plan_delete(inputs: PlanInputs, departure: Departure, live: LivePatient, draft: Draft) -> None:
    recordings = inputs.observed.recordings.get(live.id)
    before = {"status": live.status, "recordings": None if recordings is None else str(recordings)}
    if departure.export and not departure.exported:
        _plan_export(inputs, departure, live, before, draft)
    elif not departure.confirmed and (live.status == "connected" or recordings != 0):
        reason = (
            f"{_holds(live, recordings)}, and deleting cannot be undone: if it is meant, add "
            "confirm: has-recordings"
        )
        draft.changes.append(_blocked(departure, Cause.HAS_RECORDINGS, reason, live.id, before))
    else:
        draft.changes.append(_act(departure, Action.DELETE, live.id, before))


def _holds(live: LivePatient, recordings: int | None) -> str:
    """What there is to lose, for a sentence about it."""
    count = "an unknown number of" if recordings is None else str(recordings)
    noun = "recording" if recordings == 1 else "recordings"
    if live.status != "connected":
        return f"the patient has {count} {noun}"
    return (
        f"the patient is connected and has {count} {noun}" if recordings != 0 else "the patient is connected"
    )


def _plan_export(
    inputs: PlanInputs,
    departure: Departure,
    live: LivePatient,
    before: Mapping[str, str | None],
    draft: Draft,
) -> None:
    address = patient_address(departure.mrn)
    intent = inputs.state.intents.get(address)
    if inputs.state.has_done(live.id, Action.EXPORT):
        text = (
            "the export was asked for and is mailed to the key's owner; the deletion waits until this entry "
            "says exported: DATE"
        )
        draft.tell(NoticeKind.WAITING, text, address, departure.source)
    elif intent is not None and intent.operation == Action.EXPORT:
        reason = (
            "in doubt: the export was asked for and no answer came: if it arrives by mail, write exported: "
            f"DATE here; if it does not, apply with --assume-absent '{address}'"
        )
        draft.changes.append(_blocked(departure, Cause.UNSETTLED, reason, live.id, before))
    else:
        draft.changes.append(_act(departure, Action.EXPORT, live.id, before))


def _plan_absent(inputs: PlanInputs, departure: Departure, patient_id: str, draft: Draft) -> None:
    record = inputs.state.patients.get(departure.mrn)
    if patient_id not in inputs.observed.missing:
        detail = inputs.observed.detail or "a list may lag, and its id was not looked up"
        reason = f"the patient was not found, and absence is not proven: {detail}; plan again"
        draft.changes.append(_blocked(departure, Cause.SCAN_INCOMPLETE, reason, patient_id))
    elif record is None or record.id != patient_id:
        reason = (
            f"no patient has the id {patient_id}, and state never knew one with it: correct the id, or take "
            "the departure out if the patient is gone"
        )
        draft.changes.append(_blocked(departure, Cause.ID_MISMATCH, reason, patient_id))
    else:
        _tell_done(departure, "the patient is not live any more", draft)


def _tell_done(departure: Departure, text: str, draft: Draft) -> None:
    address = patient_address(departure.mrn)
    draft.tell(NoticeKind.DEPARTED, f"departed: {text}", address, departure.source)


def _act(departure: Departure, action: Action, patient_id: str, before: Mapping[str, str | None]) -> Change:
    address, source = patient_address(departure.mrn), departure.source
    return Change(address, action, Cause.DEPARTURE, departure.reason, before, id=patient_id, source=source)


def _blocked(
    departure: Departure,
    cause: Cause,
    reason: str,
    patient_id: str = "",
    before: Mapping[str, str | None] | None = None,
) -> Change:
    address, source = patient_address(departure.mrn), departure.source
    return Change(address, Action.BLOCKED, cause, reason, before, id=patient_id, source=source)
