"""``state forget``."""

from pathlib import Path

import click

from kardia_ctl.cli.commands.state.noted import note
from kardia_ctl.cli.commands.state.opening import kept_snapshot, meant, opened_workspace, sandbox_option
from kardia_ctl.cli.options import auto_approve_option, lock_option
from kardia_ctl.cli.output.console import print_line
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.operations.assume import removals
from kardia_ctl.timing import system_instant


@click.command("forget")
@click.argument("words", metavar="ADDRESS... [PATH]", nargs=-1, required=True)
@sandbox_option
@auto_approve_option
@lock_option
def forget_command(words: tuple[str, ...], sandbox: bool, auto_approve: bool, lock_timeout: float) -> int:
    """Remove the records of each ADDRESS. PATH is the configuration (default: this directory).

    Nothing changes in Kardia. The next plan finds a forgotten patient again by mrn. What is in doubt can be
    forgotten once its settle window has passed.
    """
    written, path = _addresses(words)
    workspace = opened_workspace(path, sandbox=sandbox, lock_timeout=lock_timeout)
    store, settle = workspace.store, workspace.configuration.settle
    with store.lock("state forget"):
        addresses = meant(workspace, *written)
        entries = removals(store.load(), addresses, settle, system_instant())
        names = ", ".join(map(str, addresses))
        if not confirm(f"Remove the records of {names}?", approved=auto_approve):
            return 1
        kept_snapshot(workspace, "state forget")
        store.commit(entries)
        note(workspace, "state forget", *addresses)
    print_line(f"Removed from state: {names}.")
    return 0


def _addresses(words: tuple[str, ...]) -> tuple[list[Address], Path]:
    """The addresses, and the path when the last word is not an address."""
    *first, last = words
    try:
        return [Address.parse(word) for word in words], Path()
    except ValueError as error:
        if not first or not Path(last).exists():
            raise RunStopped(str(error)) from error
    try:
        return [Address.parse(word) for word in first], Path(last)
    except ValueError as error:
        raise RunStopped(str(error)) from error
