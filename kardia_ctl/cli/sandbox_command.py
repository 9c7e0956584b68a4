"""``kardia-ctl sandbox``."""

import json
from pathlib import Path
from typing import Any

import click

from kardia_ctl.cli.failure import refuse


@click.group("sandbox")
def command() -> None:
    """An embedded Kardia API, to try things on and to build against."""


@command.command("serve")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8180, show_default=True, help="0 picks a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback only, unless you know better.")
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the account in this SQLite file (default: in memory).",
)
@click.option("--api-key", envvar="KARDIA_API_KEY", show_envvar=True, help="The key to accept.")
@click.option("--empty", is_flag=True, help="Start anew: what the database held is removed.")
@click.option("--patients", type=click.IntRange(0), default=0, help="Start with this many invented patients.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Makes the invented patients repeatable."
)
@click.option(
    "--quirk",
    "quirks",
    multiple=True,
    metavar="NAME=VALUE",
    help="Read an open point of the documents in this way, e.g. duplicate_mrn=409, envelope=data.",
)
@click.option(
    "--faults", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A JSON file of faults."
)
def serve_command(
    port: int,
    host: str,
    database: Path | None,
    api_key: str | None,
    empty: bool,
    patients: int,
    seed: int,
    quirks: tuple[str, ...],
    faults: Path | None,
) -> None:
    """Serve the v1 API until it is stopped, and print its URL.

    \b
    In another terminal:
        export KARDIA_ENDPOINT=http://127.0.0.1:8180 KARDIA_API_KEY=sandbox-key
        kardia-ctl plan
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from kardia_ctl.sandbox import API_KEY, Account, Faults, Quirks, create_app, serve

    try:
        reading = Quirks.from_mapping(dict(_quirk(text) for text in quirks))
        wrong = Faults.from_mapping({} if faults is None else json.loads(faults.read_bytes()))
    except ValueError as error:
        raise refuse(str(error)) from error
    if empty and database is not None:
        for suffix in ("", "-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
    with Account(":memory:" if database is None else database) as account:
        if api_key and not account.accepts_key(api_key):
            account.add_key(api_key)
        if patients:
            account.seed_patients(patients, seed)
        try:
            serve(
                create_app(account, reading, wrong),
                host=host,
                port=port,
                on_ready=lambda url: click.echo(f"{url}  (API key: {'as given' if api_key else API_KEY})"),
            )
        except OSError as error:
            raise refuse(f"{host}:{port} cannot be served on: {error.strerror}; try --port 0") from error


def _quirk(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not mark:
        raise refuse(f"--quirk {text}: write NAME=VALUE")
    try:
        number = json.loads(value)
    except ValueError:
        return name, value
    whole = isinstance(number, (int, float)) and name not in _WORDS
    return name, number if whole else value


_WORDS = ("duplicate_mrn", "unset_callback", "create_status")
