"""``state mv``."""

from pathlib import Path

import click

from kardia_ctl.cli.commands.state.noted import note
from kardia_ctl.cli.commands.state.opening import kept_snapshot, meant, opened_workspace, sandbox_option
from kardia_ctl.cli.options import address as address_type
from kardia_ctl.cli.options import lock_option, path_argument
from kardia_ctl.cli.output.console import print_line
from kardia_ctl.model.address import Address
from kardia_ctl.planning.decided.renames import renames


@click.command("mv")
@click.argument("old", type=address_type)
@click.argument("new", type=address_type)
@path_argument
@sandbox_option
@lock_option
def mv_command(old: Address, new: Address, path: Path, sandbox: bool, lock_timeout: float) -> int:
    """Record under NEW what is known of OLD.

    OLD and NEW are addresses: of a patient whose mrn was corrected, or of a code whose template was
    renamed. A patient's codes and user follow. Nothing changes in Kardia. PATH is the configuration
    (default: this directory).
    """
    workspace = opened_workspace(path, sandbox=sandbox, lock_timeout=lock_timeout)
    store = workspace.store
    with store.lock("state mv"):
        old, new = meant(workspace, old, new)
        entries = renames(store.load(), old, new)
        kept_snapshot(workspace, "state mv")
        store.commit(entries)
        note(workspace, "state mv", old, new)
    print_line(f"Renamed in state: {old} is {new} now.")
    return 0
