"""``kardia-ctl sandbox seed|connect|disconnect|record|amend|emit``: what the patients' side does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kardia_ctl.model.errors import RunStopped

_F = TypeVar("_F", bound=Callable[..., Any])
_EVENTS = (
    "newRecording",
    "qtAnalysis",
    "qtResultNotification",
    "newVendorSpecificInterpretation",
    "participantConnected",
    "participantDisconnected",
    "recordingUpdated",
    "symptomsUpdate",
    "activityUpdate",
    "recordingInboxUpdated",
    "connectionEstablished",
)


def _where(command: _F) -> _F:
    """The options that say which sandbox is meant."""
    url = click.option(
        "--url",
        envvar="KARDIA_ENDPOINT",
        show_envvar=True,
        default="http://127.0.0.1:8180",
        show_default=True,
        help="The running sandbox.",
    )
    port = click.option("--port", type=click.IntRange(1, 65535), help="Its port, when it is on 127.0.0.1.")
    return url(port(command))


def _who(command: _F) -> _F:
    """The options that name a patient."""
    return click.option("--mrn", help="The patient, by mrn.")(
        click.option("--patient", metavar="ID", help="The patient, by id.")(command)
    )


def _ask(url: str, port: int | None, action: str, /, **said: Any) -> None:
    """Ask the running sandbox, and print what it answers as JSON."""
    from kardia_ctl.sandbox.control_client import ControlError, ask

    given = {name: value for name, value in said.items() if value not in (None, (), False)}
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    try:
        answer = ask(url if port is None else f"http://127.0.0.1:{port}", action, given)
    except ControlError as error:
        raise RunStopped(f"sandbox {action}: {error}") from error
    click.echo(json.dumps(answer, ensure_ascii=False))


@click.command("seed")
@click.option("--patients", type=click.IntRange(1, 100_000), default=20, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed, the same people.")
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Fill this file instead of a running sandbox.",
)
@_where
def seed_command(patients: int, seed: int, database: Path | None, url: str, port: int | None) -> None:
    """Add invented patients: of four, two are connected and have recordings, one has a code."""
    if database is None:
        _ask(url, port, "seed", patients=patients, seed=seed)
        return
    from kardia_ctl.sandbox.account.account import Account
    from kardia_ctl.sandbox.control.seeding import seed as fill

    with Account(database) as account:
        recordings = fill(account, patients, seed)
    click.echo(json.dumps({"patients": patients, "recordings": recordings}))


@click.command("connect")
@_who
@click.option("--code", help="The connection code, instead of a patient.")
@_where
def connect_command(
    patient: str | None, mrn: str | None, code: str | None, url: str, port: int | None
) -> None:
    """Redeem a connection code, as the patient's application does: pending becomes connected."""
    _ask(url, port, "connect", patient=patient, mrn=mrn, code=code)


@click.command("disconnect")
@_who
@_where
def disconnect_command(patient: str | None, mrn: str | None, url: str, port: int | None) -> None:
    """End a connection from the patient's side."""
    _ask(url, port, "disconnect", patient=patient, mrn=mrn)


@click.command("record")
@_who
@click.option("--determination", default="normal", show_default=True, help="What the algorithm says of it.")
@click.option("--heart-rate", type=click.IntRange(20, 300), help="Beats a minute [default: 65].")
@click.option("--duration", type=click.IntRange(1000, 300_000), help="Milliseconds [default: 30000].")
@click.option("--leads", type=click.Choice(["1", "6"]), default="1", show_default=True)
@click.option("--note", help="What the patient wrote.")
@click.option("--tag", "tags", multiple=True, help="May be repeated.")
@click.option("--symptom", "symptoms", multiple=True, help="May be repeated.")
@click.option("--activity", "activities", multiple=True, help="May be repeated.")
@click.option(
    "--recorded-at", metavar="TIME", help="With its offset: 2026-03-01T08:00:00+01:00 [default: now]."
)
@click.option("--offset-minutes", type=int, help="How far the patient's clock is ahead of UTC.")
@click.option("--screening", is_flag=True, help="Taken at a screening station.")
@_where
def record_command(
    leads: str, heart_rate: int | None, recorded_at: str | None, offset_minutes: int | None, **said: Any
) -> None:
    """Record an ECG, as the patient's application does."""
    url, port = said.pop("url"), said.pop("port")
    said |= {"leads": int(leads), "heartRate": heart_rate, "offsetMinutes": offset_minutes}
    _ask(url, port, "record", recordedAt=recorded_at, **said)


@click.command("amend")
@click.option("--recording", required=True, metavar="ID")
@click.option("--note", help="What the patient wrote.")
@click.option("--tag", "tags", multiple=True, help="May be repeated; replaces the tags.")
@click.option("--symptom", "symptoms", multiple=True, help="May be repeated; replaces the symptoms.")
@click.option("--activity", "activities", multiple=True, help="May be repeated; replaces the activities.")
@_where
def amend_command(**said: Any) -> None:
    """Change a recording's note, tags, symptoms or activities; the callback hears of it."""
    _ask(said.pop("url"), said.pop("port"), "amend", **said)


@click.command("emit")
@click.argument("event", type=click.Choice(_EVENTS))
@_who
@click.option("--recording", metavar="ID", help="[default: the newest one]")
@click.option("--remarks", help="Of newVendorSpecificInterpretation.")
@click.option("--field", "fields", multiple=True, help="Of recordingUpdated: note, tags_data.")
@click.option("--member", help="Of recordingInboxUpdated.")
@click.option("--action", help="Of recordingInboxUpdated: trigger or manual.")
@_where
def emit_command(**said: Any) -> None:
    """Send EVENT to the callback URLs that are set.

    recordingUpdated is the activityUpdate with fieldsUpdated, activityUpdate the one with teamID, and
    connectionEstablished the pro API's POST with an empty body.
    """
    _ask(said.pop("url"), said.pop("port"), "emit", **said)


COMMANDS = (
    seed_command,
    connect_command,
    disconnect_command,
    record_command,
    amend_command,
    emit_command,
)
