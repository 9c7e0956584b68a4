"""``state rekey``."""

import os
from dataclasses import replace
from pathlib import Path

import click

from kardia_ctl.cli.account.fingerprint_key import state_key
from kardia_ctl.cli.account.key_at_hand import SEALED_KEY
from kardia_ctl.cli.account.keys import Keys, key_in
from kardia_ctl.cli.account.sealed_key import made_key
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.commands.state.noted import note
from kardia_ctl.cli.commands.state.opening import opened_workspace, sandbox_option
from kardia_ctl.cli.options import FILE, auto_approve_option, lock_option, path_argument
from kardia_ctl.cli.output.console import print_line
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.fingerprints import key_check
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.text import count_of
from kardia_ctl.state.files import make_directories
from kardia_ctl.state.open import open_store
from kardia_ctl.state.rekey import Rekeying, is_encrypted, keyed_apart, rekey
from kardia_ctl.state.state_store import StateStore

_VARIABLE = "KARDIA_STATE_ENCRYPTION_KEY"


@click.command("rekey")
@path_argument
@click.option("--new-key-file", type=FILE, help="Encrypt with the key in this file from now on.")
@click.option("--plain", is_flag=True, help="Decrypt the state.")
@click.option(
    "--for-recipients",
    is_flag=True,
    help=f"Encrypt with the key in {SEALED_KEY}, which is made for the declared recipients.",
)
@sandbox_option
@auto_approve_option
@lock_option
def rekey_command(
    path: Path,
    new_key_file: Path | None,
    plain: bool,
    for_recipients: bool,
    sandbox: bool,
    auto_approve: bool,
    lock_timeout: float,
) -> int:
    """Encrypt the state, or change its key. PATH is the configuration (default: this directory).

    Without options, a state that is not encrypted yet is encrypted with the key in
    KARDIA_STATE_ENCRYPTION_KEY. Make one with: openssl rand -hex 32

    With --new-key-file, the state is read with the key in KARDIA_STATE_ENCRYPTION_KEY and encrypted with the
    one in the file. Then put that one into the variable, on every runner.

    With --for-recipients, the key is in state-key.age beside kardia.yaml, encrypted for the recipients that
    are declared there. Commit that file: whoever has an age identity of a recipient needs no other key.

    The snapshots beside the state get the same key. Nobody appears as changed afterwards. When it is
    interrupted, the state has its old key or its new one, and is whole: run it again. Copies of the state
    that were made before (backups, caches, commits) stay as they are.
    """
    if sum((plain, new_key_file is not None, for_recipients)) > 1:
        raise RunStopped("--plain, --new-key-file and --for-recipients exclude each other: leave one out")
    if for_recipients and sandbox:
        raise RunStopped("--for-recipients is for the account's state, not for the sandbox's")
    workspace = opened_workspace(path, sandbox=sandbox, lock_timeout=lock_timeout)
    encrypted = is_encrypted(workspace.store.image())
    if plain and not encrypted:
        print_line(f"The state {workspace.store.place} is not encrypted: there is nothing to do.")
        return 0
    present = workspace.keys.encryption() if encrypted else b""
    workspace = _opened_with(workspace, present, lock_timeout)
    if for_recipients:
        new = made_key(workspace.configuration.root, workspace.configuration.recipients, os.environ)
    else:
        new = b"" if plain else _new_root(workspace.keys, new_key_file)
    change = Rekeying(present, new)
    state_key(workspace, workspace.store.load())
    change = replace(change, fingerprints=workspace.store.fingerprint_secret() or workspace.keys.own_secret())
    if plain and not _is_to_be_plain(workspace, change, approved=auto_approve):
        return 1
    store = workspace.store
    apart = keyed_apart(store, change, key_check(workspace.keys.fingerprints()))
    with store.lock("state rekey"):
        kept = rekey(store, change)
        note(workspace, "state rekey")
    if for_recipients:
        _print_sealed(workspace)
    else:
        _print_done(store, new_key_file, change, encrypted=encrypted)
    for name in apart:
        print_line(
            f"Workspace {name} was recorded with a key of its own, and still needs it: "
            "KARDIA_STATE_KEY, or its .kardia/key."
        )
    for name in kept:
        print_line(f"The snapshot {name} opens with neither key, and stays as it is.")
    return 0


def _opened_with(workspace: Workspace, present: bytes, lock_timeout: float) -> Workspace:
    """The workspace with its state as it is now: encrypted, or not yet."""
    configuration = workspace.configuration
    store = open_store(
        configuration.state,
        configuration.root,
        configuration.workspace,
        lock_timeout=lock_timeout,
        encryption_key=present,
    )
    keys = replace(workspace.keys, stored=store.fingerprint_secret)
    return replace(workspace, keys=keys, open_store=lambda: store)


def _new_root(keys: Keys, file: Path | None) -> bytes:
    root = keys.encryption() if file is None else key_in(file)
    if not root:
        raise RunStopped(
            "there is no key to encrypt the state with. Next: make one with openssl rand -hex 32, keep it "
            f"where your secrets are, and set {_VARIABLE} to it"
        )
    return root


def _is_to_be_plain(workspace: Workspace, change: Rekeying, *, approved: bool) -> bool:
    """Whether a person wants it; the key of the fingerprints, which leaves the state, is then in its file.

    Raises:
        RunStopped: another key is where it would be looked for.
    """
    keys, place = workspace.keys, workspace.store.place
    own = keys.own_secret()
    if own not in (b"", change.fingerprints):
        raise RunStopped(
            f"{keys.source()} holds another key than the state {place}, and would be used once that is not "
            "encrypted. Next: unset it, or move it away, and run this again: it writes the right one"
        )
    if not confirm(f"Store the mrns in {place} unencrypted?", approved=approved):
        return False
    if not own:
        make_directories(keys.directory)
        write_private(keys.key_file, change.fingerprints)
        print_line(f"Wrote the key of the state's fingerprints to {keys.key_file}: keep it.")
    return True


def _print_sealed(workspace: Workspace) -> None:
    file = workspace.configuration.root / SEALED_KEY
    count = count_of(len(workspace.configuration.recipients), "declared recipient")
    print_line(
        f"The state {workspace.store.place} is encrypted with the key in {file}, which is for {count}. Next: "
        f"commit that file, and remove {_VARIABLE} on every runner."
    )


def _print_done(store: StateStore, file: Path | None, change: Rekeying, *, encrypted: bool) -> None:
    if not change.root:
        print_line(f"The state {store.place} is not encrypted any more. Next: remove {_VARIABLE}.")
    elif file is not None:
        print_line(
            f"The state {store.place} is encrypted with the key in {file}. Next: put that key into "
            f"{_VARIABLE} on every runner; one that has another key stops before it sends anything."
        )
    else:
        again = " anew" if encrypted else ""
        print_line(
            f"The state {store.place} is encrypted{again} with the key in {_VARIABLE}. Keep that key: "
            "without it nobody can read the state."
        )
