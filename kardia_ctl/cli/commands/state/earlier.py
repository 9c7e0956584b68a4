"""``state history`` and ``state rollback``."""

from pathlib import Path

import click

from kardia_ctl.cli.commands.state.noted import note
from kardia_ctl.cli.commands.state.opening import kept_snapshot, opened_workspace, sandbox_option
from kardia_ctl.cli.options import auto_approve_option, lock_option, path_argument
from kardia_ctl.cli.output.console import print_line, print_message, print_result
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.state.merging import rolled_back
from kardia_ctl.state.snapshots import KEPT, read_snapshot_image, snapshots_of


@click.command("history")
@path_argument
@sandbox_option
def history_command(path: Path, sandbox: bool) -> None:
    """List the snapshots of the state.

    One is kept before each apply that writes; the newest is last. PATH is the configuration (default:
    this directory).
    """
    snapshots = snapshots_of(opened_workspace(path, sandbox=sandbox).store)
    lines = [
        f"{snapshot.name}  {snapshot.at:%Y-%m-%d %H:%M:%S} UTC  before {snapshot.operation}"
        for snapshot in snapshots
    ]
    print_result("".join(f"{line}\n" for line in lines))
    if not snapshots:
        print_message("There is no snapshot yet: one is kept before each apply that writes.")


@click.command("rollback")
@click.argument("snapshot")
@path_argument
@sandbox_option
@auto_approve_option
@lock_option
def rollback_command(
    snapshot: str, path: Path, sandbox: bool, auto_approve: bool, lock_timeout: float
) -> int:
    """Put the records back to those of a SNAPSHOT.

    SNAPSHOT is a name that state history prints. The records of this workspace are put back. Codes and
    users that were ordered or created since, departures, requests in doubt, used plans and used decisions
    stay recorded, so that nothing is sent twice. Nothing changes in Kardia. PATH is the
    configuration (default: this directory).
    """
    workspace = opened_workspace(path, sandbox=sandbox, lock_timeout=lock_timeout)
    store, name = workspace.store, workspace.configuration.workspace
    with store.lock("state rollback"):
        image = rolled_back(store.image(), read_snapshot_image(store, snapshot), name)
        if not confirm(f"Put workspace {name} back to the records of {snapshot}?", approved=auto_approve):
            return 1
        kept_snapshot(workspace, "state rollback")
        store.replace(image)
        note(workspace, "state rollback", snapshot=snapshot)
    print_line(f"The records of workspace {name} are those of {snapshot}. Next: kardia-ctl plan")
    print_message(f"Snapshots that are kept: {KEPT}.")
    return 0
