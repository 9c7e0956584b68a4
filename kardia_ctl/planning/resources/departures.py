"""Patients who depart: disconnected or deleted, once per recorded id, as an entry asks for with a reason.

A deletion takes up to three runs: the data is exported if the entry asks for it, a person writes
``exported: DATE`` when the export has arrived, and a patient that is connected or has recordings is deleted
only with ``confirm: has-recordings``.
"""

from typing import assert_never

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Departure, DepartureAction
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import Action, Cause, NoticeKind, Values
from kardia_ctl.model.state import GONE
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.matching import live_by_id


def plan_departures(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Disconnect or delete the patients that ``departures`` names, once per recorded id."""
    for departure in inputs.desired.departures:
        _plan_departure(inputs, departure, builder)


def _plan_departure(inputs: PlanInputs, departure: Departure, builder: PlanBuilder) -> None:
    patient_id = _id(inputs, departure)
    if not patient_id:
        reason = "no patient is recorded for this mrn. Give the id of the live patient with id:"
        _block(builder, departure, Cause.ID_MISMATCH, reason)
        return
    live = live_by_id(inputs, departure.mrn, patient_id)
    if inputs.state.has_done(patient_id, departure.action, DepartureAction.DELETE):
        _note_done(departure, _progress(inputs, patient_id, live), builder)
    elif not inputs.capabilities.shows_patients:
        _depart(builder, departure, Action.DISCONNECT, patient_id, {})
    elif live is None:
        _plan_absent(inputs, departure, patient_id, builder)
    elif live.mrn != departure.mrn:
        reason = f"the live patient {live.id} has another mrn. Correct the departure"
        _block(builder, departure, Cause.ID_MISMATCH, reason, live.id)
    else:
        _plan_present(inputs, departure, live, builder)


def _progress(inputs: PlanInputs, patient_id: str, live: LivePatient | None) -> str:
    """What became of a departure that was carried out: a deletion takes Kardia a while (202)."""
    if not inputs.state.has_done(patient_id, DepartureAction.DELETE):
        return "disconnected; it is not repeated"
    if live is not None:
        return "the deletion was accepted, and the patient is still listed"
    gone = patient_id in inputs.observed.missing or inputs.state.has_done(patient_id, GONE)
    return "deleted, and gone" if gone else "the deletion was accepted"


def _id(inputs: PlanInputs, departure: Departure) -> str:
    if not inputs.capabilities.shows_patients:
        return departure.mrn
    record = inputs.state.patients.get(departure.mrn)
    return departure.id or ("" if record is None else record.id)


def _plan_present(inputs: PlanInputs, departure: Departure, live: LivePatient, builder: PlanBuilder) -> None:
    match departure.action:
        case DepartureAction.DISCONNECT:
            _depart(builder, departure, Action.DISCONNECT, live.id, {"status": live.status})
        case DepartureAction.DELETE:
            _plan_delete(inputs, departure, live, builder)
        case _:
            assert_never(departure.action)


def _plan_delete(inputs: PlanInputs, departure: Departure, live: LivePatient, builder: PlanBuilder) -> None:
    recordings = inputs.observed.recordings.get(live.id)
    before = {"status": live.status, "recordings": None if recordings is None else str(recordings)}
    if departure.export and not departure.exported:
        _plan_export(inputs, departure, live, before, builder)
    elif not departure.confirmed and (live.status == "connected" or recordings != 0):
        reason = (
            f"{_holds(live, recordings)}, and a deletion cannot be undone. To delete anyway, add "
            "confirm: has-recordings"
        )
        _block(builder, departure, Cause.HAS_RECORDINGS, reason, live.id, before)
    else:
        _depart(builder, departure, Action.DELETE, live.id, before)


def _holds(live: LivePatient, recordings: int | None) -> str:
    """The part of a sentence that says what a deletion destroys."""
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
    before: Values,
    builder: PlanBuilder,
) -> None:
    address = patient_address(departure.mrn)
    intent = inputs.state.intents.get(address)
    if inputs.state.has_done(live.id, Action.EXPORT):
        text = (
            "the export was requested and is mailed to the owner of the API key; the deletion waits until "
            "this entry has exported: DATE"
        )
        builder.notice(NoticeKind.WAITING, text, address, departure.source)
    elif intent is not None and intent.operation == Action.EXPORT:
        reason = (
            "in doubt: the export was requested and no response arrived. If the export arrives by mail, add "
            f"exported: DATE here; if it does not, apply with --assume-absent '{address}'"
        )
        _block(builder, departure, Cause.UNSETTLED, reason, live.id, before)
    else:
        _depart(builder, departure, Action.EXPORT, live.id, before)


def _plan_absent(inputs: PlanInputs, departure: Departure, patient_id: str, builder: PlanBuilder) -> None:
    record = inputs.state.patients.get(departure.mrn)
    if patient_id not in inputs.observed.missing:
        detail = inputs.observed.detail or "a list may lag, and its id was not read"
        reason = f"the patient was not found but may exist in Kardia: {detail}. Plan again"
        _block(builder, departure, Cause.SCAN_INCOMPLETE, reason, patient_id)
    elif record is None or record.id != patient_id:
        reason = (
            f"no live patient has the id {patient_id}, and state has no record of it. Correct the id, or "
            "remove the departure if the patient is gone"
        )
        _block(builder, departure, Cause.ID_MISMATCH, reason, patient_id)
    else:
        _note_done(departure, "the patient no longer exists in Kardia", builder)


def _note_done(departure: Departure, text: str, builder: PlanBuilder) -> None:
    address = patient_address(departure.mrn)
    builder.notice(NoticeKind.DEPARTED, f"departed: {text}", address, departure.source)


def _depart(
    builder: PlanBuilder, departure: Departure, action: Action, patient_id: str, before: Values
) -> None:
    address, source = patient_address(departure.mrn), departure.source
    reason = departure.reason
    builder.change(address, action, Cause.DEPARTURE, reason, before=before, id=patient_id, source=source)


def _block(
    builder: PlanBuilder,
    departure: Departure,
    cause: Cause,
    reason: str,
    patient_id: str = "",
    before: Values | None = None,
) -> None:
    address, source = patient_address(departure.mrn), departure.source
    builder.block(address, cause, reason, before=before, id=patient_id, source=source)
