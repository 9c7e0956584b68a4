"""``kardia-ctl state``."""

from pathlib import Path

import click

from kardia_ctl.cli.account.workspace import Workplace, open_workplace
from kardia_ctl.cli.options import Where, lock_option
from kardia_ctl.cli.options import address as address_type
from kardia_ctl.cli.output.prompt import confirm
from kardia_ctl.model.address import Address, owner_of, record_key
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Drop, Entry, Resolve, State
from kardia_ctl.render.records.state_list import state_list, state_show


@click.group("state")
def command() -> None:
    """List, show or forget what was recorded of earlier runs. Never talks to Kardia."""


_path = click.argument("path", type=click.Path(path_type=Path), default=".", metavar="[PATH]")
_sandbox = click.option("--sandbox", is_flag=True, help="The state of the embedded API.")


def _open(path: Path, *, sandbox: bool, lock_timeout: float = 0) -> Workplace:
    return open_workplace(path, Where(sandbox=sandbox), lock_timeout=lock_timeout, account=False)


@command.command("list")
@_path
@_sandbox
def list_command(path: Path, sandbox: bool) -> None:
    """Print every recorded address, a line each. PATH is the configuration (default: this directory)."""
    click.echo(state_list(_open(path, sandbox=sandbox).store.load()), nl=False)


@command.command("show")
@click.argument("address", type=address_type)
@_path
@_sandbox
def show_command(address: Address, path: Path, sandbox: bool) -> None:
    """Print what is recorded of one ADDRESS. PATH is the configuration (default: this directory)."""
    text = state_show(_open(path, sandbox=sandbox).store.load(), address)
    if not text:
        raise RunStopped(f"nothing is recorded of {address}; kardia-ctl state list shows what is")
    click.echo(text, nl=False)


@command.command("forget")
@click.argument("words", metavar="ADDRESS... [PATH]", nargs=-1, required=True)
@_sandbox
@click.option("--auto-approve", is_flag=True, help="Do not ask first.")
@lock_option
def forget_command(words: tuple[str, ...], sandbox: bool, auto_approve: bool, lock_timeout: float) -> int:
    """Remove what is recorded of each ADDRESS. PATH is the configuration (default: this directory).

    Nothing changes in Kardia. A patient is matched by mrn again by the next plan.
    """
    addresses, path = _addresses(words)
    workplace = _open(path, sandbox=sandbox, lock_timeout=lock_timeout)
    with workplace.store.lock("state forget"):
        state = workplace.store.load()
        entries = [entry for address in addresses for entry in _entries(address, state)]
        names = ", ".join(map(str, addresses))
        if not confirm(f"Remove what is recorded of {names}?", approved=auto_approve):
            click.echo("Nothing was done.", err=True)
            return 1
        workplace.store.commit(entries)
    click.echo(f"Removed from state: {names}.")
    return 0


def _addresses(words: tuple[str, ...]) -> tuple[list[Address], Path]:
    """The addresses, and the path when the last word is none of them."""
    *first, last = words
    try:
        return [Address.parse(word) for word in words], Path()
    except ValueError as error:
        if first and Path(last).exists():
            try:
                return [Address.parse(word) for word in first], Path(last)
            except ValueError as other:
                raise RunStopped(str(other)) from other
        raise RunStopped(str(error)) from error


def _entries(address: Address, state: State) -> list[Entry]:
    entries: list[Entry] = [Resolve(address)] if address in state.intents else []
    match address.kind:
        case Kind.PATIENT:
            mrn = address.names[0]
            if mrn in state.patients:
                entries.append(Drop(Kind.PATIENT, mrn))
                entries += [Drop(Kind.CONNECTION_CODE, mrn, code) for code in state.codes.get(mrn, {})]
            entries += [Resolve(one) for one in state.intents if owner_of(one) == address]
        case Kind.CONNECTION_CODE:
            mrn, label = address.names
            entries += [
                Drop(Kind.CONNECTION_CODE, mrn, template)
                for template, record in state.codes.get(mrn, {}).items()
                if label in (record.label, template)
            ]
        case _:
            if address in state.others:
                entries.append(Drop(address.kind, *record_key(address)))
    if not entries:
        raise RunStopped(f"nothing is recorded of {address}; kardia-ctl state list shows what is")
    return entries
