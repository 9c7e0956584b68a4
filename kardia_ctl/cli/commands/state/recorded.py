"""``state list`` and ``state show``."""

from pathlib import Path

import click

from kardia_ctl.cli.commands.state.opening import meant, opened_workspace, sandbox_option
from kardia_ctl.cli.options import address as address_type
from kardia_ctl.cli.options import path_argument, shows_phi
from kardia_ctl.cli.output.console import print_result
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.records.state_list import state_list, state_show

_show_phi_option = click.option(
    "--show-phi", is_flag=True, help="Show mrns even if the output is not your own terminal."
)


@click.command("list")
@path_argument
@sandbox_option
@_show_phi_option
def list_command(path: Path, sandbox: bool, show_phi: bool) -> None:
    """Print every recorded address, one a line. PATH is the configuration (default: this directory)."""
    shows_phi(asked=show_phi)
    print_result(state_list(opened_workspace(path, sandbox=sandbox).store.load()))


@click.command("show")
@click.argument("address", type=address_type)
@path_argument
@sandbox_option
@_show_phi_option
def show_command(address: Address, path: Path, sandbox: bool, show_phi: bool) -> None:
    """Print what is recorded of one ADDRESS. PATH is the configuration (default: this directory)."""
    shows_phi(asked=show_phi)
    workspace = opened_workspace(path, sandbox=sandbox)
    (address,) = meant(workspace, address)
    text = state_show(workspace.store.load(), address)
    if not text:
        raise RunStopped(f"nothing is recorded of {address}; kardia-ctl state list shows what is recorded")
    print_result(text)
