"""What is certain about a patient whom a departure names. What cannot be undone rests on nothing less."""

from typing import Final

from kardia_ctl.model.configuration import Departure, DepartureAction
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.state import GONE, Intent
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.matching import live_by_id

NOT_CONNECTED: Final = frozenset({"none", "pending"})
"""The exact statuses of a patient who certainly is not connected (API reference, "Patient Object")."""


def connection_of(status: str | None) -> str:
    """What a live status says, as the end of a sentence; empty for who certainly is not connected."""
    if status in NOT_CONNECTED:
        return ""
    if status == "connected":
        return "is connected"
    reason = "its status is not shown" if status is None else "the API documents no such status"
    return f"may be connected, as {reason},"


def is_or_may_be_connected(live: LivePatient | None) -> str:
    """What contradicts that a patient was disconnected, as the end of a sentence; empty for nothing.

    A list without statuses says nothing.
    """
    return "" if live is None or live.status is None else connection_of(live.status).rstrip(",")


def holdings(status: str | None, recordings: int | None) -> str:
    """What a deletion destroys or may destroy, as the beginning of a sentence; empty when certainly nothing.

    Args:
        status: The live status, as the server sent it.
        recordings: Their number; None when it is not proven.
    """
    connection = connection_of(status)
    if recordings == 0:
        has = ""
    elif recordings is None:
        has = "has or may have recordings, as their number is not certain"
    else:
        has = f"has {recordings} recording{'' if recordings == 1 else 's'}"
    facts = " and ".join(fact for fact in (connection, has) if fact)
    return f"the patient {facts.rstrip(',')}" if facts else ""


def patient_id_of(inputs: PlanInputs, departure: Departure) -> str:
    """The id of the patient whom a departure names: declared or recorded; empty when neither is known."""
    if not inputs.capabilities.shows_patients:
        return departure.mrn
    record = inputs.state.patients.get(departure.mrn)
    return departure.id or ("" if record is None else record.id)


def is_gone(inputs: PlanInputs, departure: Departure) -> bool:
    """Whether a patient certainly no longer exists.

    A read by id answered 404, a proven scan does not have the id, and it was the account of this state: a 404
    may be transient, a list may lag, and in another account everybody is absent.
    """
    patient_id, observed = patient_id_of(inputs, departure), inputs.observed
    return (
        observed.coverage is Coverage.PROVEN
        and patient_id in observed.missing
        and live_by_id(inputs, departure.mrn, patient_id) is None
        and _is_recognised(inputs)
    )


def _is_recognised(inputs: PlanInputs) -> bool:
    """Whether this is the account of this state: one of its patients is there.

    Where no other patient is expected, the team tells, which apply checks.
    """
    state, observed = inputs.state, inputs.observed
    recorded = {record.id for record in state.patients.values()}
    if any(live.id in recorded for live in observed.patients.values()):
        return True
    leaving = {patient_id_of(inputs, departure) for departure in inputs.desired.departures}
    return recorded <= leaving.union(state.departed, {""}) and bool(inputs.desired.team or state.team)


def is_to_be_noted_as_gone(inputs: PlanInputs, departure: Departure) -> bool:
    """Whether a deletion that was accepted is over, and state does not have that yet."""
    state, patient_id = inputs.state, patient_id_of(inputs, departure)
    deleted = state.has_done(patient_id, DepartureAction.DELETE) and not state.has_done(patient_id, GONE)
    return deleted and is_gone(inputs, departure)


def deletion_in_doubt(intent: Intent | None, patient_id: str) -> bool:
    """Whether a deletion of this id was sent, or was about to be, and its response is not known."""
    return intent is not None and intent.operation == DepartureAction.DELETE and intent.id == patient_id
