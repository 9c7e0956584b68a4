"""Patients who depart: disconnected or deleted, once per recorded id, as an entry asks for with a reason.

A departure is done when our own request was accepted, or when a person writes ``done: DATE``. That a patient
is absent says nothing: one read may answer 404 by mistake, and in another account everybody is absent.

A deletion takes up to three runs: the data is exported if the entry asks for it, a person writes
``exported: DATE`` when the export has arrived, and a patient who is or may be connected, or has or may have
recordings, is deleted only with ``confirm: has-recordings``.
"""

from typing import Final, assert_never

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Departure, DepartureAction
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import Action, Cause, NoticeKind, Values
from kardia_ctl.model.state import GONE
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.certainty import (
    deletion_in_doubt,
    holdings,
    is_gone,
    is_or_may_be_connected,
    patient_id_of,
)
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.matching import live_by_id
from kardia_ctl.planning.resources.departure_days import day_in_the_future
from kardia_ctl.planning.resources.leaving_twins import say_who_stays
from kardia_ctl.planning.resources.live_again import block_returned, reconnected, returned
from kardia_ctl.planning.resources.switching import may_cancel
from kardia_ctl.planning.resources.twins import names_a_twin, objection_to

REASON: Final = "reason"
"""The attribute of a departure that holds its reason: it is shown where a patient's values are."""


