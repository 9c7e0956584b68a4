"""``kardia-ctl state``."""

from pathlib import Path
from typing import Final

import click

from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.account.workspace import Workspace, open_workspace
from kardia_ctl.cli.options import address as address_type
from kardia_ctl.cli.options import auto_approve_option, lock_option, path_argument
from kardia_ctl.cli.output.console import print_line, print_result
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.ports import Store
from kardia_ctl.operations.assume import removals
from kardia_ctl.render.records.state_list import state_list, state_show
from kardia_ctl.timing import system_instant


@click.group("state")
def command() -> None:
    """List, show or forget the records of earlier runs. Sends no requests."""


_sandbox_option: Final = click.option("--sandbox", is_flag=True, help="Use the sandbox's state.")


def _workspace(path: Path, *, sandbox: bool, lock_timeout: float = 0) -> Workspace:
    return open_workspace(path, AccountOptions(sandbox=sandbox), lock_timeout=lock_timeout, needs_key=False)


def _store(path: Path, *, sandbox: bool) -> Store:
    return _workspace(path, sandbox=sandbox).store


@command.command("list")
@path_argument
@_sandbox_option
def list_command(path: Path, sandbox: bool) -> None:
    """Print every recorded address, one a line. PATH is the configuration (default: this directory)."""
    print_result(state_list(_store(path, sandbox=sandbox).load()))


@command.command("show")
@click.argument("address", type=address_type)
@path_argument
@_sandbox_option
def show_command(address: Address, path: Path, sandbox: bool) -> None:
    """Print what is recorded of one ADDRESS. PATH is the configuration (default: this directory)."""
    text = state_show(_store(path, sandbox=sandbox).load(), address)
    if not text:
        raise RunStopped(f"nothing is recorded of {address}; kardia-ctl state list shows what is recorded")
    print_result(text)


@command.command("forget")
@click.argument("words", metavar="ADDRESS... [PATH]", nargs=-1, required=True)
@_sandbox_option
@auto_approve_option
@lock_option
def forget_command(words: tuple[str, ...], sandbox: bool, auto_approve: bool, lock_timeout: float) -> int:
    """Remove the records of each ADDRESS. PATH is the configuration (default: this directory).

    Nothing changes in Kardia. The next plan finds a forgotten patient again by mrn. What is in doubt can be
    forgotten once its settle window has passed.
    """
    addresses, path = _addresses(words)
    workspace = _workspace(path, sandbox=sandbox, lock_timeout=lock_timeout)
    store, settle = workspace.store, workspace.configuration.settle
    with store.lock("state forget"):
        entries = removals(store.load(), addresses, settle, system_instant())
        names = ", ".join(map(str, addresses))
        if not confirm(f"Remove the records of {names}?", approved=auto_approve):
            return 1
        store.commit(entries)
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
