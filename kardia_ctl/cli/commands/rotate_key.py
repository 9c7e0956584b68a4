"""``kardia-ctl rotate-key``."""

import os
import secrets
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, assert_never

import click

from kardia_ctl.cli.account.account_workspace import workspace_from, workspace_options
from kardia_ctl.cli.account.connection import in_session
from kardia_ctl.cli.account.keyring import account_name, check_keyring, store_key
from kardia_ctl.cli.account.keys import SHORTEST
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.files.key_safe import KeySafe, key_safe
from kardia_ctl.cli.files.tracked_file import warn_if_tracked
from kardia_ctl.cli.options import (
    accept_unknown_team_option,
    auto_approve_option,
    lock_option,
    out_option,
)
from kardia_ctl.cli.output.console import check_stdout_kept, print_key, print_message
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.cli.outputs import Output, check_outputs, never, same_file
from kardia_ctl.cli.private_files import (
    Ours,
    check_writable,
    passes_on,
    private_file,
    resolved,
    write_private,
)
from kardia_ctl.cli.signals import uninterrupted
from kardia_ctl.model.errors import ApiError, InDoubt, RunStopped, Unauthorized
from kardia_ctl.operations.tenant import require_tenant
from kardia_ctl.planning.inputs import Decisions, inputs_of

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session

StoreKey = Callable[[str], None]
"""Stores a key durably, or raises."""

_QUESTION: Final = (
    "Make a new API key? The old key may stop working at once, for everybody who uses it. Saved plans that "
    "were sealed with the old key will be refused."
)


@click.command("rotate-key")
@out_option()
@click.option("--print", "to_stdout", is_flag=True, help="Print the new key to stdout and do not store it.")
@auto_approve_option
@accept_unknown_team_option
@lock_option
@workspace_options
def command(
    out: Path | None,
    to_stdout: bool,
    auto_approve: bool,
    accept_unknown_team: bool,
    lock_timeout: float,
    **options: Any,
) -> int:
    """Make a new API key with the current one, store it, and check that it works.

    The response is the only copy of the new key, so it is stored durably before anything else happens: in the
    keyring, written and read back; or in --out FILE, readable only by you; or on stdout with --print. The
    destination is tested before the request is sent. With a configuration, the state is locked, so that no
    apply runs meanwhile. Afterwards both keys are tried with one safe read, and the result is printed.
    """
    if out is not None and to_stdout:
        raise RunStopped("--out and --print exclude each other: choose one")
    workspace = workspace_from(options, lock_timeout=lock_timeout)
    if not workspace.capabilities.makes_keys:
        raise RunStopped(f"the {workspace.capabilities.dialect} API makes no keys: they come from the vendor")
    key_file = workspace.account.api_key_file
    replaces_key = out is not None and key_file is not None and same_file(out, key_file)
    if out is not None and passes_on(out):
        raise RunStopped(f"--out {out} is not a file, and may not keep the key. Name a file, or use --print")
    if out is not None and not replaces_key:
        check_outputs([Output("--out", out, never)], workspace.inputs, workspace.private)
    ours = (lambda head: workspace.keys.secret.encode() in head) if replaces_key else never
    lock = workspace.store.lock("rotate-key") if workspace.configured else nullcontext()
    with lock:
        store, where = _destination(workspace, out, ours, to_stdout=to_stdout)
        if workspace.configured:
            _check_tenant(workspace, Decisions(accept_unknown_team=accept_unknown_team))
        if not confirm(_QUESTION, approved=auto_approve):
            return 1
        with uninterrupted(), key_safe(_safe_place(workspace, out)) as safe:
            key = _renew(workspace, safe)
            _store(key, store, safe)
            print_message(f"The new key is {where}.")  # a signal may end the checks that follow
    if len(key) < SHORTEST:  # it is stored all the same: the answer is its only copy
        print_message(
            f"Warning: the new key is shorter than {SHORTEST} characters; kardia-ctl refuses such keys."
        )
    new = _report(workspace, key)
    _warn_of_old_copies(workspace, out)
    return 0 if new is Check.WORKS else 1


def _check_tenant(workspace: Workspace, decisions: Decisions) -> None:
    """Check that the key is of the expected team: a new key of another tenant may lock that one out."""
    inputs = inputs_of(workspace.configuration, workspace.store.load(), workspace.now, decisions=decisions)
    in_session(workspace, lambda session: require_tenant(session.reader, inputs))


