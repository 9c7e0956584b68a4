"""What a plan says about ``moved``: records that follow a corrected mrn, and entries that do nothing."""

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.plan import Action, Cause, NoticeKind
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs


def plan_moves(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Add the moves that apply records, and say which entries do nothing any more."""
    state, observed = inputs.state, inputs.observed
    for move in inputs.desired.moved:
        old, new = patient_address(move.old), patient_address(move.new)
        if move in inputs.moves.pending:
            record = state.patients.get(move.new)
            patient_id = "" if record is None else record.id
            builder.change(new, Action.MOVE, Cause.MOVED, id=patient_id, previous=old, source=move.source)
        elif move.new not in inputs.moves.colliding and move.old not in observed.patients:
            text = f"nothing is recorded of {old}: this entry under moved does nothing. Remove it"
            builder.notice(NoticeKind.IDLE, text, new, move.source)
