"""Records in state what an import has just declared: the adoptions of an apply, and nothing else of it."""

from collections.abc import Callable, Collection
from dataclasses import replace

from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.plan import Action, Plan
from kardia_ctl.operations.apply import Executor
from kardia_ctl.operations.plan import Preview
from kardia_ctl.planning.apply_stages import CheckTenant, RecordWithoutRequests
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.planner import make_plan


def adoptions(inputs: PlanInputs, desired: Desired, imported: Collection[Address]) -> Preview:
    """A plan that adopts what was imported, made from the same observation. ``desired`` declares it."""
    inputs = replace(inputs, desired=replace(desired, departures=()))
    changes = tuple(
        change
        for change in make_plan(inputs).changes
        if change.action is Action.ADOPT and change.address in imported
    )
    return Preview(Plan(changes=changes, team=desired.team), inputs)


async def record_adoptions(preview: Preview, context: RunContext, warn: Callable[[str], None]) -> int:
    """Record the adoptions, as apply does; no request is sent. Returns how many there are.

    Raises:
        RunStopped: the key belongs to another tenant.
        StateError: state could not be written.
    """
    await Executor(preview, context, warn).execute([CheckTenant(0), RecordWithoutRequests()])
    return len(preview.plan.changes)