def _destination(
    workspace: Workspace, out: Path | None, ours: Ours, *, to_stdout: bool
) -> tuple[StoreKey, str]:
    """A function that stores the new key, after a trial of its destination, and where the key then is.

    Of an existing file, only one that ``ours`` accepts is replaced.
    """
    if to_stdout:
        check_stdout_kept()
        return print_key, "on stdout alone"
    if out is None:
        name = account_name(workspace.endpoint, workspace.configuration.workspace)
        check_keyring()
        return lambda key: store_key(name, key), "in the keyring"
    check_writable(out)
    warn_if_tracked(out)
    trial = resolved(out).with_name(f".kardia-trial-{secrets.token_hex(8)}")
    with private_file(trial) as opened:
        opened.write(b"a trial\n")
    trial.unlink()
    return lambda key: write_private(out, f"{key}\n".encode(), ours), f"in {out}"


def _safe_place(workspace: Workspace, out: Path | None) -> Path:
    """Where the key is kept until it is stored: on the disk that it is meant for, where that is known."""
    if out is not None:
        return resolved(out).parent
    return workspace.keys.directory if workspace.configured else Path(tempfile.gettempdir())


class Check(Enum):
    """Whether a key works, by one safe read."""

    WORKS = "works"
    REFUSED = "is refused"
    UNKNOWN = "could not be checked"


def _check(workspace: Workspace, key: str) -> Check:
    try:
        in_session(workspace, lambda session: session.reader.templates(), key=key)
    except Unauthorized:
        return Check.REFUSED
    except ApiError:
        return Check.UNKNOWN
    return Check.WORKS


def _renew(workspace: Workspace, safe: KeySafe) -> str:
    """Make a new key. It is on disk, in the safe, before anything else happens.

    Raises:
        RunStopped: the response was lost, and perhaps a key with it; the message says what to do.
        ApiError: no key was made.
    """

    async def renew(session: "Session") -> str:
        key = await session.renew_key()
        safe.keep(key)
        return key

    try:
        return in_session(workspace, renew)
    except InDoubt as error:
        reason = str(error).partition(". Next: ")[0]
        raise RunStopped(f"{reason}. {_advice(_check(workspace, workspace.keys.secret))}") from error


def _advice(old: Check) -> str:
    match old:
        case Check.WORKS:
            return (
                "The old key still works. A new key may have been made and lost: run kardia-ctl rotate-key "
                "again to make another"
            )
        case Check.REFUSED:
            return (
                "The old key is refused: the new one was made, and its only copy is lost. Get it with "
                "kardia-ctl login --email ADDRESS, which needs the account's password, or from the vendor"
            )
        case Check.UNKNOWN:
            return (
                "Whether the old key still works could not be checked. Run kardia-ctl get templates: if it "
                "works, run kardia-ctl rotate-key again; if the key is refused, get the new one with "
                "kardia-ctl login --email ADDRESS"
            )
        case _:
            assert_never(old)


def _store(key: str, store: StoreKey, safe: KeySafe) -> None:
    """Store the key in its destination; if that fails, it stays in the safe, which the error names."""
    try:
        store(key)
    except (RunStopped, OSError) as error:
        safe.keep(key)
        reason = f"stdout could not be written: {error.strerror}" if isinstance(error, OSError) else error
        raise RunStopped(
            f"{reason}. The new key was made and is in {safe.file}, readable only by you: move it to where "
            "it belongs"
        ) from error
    safe.release()


def _report(workspace: Workspace, key: str) -> Check:
    """Check both keys and print the results. Returns that of the new key."""
    new, old = _check(workspace, key), _check(workspace, workspace.keys.secret)
    print_message(f"The new key {new.value}.")
    advice = ": remove it where it is no longer needed" if old is Check.WORKS else ""
    print_message(f"The old key {'still ' if old is Check.WORKS else ''}{old.value}{advice}.")
    return new


def _warn_of_old_copies(workspace: Workspace, out: Path | None) -> None:
    """Warn of places from which the next command would still read the old key."""
    if os.environ.get("KARDIA_API_KEY") == workspace.keys.secret:
        print_message("Warning: KARDIA_API_KEY holds the old key and takes precedence over the keyring.")
    file = workspace.account.api_key_file
    if file is not None and (out is None or out.resolve() != file.resolve()):
        print_message(f"Warning: {file} holds the old key.")
