"""``kardia-ctl sandbox``, and ``sandbox serve``."""

import json
import signal
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kardia_ctl.cli.commands.sandbox.control import COMMANDS, check_database
from kardia_ctl.cli.interrupts import reacting
from kardia_ctl.cli.options import FILE
from kardia_ctl.cli.output.console import print_message, print_piece
from kardia_ctl.hosts import Host, InvalidHost, parse_authority
from kardia_ctl.model.errors import RunStopped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kardia_ctl.sandbox.account.account import Account
    from kardia_ctl.sandbox.faults.faults import Faults
    from kardia_ctl.sandbox.quirks import Quirks

_FEW = 5


@click.group("sandbox")
def command() -> None:
    """Serve an embedded Kardia API, for trials and for development, and act as its patients."""


for each in COMMANDS:
    command.add_command(each)


@command.command("serve")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8180,
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on. Other machines can reach any address but loopback.",
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME[:PORT]",
    help="Also answer requests whose Host is this, such as a container's name; may be repeated.",
)
@click.option(
    "--database",
    type=FILE,
    help="Store the account in this SQLite file (default: in memory).",
)
@click.option("--reset", is_flag=True, help="Delete the database first.")
@click.option(
    "--api-key",
    envvar="KARDIA_API_KEY",
    show_envvar=True,
    help="The only key that a new account accepts (default: sandbox-key).",
)
@click.option("--empty", is_flag=True, help="Start without invented patients.")
@click.option(
    "--patients",
    type=click.IntRange(0),
    help=f"Add this many invented patients (default: {_FEW} in a new account).",
)
@click.option(
    "--from",
    "twin",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Start a new account with the invented twin that kardia-ctl import --sanitize wrote into DIR.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="The seed of the invented data; equal seeds give equal patients.",
)
@click.option(
    "--quirk",
    "quirks",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a behaviour that the API's documents leave open, e.g. duplicate_mrn=409; may be repeated.",
)
@click.option(
    "--no-data-controller",
    is_flag=True,
    help="Refuse deletes and exports with 403, as for a key without Data Controller access.",
)
@click.option("--deliver-anywhere", is_flag=True, help="Send webhooks to other machines as well.")
@click.option(
    "--faults",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Inject the faults of this JSON file, e.g. "
    '{"rules": [{"kind": "error", "status": 500, "methods": ["POST"], "times": 1}]}.',
)
def serve_command(
    port: int,
    host: str,
    names: tuple[str, ...],
    database: Path | None,
    reset: bool,
    api_key: str | None,
    empty: bool,
    patients: int | None,
    twin: Path | None,
    seed: int,
    quirks: tuple[str, ...],
    no_data_controller: bool,
    deliver_anywhere: bool,
    faults: Path | None,
) -> None:
    """Serve both APIs until stopped; the first line of output is the URL.

    The key is accepted as Basic user name, as bearer token and bare. Webhooks go to the account's callback
    URLs on this machine. Only requests whose Host is this machine with the served port are answered, and none
    that a browser sends for a page of another site.

    \b
    In another terminal:
        export KARDIA_ENDPOINT=http://127.0.0.1:8180 KARDIA_API_KEY=sandbox-key
        kardia-ctl plan
        kardia-ctl sandbox connect --mrn CL-0001042
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from kardia_ctl.sandbox.app import create_app
    from kardia_ctl.sandbox.server import serve
    from kardia_ctl.sandbox.webhook_sender import delivering

    if empty and patients:
        raise RunStopped("--empty and --patients exclude each other: choose one")
    if twin is not None and (empty or patients):
        raise RunStopped("--from says who is in the account: leave --empty and --patients out")
    admitted = [_authority(name) for name in names]
    switches, rules = _behaviour(quirks, faults, no_data_controller=no_data_controller)
    if database is not None:
        check_database(database)
    if reset and database is not None:
        for suffix in ("", "-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
    with _account(database, api_key) as account:
        if twin is None:
            _fill(account, 0 if empty else patients, seed)
        else:
            _start_with(account, twin)
        try:
            with delivering(account, anywhere=deliver_anywhere), reacting(_as_sigterm):
                serve(
                    create_app(account, switches, rules),
                    host=host,
                    port=port,
                    on_ready=lambda url: _announce(url, given=api_key is not None),
                    names=admitted,
                )
        except OSError as error:
            raise RunStopped(f"cannot listen on {host}:{port}: {error.strerror}. Try --port 0") from error


def _authority(text: str) -> tuple[Host, int | None]:
    try:
        return parse_authority(text)
    except InvalidHost as error:
        raise RunStopped(f"--allow-host {text}: {error}. Write NAME or NAME:PORT") from error


def _as_sigterm(_: str, __: bool) -> None:
    """SIGHUP ends the server as SIGTERM does, which uvicorn handles itself."""
    signal.raise_signal(signal.SIGTERM)


def _announce(url: str, *, given: bool) -> None:
    from kardia_ctl.sandbox.data.invented import API_KEY, LOGIN_EMAIL, LOGIN_PASSWORD

    print_piece(f"{url}\n")
    key = "as given" if given else API_KEY
    print_message(f"API key: {key}; its login: {LOGIN_EMAIL}, {LOGIN_PASSWORD}")


def _behaviour(
    quirks: tuple[str, ...], faults: Path | None, *, no_data_controller: bool
) -> tuple["Quirks", "Faults"]:
    from kardia_ctl.sandbox.faults.faults import Faults
    from kardia_ctl.sandbox.quirks import SERVED, Quirks

    withheld = {"data_controller": "withheld"} if no_data_controller else {}
    try:
        switches = Quirks.from_mapping({**SERVED, **withheld, **dict(_quirk(text) for text in quirks)})
        rules = Faults.from_mapping({} if faults is None else json.loads(faults.read_bytes()))
    except ValueError as error:
        raise RunStopped(str(error)) from error
    return switches, rules


@contextmanager
def _account(database: Path | None, api_key: str | None) -> "Iterator[Account]":
    from kardia_ctl.sandbox.account.account import Account
    from kardia_ctl.sandbox.data.invented import API_KEY

    key = api_key or API_KEY
    with Account(":memory:" if database is None else database, api_key=key) as account:
        if api_key and not account.keys.accepts(api_key):
            account.keys.add(api_key)
        yield account


def _fill(account: "Account", patients: int | None, number: int) -> None:
    from kardia_ctl.sandbox.control.seeding import seed

    count = (_FEW if account.is_new else 0) if patients is None else patients
    if count:
        seed(account, count, number)


def _start_with(account: "Account", twin: Path) -> None:
    from kardia_ctl.sandbox.control.given_account import start_with

    try:
        start_with(account, twin)
    except ValueError as error:
        raise RunStopped(f"--from {twin}: {error}. Name one of import --sanitize, or add --reset") from error


def _quirk(text: str) -> tuple[str, Any]:
    """NAME=VALUE; the value is a word for a choice, else a number."""
    from kardia_ctl.sandbox.quirks import Quirks

    name, mark, value = text.partition("=")
    if not mark:
        raise RunStopped(f"--quirk {text}: write NAME=VALUE")
    if isinstance(getattr(Quirks(), name, None), Enum):
        return name, value
    try:
        number = json.loads(value)
    except ValueError:
        return name, value
    return name, number if isinstance(number, (int, float)) else value
