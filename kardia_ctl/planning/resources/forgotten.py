"""Patients that are no longer declared: forgotten, or in doubt. Absence never deletes."""

from itertools import filterfalse

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs


def plan_forgotten(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Forget every managed patient that is neither declared nor departing.

    A patient whose row is quarantined still counts as declared. While any quarantined row has no usable mrn,
    nothing is forgotten.
    """
    desired = inputs.desired
    departing = {departure.mrn for departure in desired.departures}
    departing.update(move.old for move in desired.moved)  # recorded still, as the new mrn is taken
    unforgotten = 0
    for mrn in filterfalse(desired.patients.__contains__, inputs.state.patients):
        record = inputs.state.patients[mrn]
        if record.forgotten or mrn in departing:
            continue
        if mrn in desired.quarantined:
            _block_quarantined(mrn, desired.quarantined[mrn], record.id, builder)
        elif desired.quarantined_without_mrn:
            unforgotten += 1
        else:
            reason = "no longer declared; the patient stays as it is in Kardia"
            builder.forget(patient_address(mrn), reason, id=record.id)
    if unforgotten:
        text = _nothing_is_forgotten(unforgotten, desired.quarantined_without_mrn)
        builder.notice(NoticeKind.WARNING, text)


def _nothing_is_forgotten(count: int, rows: int) -> str:
    patients = "1 managed patient is" if count == 1 else f"{count:,} managed patients are"
    unusable = "1 quarantined row has" if rows == 1 else f"{rows:,} quarantined rows have"
    fix = "that row" if rows == 1 else "those rows"
    fix = f"Fix {fix}; until then no patient is forgotten"
    return f"{patients} not declared, but {unusable} no usable mrn. {fix}"


def _block_quarantined(mrn: str, source: Source, patient_id: str, builder: PlanBuilder) -> None:
    reason = "its row is quarantined; nothing is sent, and the patient stays managed. Correct the row"
    builder.block(patient_address(mrn), Cause.ROW_SET_ASIDE, reason, id=patient_id, source=source)


def warn_of_doubts(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Warn of lost creates whose patient is no longer declared: no later run settles them.

    Those of other workspaces are declared there.
    """
    desired = inputs.desired
    for address, intent in inputs.state.intents.items():
        if address.kind is not Kind.PATIENT or intent.operation != Action.CREATE or intent.workspace:
            continue
        mrn = address.names[0]
        if mrn in desired.quarantined and mrn not in inputs.state.patients:
            _block_quarantined(mrn, desired.quarantined[mrn], "", builder)
        elif mrn not in desired.patients and mrn not in desired.quarantined:
            text = (
                "a create got no response, and the patient is no longer declared: it may exist in Kardia. "
                f"Check there, then run kardia-ctl state forget '{address}'"
            )
            builder.notice(NoticeKind.WARNING, text, address)
