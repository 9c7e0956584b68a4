"""``state pull``, ``state push`` and ``state migrate``: the whole state as a file, or in another place."""

from pathlib import Path

import click

from kardia_ctl.cli.commands.state.noted import note
from kardia_ctl.cli.commands.state.opening import kept_snapshot, opened_workspace, sandbox_option
from kardia_ctl.cli.options import FILE, auto_approve_option, lock_option, path_argument
from kardia_ctl.cli.output.console import print_line
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.cli.outputs import Output, check_outputs, starts_with
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.state.merging import pushed
from kardia_ctl.state.moving import move

_OURS = starts_with("SQLite format 3\0")


@click.command("pull")
@click.argument("file", type=FILE)
@path_argument
@sandbox_option
def pull_command(file: Path, path: Path, sandbox: bool) -> None:
    """Write the whole state to FILE.

    FILE is a SQLite database (0600), as sqlite:///FILE reads it. It holds mrns, and is encrypted when the
    state is. PATH is the configuration (default: this directory).
    """
    workspace = opened_workspace(path, sandbox=sandbox)
    check_outputs([Output("FILE", file, _OURS)], workspace.inputs, workspace.private)
    write_private(file, workspace.store.image(), _OURS)
    print_line(f"Wrote the state to {file}.")


@click.command("push")
@click.argument("file", type=FILE)
@path_argument
@sandbox_option
@click.option("--force", is_flag=True, help="Also when the file is older or of another lineage.")
@auto_approve_option
@lock_option
def push_command(
    file: Path, path: Path, sandbox: bool, force: bool, auto_approve: bool, lock_timeout: float
) -> int:
    """Put FILE in place of the whole state.

    FILE is what state pull wrote. A snapshot of what it replaces is kept. Refused when the file is older
    than the state or of another lineage, unless --force. PATH is the configuration (default: this
    directory).
    """
    workspace = opened_workspace(path, sandbox=sandbox, lock_timeout=lock_timeout)
    store = workspace.store
    with store.lock("state push"):
        image = pushed(store.image(), _read(file), force=force)
        if not confirm(f"Put {file} in place of the state {store.place}?", approved=auto_approve):
            return 1
        kept_snapshot(workspace, "state push")
        store.replace(image)
        store.load()
        note(workspace, "state push")
    print_line(f"The state is that of {file}. Next: kardia-ctl plan")
    return 0


@click.command("migrate")
@click.argument("url")
@path_argument
@sandbox_option
@lock_option
def migrate_command(url: str, path: Path, sandbox: bool, lock_timeout: float) -> int:
    """Move the whole state to URL.

    Records, audit log and snapshots move. URL is what state: in kardia.yaml will be. Nothing may be
    recorded there yet. The state that is left says where it went and is refused from then on. PATH is the
    configuration (default: this directory).
    """
    workspace = opened_workspace(path, sandbox=sandbox, lock_timeout=lock_timeout)
    old, new = workspace.store, workspace.store_at(url)
    with old.lock("state migrate"), new.lock("state migrate"):
        old.load()
        note(workspace, "state migrate", to=new.place)
        move(old, new)
    print_line(
        f"The state is in {new.place} now. Next: set state: to its URL in kardia.yaml, for every runner; "
        f"{old.place} is not used any more"
    )
    return 0


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RunStopped(f"{file}: {error.strerror}") from error
