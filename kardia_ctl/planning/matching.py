"""Matching: which live patient, if any, a declared patient is."""

from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.model.decided.decision import DecisionKind
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause
from kardia_ctl.model.state import Record
from kardia_ctl.planning.decided.pending_moves import former
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.resources.twins import ids_leaving, staying
from kardia_ctl.planning.settle_window import SKEW, seconds_left

_ABSENCE_COUNTS: Final = (Coverage.PROVEN, Coverage.HEAD, Coverage.STATE)
"""Whoever is not observed is created; where that is not proven, the plan says so (``checks.not_read``)."""


_REMEDIES: Final = {
    "pinned": "Find out whose record it is, and correct the mrn or the id here",
    "recorded": (
        "If it was corrected in Kardia, declare the new mrn here, with an entry under moved: that keeps what "
        "is recorded of the codes. If it is somebody else, find out whose record it is first"
    ),
}
"""What helps where a live id has another mrn than the declared one."""


@dataclass(frozen=True, slots=True)
class Match:
    """The live patient; without one, the cause and reason that block a create, or neither: create it."""

    live: LivePatient | None = None
    cause: Cause | None = None
    reason: str = ""


def match(inputs: PlanInputs, want: DesiredPatient, record: Record | None) -> Match:
    """Find a declared patient: by its pinned id, else by the recorded id, else by mrn, byte for byte."""
    found = _find(inputs, want, record)
    if found.live is not None and inputs.state.has_done(found.live.id, DepartureAction.DELETE):
        return Match(
            cause=Cause.DEPARTURE,
            reason=f"a departure deleted the live patient {found.live.id}, and Kardia still shows it. Plan "
            "again when it is gone, or remove the patient from the configuration",
        )
    return found


def _find(inputs: PlanInputs, want: DesiredPatient, record: Record | None) -> Match:
    if want.id:
        return _by_id(inputs, want, want.id, "pinned")
    if record is not None and record.id and not inputs.state.has_done(record.id, DepartureAction.DELETE):
        return _recorded(inputs, want, record)
    return _by_mrn(inputs, want)


def _by_mrn(inputs: PlanInputs, want: DesiredPatient) -> Match:
    """Who has the mrn, byte for byte, and does not leave by a departure that names their id."""
    twins = staying(inputs, want.mrn)
    if len(twins) == 1:
        return Match(twins[0])
    if twins:
        ids = " and ".join(sorted(twin.id for twin in twins))
        reason = (
            f"{len(twins)} live patients have this mrn: {ids}. Choose one with id:, or let the other depart, "
            "by its id"
        )
        return Match(cause=Cause.DUPLICATE_MRN, reason=reason)
    live = inputs.observed.patients.get(want.mrn)
    if live is None:
        return _absent(inputs, want)
    if live.id in ids_leaving(inputs, want.mrn) and not inputs.state.has_done(
        live.id, DepartureAction.DELETE
    ):
        reason = (
            f"a departure names the live patient {live.id} with this mrn, and no other is found. Plan again, "
            "or remove the departure or the patient"
        )
        return Match(cause=Cause.DEPARTURE, reason=reason)
    return Match(live)


def live_by_id(inputs: PlanInputs, mrn: str, patient_id: str) -> LivePatient | None:
    """The observed live patient with this id, or None; the lookup under ``mrn`` comes first."""
    first = inputs.observed.patients.get(mrn)
    if first is not None and first.id == patient_id:
        return first
    twins = inputs.observed.twins.get(mrn, ())
    found = next((twin for twin in twins if twin.id == patient_id), None)
    return found or inputs.observed.by_id.get(patient_id)


def _by_id(inputs: PlanInputs, want: DesiredPatient, patient_id: str, how: str) -> Match:
    live = live_by_id(inputs, want.mrn, patient_id)
    if live is None:
        reason = f"no live patient has the {how} id {patient_id}. Correct the id, or remove it"
        return Match(cause=Cause.ID_MISMATCH, reason=reason)
    move = former(inputs.desired, want.mrn)
    if move is not None and live.mrn == move.old:
        reason = (
            f"Kardia still has the old mrn for the live patient {patient_id}, and the API cannot change an "
            "mrn. Correct it in Kardia by hand, then plan again; or declare the old mrn again, and turn the "
            f"entry under moved round ({move.source})"
        )
        return Match(cause=Cause.ID_MISMATCH, reason=reason)
    if live.mrn != want.mrn:
        reason = f"the live patient with the {how} id {patient_id} has another mrn now. {_REMEDIES[how]}"
        return Match(cause=Cause.ID_MISMATCH, reason=reason)
    return Match(live)


def _recorded(inputs: PlanInputs, want: DesiredPatient, record: Record) -> Match:
    if live_by_id(inputs, want.mrn, record.id) is not None:
        return _by_id(inputs, want, record.id, "recorded")
    if record.id not in inputs.observed.missing:
        reason = (
            f"id {record.id} is missing from the patient list, like most others sampled. Wrong API key? To "
            "check every id: --accept-collapse"
        )
        return Match(cause=Cause.SCAN_INCOMPLETE, reason=reason)
    address = patient_address(want.mrn)
    wait = _wait_of_decision(inputs, address, record)
    if wait > 0:
        reason = (
            f"the recorded patient {record.id} is not shown, and was recorded so recently that it may appear "
            f"yet: a decision to create it again waits for at most {int(wait) + 1} s. Plan again then"
        )
        return Match(cause=Cause.SCAN_INCOMPLETE, reason=reason)
    if address in inputs.decisions.recreate:
        return _find(inputs, want, None)
    reason = (
        f"the recorded patient {record.id} no longer exists in Kardia: deleted elsewhere, perhaps on a "
        "request for erasure. Remove the patient from the configuration, or create it again: --recreate "
        f"'{address}'"
    )
    return Match(cause=Cause.DELETED_ELSEWHERE, reason=reason)


def _wait_of_decision(inputs: PlanInputs, address: Address, record: Record) -> float:
    """Seconds for which a decision that stands in the file must not recreate a patient; 0 or less for none.

    Who was created just now may answer 404 for a while.
    """
    standing = {one.address for one in inputs.firing.standing if one.kind is DecisionKind.RECREATE}
    if address not in standing or address in inputs.given.recreate:
        return 0.0
    return record.at + inputs.settle + SKEW - inputs.now.wall


def _absent(inputs: PlanInputs, want: DesiredPatient) -> Match:
    """No live patient has the mrn: create, if absence is proven and no earlier create is in doubt."""
    if inputs.observed.coverage not in _ABSENCE_COUNTS:
        detail = inputs.observed.detail or "the account's patients were not all read"
        return Match(
            cause=Cause.SCAN_INCOMPLETE, reason=f"the patient may exist in Kardia: {detail}. Plan again"
        )
    intent = inputs.state.intents.get(patient_address(want.mrn))
    if intent is None or intent.operation != Action.CREATE:
        return Match()
    wait = seconds_left(intent, inputs.settle, inputs.now)
    if wait <= 0:
        return Match()
    reason = (
        "in doubt: an earlier create got no response, and the patient may still appear. Apply waits for at "
        f"most {int(wait) + 1} s from now, then reads the list again"
    )
    return Match(cause=Cause.IN_DOUBT, reason=reason)
