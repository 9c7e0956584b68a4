"""Why nothing is sent for a patient whose mrn was corrected."""

from kardia_ctl.model.address import patient_address
from kardia_ctl.planning.decided.pending_moves import former
from kardia_ctl.planning.inputs import PlanInputs


def moved_onto_another(inputs: PlanInputs, mrn: str) -> str:
    """Why the records of an old mrn cannot follow: something is recorded of both. Empty when they can."""
    move = former(inputs.desired, mrn) if mrn in inputs.moves.colliding else None
    if move is None:
        return ""
    old, new = patient_address(move.old), patient_address(move.new)
    return (
        f"{old} moves here ({move.source}), and something is recorded of both. Look at them with kardia-ctl "
        f"state list. If they are two people, remove the entry under moved; if what is recorded of this one "
        f"is wrong: kardia-ctl state forget '{new}'"
    )


def live_under_old_mrn(inputs: PlanInputs, mrn: str) -> str:
    """Why a patient must not be created: somebody is live with its old mrn. Empty when nobody is."""
    move = former(inputs.desired, mrn)
    live = None if move is None else inputs.observed.patients.get(move.old)
    if move is None or live is None:
        return ""
    return (
        f"the live patient {live.id} has the old mrn of this one ({move.source}), and the API cannot change "
        "an mrn. Correct it in Kardia by hand, then plan again; if they are two people, remove the entry "
        "under moved"
    )
