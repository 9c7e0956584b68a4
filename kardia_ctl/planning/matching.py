"""Who is who: which live patient, if any, a declared one is."""

from dataclasses import dataclass

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Departing
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause
from kardia_ctl.model.state import Intent, Record
from kardia_ctl.planning.inputs import PlanInputs


@dataclass(frozen=True, slots=True)
class Match:
    """A live patient; or none, and then either free to create or the cause and reason why not."""

    live: LivePatient | None = None
    cause: Cause | None = None
    reason: str = ""


def match(inputs: PlanInputs, want: DesiredPatient, record: Record | None) -> Match:
    """Find a declared patient: by its pinned id, else by the recorded id, else by mrn, byte for byte."""
    found = _find(inputs, want, record)
    if found.live is not None and inputs.state.has_done(found.live.id, Departing.DELETE):
        return Match(
            cause=Cause.DEPARTURE,
            reason=f"the live patient {found.live.id} was deleted by a departure and is not gone yet; "
            "plan again when it is, or leave the patient out",
        )
    return found


def _find(inputs: PlanInputs, want: DesiredPatient, record: Record | None) -> Match:
    if want.id:
        return _by_id(inputs, want, want.id, "pinned")
    if record is not None and record.id and not inputs.state.has_done(record.id, Departing.DELETE):
        return _recorded(inputs, want, record)
    twins = inputs.observed.twins.get(want.mrn)
    if twins:
        ids = " and ".join(sorted(twin.id for twin in twins))
        reason = f"{len(twins)} live patients carry this mrn: {ids}; bind the right one with id:"
        return Match(cause=Cause.DUPLICATE_MRN, reason=reason)
    live = inputs.observed.patients.get(want.mrn)
    return Match(live) if live is not None else _absent(inputs, want)


def live_by_id(inputs: PlanInputs, mrn: str, patient_id: str) -> LivePatient | None:
    """The live patient with this id, as far as it was seen; ``mrn`` is where to look first."""
    first = inputs.observed.patients.get(mrn)
    if first is not None and first.id == patient_id:
        return first
    twins = inputs.observed.twins.get(mrn, ())
    found = next((twin for twin in twins if twin.id == patient_id), None)
    return found or inputs.observed.by_id.get(patient_id)


def _by_id(inputs: PlanInputs, want: DesiredPatient, patient_id: str, how: str) -> Match:
    live = live_by_id(inputs, want.mrn, patient_id)
    if live is None:
        reason = f"the {how} id {patient_id} is not live; correct it or leave it out"
        return Match(cause=Cause.ID_MISMATCH, reason=reason)
    if live.mrn != want.mrn:
        reason = (
            f"the {how} id {patient_id} carries another mrn now; find out whose record it is before going on"
        )
        return Match(cause=Cause.ID_MISMATCH, reason=reason)
    return Match(live)


def _recorded(inputs: PlanInputs, want: DesiredPatient, record: Record) -> Match:
    if live_by_id(inputs, want.mrn, record.id) is not None:
        return _by_id(inputs, want, record.id, "recorded")
    if record.id not in inputs.observed.missing:
        reason = (
            f"the recorded id {record.id} is not in the list and was not looked up, because others were "
            "looked for in vain: is this the right key? --accept-collapse looks for everybody"
        )
        return Match(cause=Cause.SCAN_INCOMPLETE, reason=reason)
    address = patient_address(want.mrn)
    if address in inputs.decisions.recreate:
        return _find(inputs, want, None)
    reason = (
        f"the recorded patient {record.id} is gone: deleted elsewhere, perhaps because somebody asked to be "
        f"erased; take the patient out, or create again with --recreate '{address}'"
    )
    return Match(cause=Cause.DELETED_ELSEWHERE, reason=reason)


def _absent(inputs: PlanInputs, want: DesiredPatient) -> Match:
    """Nobody carries the mrn: free to create, if absence is proven and no earlier create is in doubt."""
    if inputs.observed.coverage is not Coverage.PROVEN:
        detail = inputs.observed.detail or "the account's patients were not all read"
        return Match(cause=Cause.SCAN_INCOMPLETE, reason=f"absence is not proven: {detail}; plan again")
    intent = inputs.state.intents.get(patient_address(want.mrn))
    if intent is None or intent.operation != Action.CREATE:
        return Match()
    wait = due(intent, inputs.settle) - inputs.now
    if wait <= 0:
        return Match()
    reason = (
        "in doubt: an earlier create got no answer and may still appear; apply waits for it, "
        f"{int(wait) + 1} s from now at most, and then looks again"
    )
    return Match(cause=Cause.IN_DOUBT, reason=reason)


_MARGIN = 5.0
"""Seconds on top of a window whose begin was recorded by a run that died: its clock is not this one's."""


def due(intent: Intent, settle: float) -> float:
    """Unix seconds after which absence says that the write of an intent did not happen.

    The window counts from when the request's connection ended; from when it left, and a margin, when the
    run did not live to see that. A window that was longer when the request left still holds.
    """
    window = max(intent.window, settle)
    return intent.ended + window if intent.ended else intent.at + window + _MARGIN
