"""Patients who are no longer declared: forgotten, or in doubt. Absence never deletes."""

from itertools import filterfalse

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.planning.builder import Draft
from kardia_ctl.planning.inputs import PlanInputs


def plan_forgotten(inputs: PlanInputs, draft: Draft) -> None:
    """Forget every managed patient that is neither declared nor departing.

    Whose row was set aside is declared, and stays as it is. While rows were set aside that do not tell whose
    they are, they may be anybody's: then nobody is forgotten.
    """
    desired = inputs.desired
    departing = {departure.mrn for departure in desired.departures}
    kept = 0
    for mrn in filterfalse(desired.patients.__contains__, inputs.state.patients):
        record = inputs.state.patients[mrn]
        if record.forgotten or mrn in departing:
            continue
        if mrn in desired.quarantined:
            draft.changes.append(_held(mrn, desired.quarantined[mrn], record.id))
        elif desired.quarantined_without_mrn:
            kept += 1
        else:
            reason = "no longer declared; the patient stays as is in Kardia"
            address = patient_address(mrn)
            draft.changes.append(Change(address, Action.FORGET, Cause.UNDECLARED, reason, id=record.id))
    if kept:
        one, row = kept == 1, desired.quarantined_without_mrn == 1
        text = (
            f"{kept:,} managed {'patient is' if one else 'patients are'} not found among the declared; "
            f"{desired.quarantined_without_mrn:,} {'row' if row else 'rows'} without a certain mrn "
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


def tell_of_doubts(inputs: PlanInputs, draft: Draft) -> None:
    """Mention creates whose answer was lost and whose patient is declared no more: nobody looks for them."""
    desired = inputs.desired
    for address, intent in inputs.state.intents.items():
        if address.kind is not Kind.PATIENT or intent.operation != Action.CREATE:
            continue
        mrn = address.names[0]
        if mrn in desired.quarantined and mrn not in inputs.state.patients:
            draft.changes.append(_held(mrn, desired.quarantined[mrn], ""))
        elif mrn not in desired.patients and mrn not in desired.quarantined:
            text = (
                f"a {intent.operation} got no answer and the patient is declared no more: whether it was "
                f"done is not known; look in Kardia, then: kardia-ctl state forget '{address}'"
            )
            draft.tell(NoticeKind.WARNING, text, address)
