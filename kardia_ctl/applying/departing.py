"""Sending a departure: a disconnect, an export, or a deletion right after a last look at the patient."""

from functools import partial
from typing import Final

from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Outdated
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import Action, Change
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.state import Depart, Entry, PatientRecord, Remember
from kardia_ctl.observing.observe import count_recordings
from kardia_ctl.planning.certainty import deletion_in_doubt, holdings
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.timing import FRESH, Clock

_LOOKS: Final = 3
"""The most last looks of one deletion: another when the server makes it wait until one is not fresh."""
_NOT_FOUND: Final = 404


async def depart(
    change: Change, patient_id: str, inputs: PlanInputs, context: RunContext
) -> tuple[Entry, ...]:
    """Send the request of a departure, and return what state records once it is accepted.

    Raises:
        NotExecuted: it certainly had no effect; for a deletion, also: the last look was not as planned.
        InDoubt: it may have had its effect, now or when it was sent before.
    """
    done = Depart(patient_id, change.action.value)
    match change.action:
        case Action.EXPORT:
            await context.writer.export_patient(patient_id)
        case Action.DISCONNECT:
            await context.writer.disconnect(patient_id)
        case Action.DELETE:
            await _delete(change, patient_id, inputs, context)
            if _is_recorded_for_another(change, patient_id, inputs):
                return (done,)
            return done, _tombstone(change, patient_id, inputs, context.clock.now())
        case _:
            raise AssertionError(f"{change.action} is not a write")
    return (done,)


async def _delete(change: Change, patient_id: str, inputs: PlanInputs, context: RunContext) -> None:
    """Look at the patient, then delete, and look again when the server makes it wait for too long.

    A 404 is success only when an earlier DELETE of ours may have done it, and a read by id confirms it.
    """
    mrn = change.address.names[0]
    confirmed = any(
        entry.confirmed
        for entry in inputs.desired.departures
        if entry.mrn == mrn and entry.id in ("", patient_id)
    )
    repeated = deletion_in_doubt(inputs.state.intents.get(change.address), patient_id)
    clock = context.clock
    for _ in range(_LOOKS):
        began = clock.now()
        await _check(context.reader, patient_id, mrn, confirmed=confirmed, repeated=repeated)
        try:
            await context.writer.delete_patient(patient_id, partial(_is_fresh, clock, began))
        except Outdated:
            continue
        except NotExecuted as error:
            if error.status != _NOT_FOUND or not (repeated or error.doubted):
                raise
            await _confirm_gone(context.reader, patient_id, error)
        return
    raise NotExecuted(
        f"not deleted: each last look at the patient was older than {FRESH:.0f} s when the server let the "
        "request be sent. Next: apply again later"
    )


def _is_fresh(clock: Clock, began: float) -> bool:
    """Whether a look that began at a time is still fresh."""
    return clock.now() - began <= FRESH


async def _check(reader: Reader, patient_id: str, mrn: str, *, confirmed: bool, repeated: bool) -> None:
    """Read the patient, and raise ``NotExecuted`` for anything but what was planned to be deleted."""
    live = await _read(reader, patient_id)
    if live is None and repeated:
        return
    if live is None:
        raise _changed(f"Kardia no longer has a patient {patient_id}")
    if (live.id, live.mrn) != (patient_id, mrn):
        raise _changed(f"Kardia answers for {patient_id} with another patient's id or mrn")
    try:
        recordings = await count_recordings(reader, patient_id)
    except ApiError as error:
        raise _unread(error) from error
    held = holdings(live.status, recordings)
    if held and not confirmed:
        raise _changed(held)


async def _read(reader: Reader, patient_id: str) -> LivePatient | None:
    try:
        return await reader.patient(patient_id)
    except ApiError as error:
        raise _unread(error) from error


async def _confirm_gone(reader: Reader, patient_id: str, error: NotExecuted) -> None:
    """Read who cannot be deleted because of a 404, after a deletion of ours whose answer was lost.

    Raises:
        InDoubt: the patient is there, or could not be read: what became of the earlier one is not known.
    """
    try:
        live = await reader.patient(patient_id)
    except ApiError as unread:
        raise InDoubt(f"{error}; whether the patient is gone could not be read: {unread}") from unread
    if live is not None:
        raise InDoubt(f"{error}; an earlier request got no response, and the patient is still there")


def _changed(what: str) -> NotExecuted:
    return NotExecuted(f"not deleted: at the last look before it, {what}. Next: plan again")


def _unread(error: ApiError) -> NotExecuted:
    """The error of a look that failed: nothing is deleted unseen."""
    return NotExecuted(f"not deleted: the last look before it failed: {error}", stops=error.stops)


def _is_recorded_for_another(change: Change, patient_id: str, inputs: PlanInputs) -> bool:
    """Whether the mrn is that of a patient who stays: then state keeps that one's record."""
    mrn = change.address.names[0]
    record = inputs.state.patients.get(mrn)
    return mrn in inputs.desired.patients or (record is not None and record.id not in ("", patient_id))


def _tombstone(change: Change, patient_id: str, inputs: PlanInputs, now: float) -> Remember:
    mrn = change.address.names[0]
    cohort = inputs.state.patients.get(mrn, PatientRecord()).cohort
    record = PatientRecord(patient_id, at=int(now), forgotten=True, cohort=cohort)
    return Remember(change.address.kind, mrn, "", record)
