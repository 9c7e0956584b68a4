"""``kardia-ctl rotate-key``."""

import asyncio
import os
import secrets
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from kardia_ctl.cli.account.connection import Reach, reach_from, reach_options, reached
from kardia_ctl.cli.account.keyring import account_name, check_keyring, keep_key
from kardia_ctl.cli.commands.get.list_output import out_option
from kardia_ctl.cli.options import lock_option
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.prompt import confirm
from kardia_ctl.cli.private_files import check_writable, private_file, write_private
from kardia_ctl.model.errors import ApiError, InDoubt, RunStopped, Unauthorized

Keep = Callable[[str], None]
"""Makes a key durable, or raises."""

_QUESTION = (
    "Make a new API key? The old one may stop working at once: whoever else uses it needs the new one. Plans "
    "that were sealed with a key made from the old one are refused afterwards."
)


@click.command("rotate-key")
@out_option()
@click.option("--print", "to_stdout", is_flag=True, help="Print the new key to stdout and keep it nowhere.")
@click.option("--auto-approve", is_flag=True, help="Do not ask first.")
@lock_option
@reach_options
def command(
    out: Path | None, to_stdout: bool, auto_approve: bool, lock_timeout: float, **options: Any
) -> int:
    """Make a new API key with the present one, keep it, and see that it works.

    The answer is the new key's only copy, so it is durable before anything else happens: in the keyring,
    written and read back; or in --out FILE, readable by you alone and on disk; or on stdout with --print.
    That the place can be written is seen before the request leaves. With a configuration, the state's lock
    is held, so that no apply runs meanwhile. Whether the old key still works is looked up and said.
    """
    if out is not None and to_stdout:
        raise RunStopped("--out and --print are two places for the new key: choose one")
    reach = reach_from(options)
    if not reach.can.makes_keys:
        raise RunStopped(f"the {reach.can.dialect} API makes no keys: they come from the vendor")
    with _locked(reach, lock_timeout), _place(reach, out, to_stdout=to_stdout) as keep:
        if not confirm(_QUESTION, approved=auto_approve):
            click.echo("Nothing was done.", err=True)
            return 1
        with _undisturbed():
            key = asyncio.run(_renewed(reach))
            _kept(key, keep)
    code = asyncio.run(_look(reach, key))
    _warn_of_old_copies(reach, out)
    return code


def _locked(reach: Reach, timeout: float) -> AbstractContextManager[None]:
    if not reach.configured:
        return nullcontext()
    from kardia_ctl.state import open_store

    there = reach.configuration
    store = open_store(there.state, there.root, there.workspace, lock_timeout=timeout)
    return store.lock("rotate-key")


@contextmanager
def _place(reach: Reach, out: Path | None, *, to_stdout: bool) -> Iterator[Keep]:
    """Where the new key goes, once it is sure that it can go there."""
    if to_stdout:
        yield click.echo
    elif out is None:
        name = account_name(reach.endpoint, reach.configuration.workspace)
        check_keyring()
        yield lambda key: keep_key(name, key)
    else:
        check_writable(out)
        with private_file(out.with_name(f".{out.name}.trial")) as trial:
            trial.write(b"a trial\n")
        out.with_name(f".{out.name}.trial").unlink()
        yield lambda key: write_private(out, f"{key}\n".encode())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Neither Ctrl-C nor SIGTERM comes between the request and the key's being kept."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(one, signal.SIG_IGN) for one in signals]
    try:
        yield
    finally:
        for one, handler in zip(signals, before, strict=True):
            signal.signal(one, handler)


async def _renewed(reach: Reach) -> str:
    async with reached(reach) as session:
        try:
            return await session.renew_key()
        except InDoubt as error:
            seen = str(error).partition(". Next: ")[0]
            raise RunStopped(f"{seen}. {_advice(await _works(reach, reach.key))}") from error


def _advice(old_works: bool | None) -> str:
    """What to do when the answer, and with it perhaps a key, was lost."""
    match old_works:
        case True:
            return (
                "The old key still works. A key may have been made that nobody has: run kardia-ctl "
                "rotate-key again, which makes another"
            )
        case False:
            return (
                "The old key is refused: the new one was made, and its only copy is lost. Get it with "
                "kardia-ctl login --email ADDRESS, which needs the account's password, or from the vendor"
            )
        case _:
            return (
                "Whether the old key still works could not be told. Try kardia-ctl get templates: when it "
                "works, run kardia-ctl rotate-key again; when the key is refused, get the new one with "
                "kardia-ctl login --email ADDRESS"
            )


def _kept(key: str, keep: Keep) -> None:
    """Make the key durable: where it was to go, else in a private file that is named."""
    try:
        keep(key)
    except (RunStopped, OSError) as error:
        file = Path(tempfile.gettempdir()) / f"kardia-key-{secrets.token_hex(8)}"
        write_private(file, f"{key}\n".encode())
        raise RunStopped(
            f"{error}. The new key exists, and is in {file}, readable by you alone: move it to where it "
            "belongs, and remove that file"
        ) from error


async def _works(reach: Reach, key: str) -> bool | None:
    """Whether a key is accepted: one safe read; None when that could not be told."""
    try:
        async with reached(replace(reach, key=key)) as session:
            await session.reader.templates()
    except Unauthorized:
        return False
    except ApiError:
        return None
    return True


async def _look(reach: Reach, key: str) -> int:
    new, old = await _works(reach, key), await _works(reach, reach.key)
    said = {True: "works", False: "is refused", None: "was kept; whether it works could not be told"}
    print_message(f"The new key {said[new]}.")
    print_message(
        "The old key still works: remove it where it is no longer needed."
        if old
        else "The old key is refused from now on."
        if old is False
        else "Whether the old key still works could not be told."
    )
    return 0 if new else 1


def _warn_of_old_copies(reach: Reach, out: Path | None) -> None:
    """Say where the next command would still find the old key."""
    if os.environ.get("KARDIA_API_KEY") == reach.key:
        print_message("Warning: KARDIA_API_KEY holds the old key, and is taken before the keyring.")
    file = reach.where.api_key_file
    if file is not None and (out is None or out.resolve() != file.resolve()):
        print_message(f"Warning: {file} holds the old key.")