def plan_departures(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Disconnect or delete the patients that ``departures`` names, once per recorded id."""
    for departure in inputs.desired.departures:
        _plan_departure(inputs, departure, builder)
    block_returned(inputs, builder)


def _plan_departure(inputs: PlanInputs, departure: Departure, builder: PlanBuilder) -> None:
    patient_id = patient_id_of(inputs, departure)
    done = departure.done or inputs.state.has_done(patient_id, departure.action, DepartureAction.DELETE)
    if names_a_twin(inputs, departure):
        if not done and (reason := objection_to(inputs, departure)):
            _block(builder, departure, Cause.ID_MISMATCH, reason, patient_id)
            return
        before = len(builder.changes)
        _plan_leaving(inputs, departure, patient_id, builder)
        say_who_stays(inputs, departure, builder, before)
    elif done or departure.mrn not in inputs.desired.patients or may_cancel(departure, builder):
        _plan_leaving(inputs, departure, patient_id, builder)


def _plan_leaving(inputs: PlanInputs, departure: Departure, patient_id: str, builder: PlanBuilder) -> None:
    live = live_by_id(inputs, departure.mrn, patient_id) if patient_id else None
    if key := day_in_the_future(inputs, departure):
        reason = f"{key} is a date in the future. Write the date on which it was done, or remove {key}"
        _block(builder, departure, Cause.UNSETTLED, reason, patient_id)
    elif departure.done:
        other = None if names_a_twin(inputs, departure) else inputs.observed.patients.get(departure.mrn)
        _plan_done(inputs, departure, live or other, builder)
    elif not patient_id:
        reason = "no patient is recorded for this mrn. Give the id of the live patient with id:"
        _block(builder, departure, Cause.ID_MISMATCH, reason)
    elif inputs.state.has_done(patient_id, departure.action, DepartureAction.DELETE):
        _plan_accepted(inputs, departure, patient_id, live, builder)
    elif not inputs.capabilities.shows_patients:
        _depart(builder, departure, Action.DISCONNECT, patient_id, {})
    elif live is None:
        _plan_absent(inputs, departure, patient_id, builder)
    elif live.mrn != departure.mrn:
        reason = f"the live patient {live.id} has another mrn. Correct the departure"
        _block(builder, departure, Cause.ID_MISMATCH, reason, live.id)
    else:
        _plan_present(inputs, departure, live, builder)


def _plan_done(
    inputs: PlanInputs, departure: Departure, live: LivePatient | None, builder: PlanBuilder
) -> None:
    """A person says that it is done. What the account shows may contradict that."""
    deletes = departure.action is DepartureAction.DELETE
    is_managed = departure.mrn in inputs.desired.patients and not names_a_twin(inputs, departure)
    connection = "" if is_managed else is_or_may_be_connected(live)
    if live is not None and (deletes or connection):
        what = f"is live in Kardia as {live.id}" if deletes else connection
        reason = (
            f"the entry has done: {departure.done}, and the patient {what}. Remove done: to have it carried "
            "out, or find out why first"
        )
        _block(builder, departure, Cause.LIVE_AGAIN, reason, live.id)
    else:
        _note_done(departure, f"done on {departure.done}, as the entry says", builder)


def _plan_accepted(
    inputs: PlanInputs,
    departure: Departure,
    patient_id: str,
    live: LivePatient | None,
    builder: PlanBuilder,
) -> None:
    """What became of a departure that was carried out: a deletion takes Kardia a while (202)."""
    address = patient_address(departure.mrn)
    if not inputs.state.has_done(patient_id, DepartureAction.DELETE):
        connection = is_or_may_be_connected(live)
        if connection and departure.mrn not in inputs.desired.patients:  # else another order followed it
            reason = reconnected(address, patient_id, connection)
            _block(builder, departure, Cause.LIVE_AGAIN, reason, patient_id)
        else:
            _note_done(departure, "disconnected; it is not repeated", builder)
    elif live is not None and inputs.state.has_done(patient_id, GONE):
        reason = returned(address, patient_id)
        _block(builder, departure, Cause.LIVE_AGAIN, reason, patient_id)
    elif live is not None:
        _note_done(departure, "the deletion was accepted, and the patient is still listed", builder)
    elif inputs.state.has_done(patient_id, GONE) or is_gone(inputs, departure):
        _note_done(departure, "deleted, and gone", builder)
    else:
        absent = patient_id in inputs.observed.missing
        seen = ", and a read by id finds nobody" if absent else ""
        _note_done(departure, f"the deletion was accepted{seen}", builder)


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
    is_read = inputs.observed.coverage is not Coverage.STATE
    held = holdings(live.status, recordings) if is_read else ""  # apply reads both
    if departure.export and not departure.exported:
        _plan_export(inputs, departure, live, before, builder)
    elif held and not departure.confirmed:
        reason = f"{held}, and a deletion cannot be undone. To delete anyway, add confirm: has-recordings"
        _block(builder, departure, Cause.HAS_RECORDINGS, reason, live.id, before)
    else:
        _depart(builder, departure, Action.DELETE, live.id, before)


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
            "the export was requested, and Kardia mails it to the owner of the API key. When it has arrived, "
            "write its day into this entry, exported: DATE; the plan after that has the deletion"
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
    """Somebody who is not there, and for whom no request of ours was accepted."""
    record = inputs.state.patients.get(departure.mrn)
    intent = inputs.state.intents.get(patient_address(departure.mrn))
    if patient_id not in inputs.observed.missing:
        detail = inputs.observed.detail or "a list may lag, and its id was not read"
        reason = f"the patient was not found but may exist in Kardia: {detail}. Plan again"
        _block(builder, departure, Cause.SCAN_INCOMPLETE, reason, patient_id)
    elif departure.action is DepartureAction.DELETE and deletion_in_doubt(intent, patient_id):
        _plan_again(inputs, departure, patient_id, builder)
    elif record is None or record.id != patient_id:
        reason = (
            f"no live patient has the id {patient_id}, and state has no record of it. Correct the id; if you "
            "know that the departure is done, add done: YYYY-MM-DD"
        )
        _block(builder, departure, Cause.ID_MISMATCH, reason, patient_id)
    else:
        reason = (
            f"the recorded patient {patient_id} is not in Kardia, and no request of this departure was "
            "accepted: deleted elsewhere, another account's API key, or a momentary 404. Plan again and "
            "check the key; if you know that the departure is done, add done: YYYY-MM-DD"
        )
        _block(builder, departure, Cause.DELETED_ELSEWHERE, reason, patient_id)


def _plan_again(inputs: PlanInputs, departure: Departure, patient_id: str, builder: PlanBuilder) -> None:
    """A deletion whose response was lost is sent again, as it is repeatable: its answer says what is so."""
    if is_gone(inputs, departure):
        _depart(builder, departure, Action.DELETE, patient_id, {})
        return
    reason = (
        "in doubt: the deletion was sent and no response arrived, and the patient was not found. Plan again "
        "and check the key; if you know that it is done, add done: YYYY-MM-DD"
    )
    _block(builder, departure, Cause.UNSETTLED, reason, patient_id)


def _note_done(departure: Departure, text: str, builder: PlanBuilder) -> None:
    address = patient_address(departure.mrn)
    builder.notice(NoticeKind.DEPARTED, f"departed: {text}", address, departure.source)


def _depart(
    builder: PlanBuilder, departure: Departure, action: Action, patient_id: str, before: Values
) -> None:
    address, source = patient_address(departure.mrn), departure.source
    code, shown = f"departure: {departure.code}", {**before, REASON: departure.reason}
    builder.change(address, action, Cause.DEPARTURE, code, before=shown, id=patient_id, source=source)


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
