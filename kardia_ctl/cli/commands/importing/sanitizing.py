"""``kardia-ctl import --sanitize``: an invented twin of the account, for bug reports and rehearsals."""

from dataclasses import replace
from random import SystemRandom

from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.commands.importing.import_options import ImportOptions, shown_path
from kardia_ctl.cli.files.new_files import NewFile, write_new_files
from kardia_ctl.model.configuration import Desired
from kardia_ctl.operations.importing.invented_account import FILE, invented_account
from kardia_ctl.planning.checks.stops import patient_count
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.render.text import count_of


def whole_account(inputs: PlanInputs) -> PlanInputs:
    """Inputs of which nothing is declared or recorded but the team: then everything is read."""
    state = replace(inputs.state, patients={})
    return replace(inputs, desired=Desired(inputs.desired.team), state=state)


def write_twin(workspace: Workspace, inputs: PlanInputs, wanted: ImportOptions, requests: int) -> str:
    """Write the twin, and return what is to be printed.

    Raises:
        RunStopped: there is one already, or it cannot be written.
    """
    directory = workspace.configuration.root / str(wanted.into)
    lines = (line.encode() for line in invented_account(inputs.observed, SystemRandom(), inputs.now.day))
    write_new_files([NewFile(directory / FILE, lines)])
    shown = shown_path(workspace, directory)
    count = count_of(patient_count(inputs) or 0, "patient")
    return (
        f"Wrote {shown / FILE}: {count}, all of them invented, from {count_of(requests, 'request')}.\n"
        "Numbers, twins, statuses, kinds of odd values and lengths of texts are those of the account. Look "
        "at the file before you give it away.\n"
        f"Next: kardia-ctl sandbox serve --from {shown}\n"
    )
