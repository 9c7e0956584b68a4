"""``kardia-ctl import --adopt``: what was just declared is recorded in state."""

from dataclasses import replace
from typing import TYPE_CHECKING

from kardia_ctl.applying.run_context import RunContext, StopSignal
from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.commands.state.noted import note
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.results import ImportReport
from kardia_ctl.operations.importing.adopt import adoptions, record_adoptions
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.state.snapshots import keep_snapshot
from kardia_ctl.timing import Clock

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session


async def adopt_imported(
    workspace: Workspace, session: "Session", inputs: PlanInputs, report: ImportReport
) -> ImportReport:
    """Record the ids of what the files declare now, from the same look at the account. The lock is held.

    The files are read as every command reads them. Nothing is recorded that they do not declare.

    Raises:
        ConfigurationError: the files are not valid.
        StateError: the state could not be written.
    """
    if report.lines:
        print_message(
            f"Warning: nothing was recorded in state, because {report.main} does not name the files yet. Add "
            "the lines, then run kardia-ctl apply"
        )
        return report
    desired, clock = read_configuration(workspace.path, workspace.now).desired, Clock()
    new = desired.patients.keys() - inputs.desired.patients.keys()
    imported: set[Address] = {*map(patient_address, new), *report.settings}
    preview = adoptions(inputs, desired, imported)
    context = RunContext(
        session.reader,
        session.writer(),
        workspace.store,
        clock,
        StopSignal(),
        lambda: session.requests,
        lambda _: None,
    )
    name = workspace.configuration.workspace
    keep_snapshot(workspace.store, name, inputs.state.serial, "import", clock.now())
    count = await record_adoptions(
        preview, context, lambda line: print_message(f"Warning: {line}") if line else None
    )
    note(workspace, "import --adopt", adopted=count)
    return replace(report, adopted=count)
