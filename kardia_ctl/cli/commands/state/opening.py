"""How the verbs of ``kardia-ctl state`` open the state."""

from pathlib import Path
from typing import Final

import click

from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.account.meant_addresses import translation
from kardia_ctl.cli.account.workspace import Workspace, open_workspace
from kardia_ctl.model.address import Address
from kardia_ctl.state.snapshots import keep_snapshot
from kardia_ctl.timing import system_instant

sandbox_option: Final = click.option("--sandbox", is_flag=True, help="Use the sandbox's state.")
"""--sandbox."""


def opened_workspace(path: Path, *, sandbox: bool, lock_timeout: float = 0) -> Workspace:
    """The workspace of a configuration, for a command that sends no requests."""
    return open_workspace(path, AccountOptions(sandbox=sandbox), lock_timeout=lock_timeout, needs_key=False)


def meant(workspace: Workspace, *addresses: Address) -> tuple[Address, ...]:
    """The addresses that a person wrote by mrn or by pseudonym.

    Raises:
        RunStopped: a key is too short, or cannot be read.
        StateError: the state cannot be read.
    """
    desired = workspace.configuration.desired
    return tuple(map(translation(addresses, desired, workspace.keys, workspace.store.load), addresses))


def kept_snapshot(workspace: Workspace, operation: str) -> None:
    """Keep what state holds before a person changes it by hand. The lock is held.

    Raises:
        StateError: it cannot be stored.
    """
    store, name = workspace.store, workspace.configuration.workspace
    keep_snapshot(store, name, store.load().serial, operation, system_instant().wall)
