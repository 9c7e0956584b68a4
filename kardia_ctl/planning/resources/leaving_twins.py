"""What the departure of one of two patients with a declared mrn says about the other one."""

from dataclasses import replace

from kardia_ctl.model.configuration import Departure
from kardia_ctl.model.kinds import Kind
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.resources.twins import staying_id


def say_who_stays(inputs: PlanInputs, departure: Departure, builder: PlanBuilder, first: int) -> None:
    """Say who stays in the changes of a departure, which begin at ``first``.

    The declared patient is then not counted as a no-op too: one entry of a document has its address.
    """
    changes, kept = builder.changes[first:], staying_id(inputs, departure)
    if not changes:
        return
    if kept:
        builder.changes[first:] = [
            replace(change, reason=f"{change.reason}; {kept} stays under this mrn")
            if change.action.writes
            else change
            for change in changes
        ]
    no_ops = builder.unchanged.get(Kind.PATIENT, [])
    if (departure.mrn,) in no_ops:
        no_ops.remove((departure.mrn,))
