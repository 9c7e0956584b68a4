"""``kardia-ctl sandbox seed|connect|disconnect|edit|record|amend|emit``: act as patients and the clinic."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.options import FILE, Options
from kardia_ctl.cli.output.console import print_json
from kardia_ctl.cli.outputs import Output, check_outputs, starts_with
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.sandbox.account.webhook_events import WebhookEvent

_url_options: Final = Options(
    click.option(
        "--port",
        type=click.IntRange(1, 65535),
        help="The running sandbox's port on 127.0.0.1, instead of --url.",
    ),
    click.option(
        "--url",
        envvar="KARDIA_ENDPOINT",
        show_envvar=True,
        default="http://127.0.0.1:8180",
        show_default=True,
        help="The running sandbox's URL.",
    ),
)
_patient_options: Final = Options(
    click.option("--mrn", help="The patient's mrn."),
    click.option("--patient", metavar="ID", help="The patient's id."),
)
_recording_options: Final = Options(
    click.option("--note", help="The patient's note."),
    click.option("--tag", "tags", multiple=True, help="A tag; may be repeated."),
    click.option("--symptom", "symptoms", multiple=True, help="A symptom; may be repeated."),
    click.option("--activity", "activities", multiple=True, help="An activity; may be repeated."),
)


def _ask(url: str, port: int | None, action: str, /, **members: Any) -> None:
    """Send a control request to the running sandbox, and print its response as JSON."""
    from kardia_ctl.sandbox.control_client import ControlError, ask

    given = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in members.items()
        if value is not None and value is not False and value != ()  # 0 is a value: a sex, an offset
    }
    try:
        answer = ask(url if port is None else f"http://127.0.0.1:{port}", action, given)
    except ControlError as error:
        raise RunStopped(f"sandbox {action}: {error}") from error
    print_json(answer)


def check_database(file: Path) -> None:
    """Refuse a file that is no sandbox's database: its tables would be written into it, or it would be reset.

    Raises:
        RunStopped: it is something else.
    """
    check_outputs([Output("--database", file, starts_with("SQLite format 3\0"))])
    if file.is_file() and file.stat().st_size:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        if rows and not {"meta", "patients", "requests"} <= {name for (name,) in rows}:
            raise RunStopped(f"--database {file} is a database of something else. Choose another name")


@click.command("seed")
@click.option(
    "--patients",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="The number of patients to add.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="The seed of the invented data; equal seeds give equal patients.",
)
@click.option(
    "--database",
    type=FILE,
    help="Fill this file instead of a running sandbox.",
)
@_url_options
def seed_command(patients: int, seed: int, database: Path | None, url: str, port: int | None) -> None:
    """Add invented patients: of every four, two are connected and have recordings, and one has a code."""
    if database is None:
        _ask(url, port, "seed", patients=patients, seed=seed)
        return
    from kardia_ctl.sandbox.account.account import Account
    from kardia_ctl.sandbox.control.seeding import seed as fill

    check_database(database)
    with Account(database) as account:
        recordings = fill(account, patients, seed)
    print_json({"patients": patients, "recordings": recordings})


@click.command("connect")
@_patient_options
@click.option("--code", help="The connection code, instead of the patient.")
@_url_options
def connect_command(
    patient: str | None, mrn: str | None, code: str | None, url: str, port: int | None
) -> None:
    """Redeem a connection code, as the patient's application does: pending becomes connected."""
    _ask(url, port, "connect", patient=patient, mrn=mrn, code=code)


@click.command("disconnect")
@_patient_options
@_url_options
def disconnect_command(patient: str | None, mrn: str | None, url: str, port: int | None) -> None:
    """End a connection, as the patient's application does."""
    _ask(url, port, "disconnect", patient=patient, mrn=mrn)


@click.command("edit")
@_patient_options
@click.option("--new-mrn", metavar="MRN", help="Another mrn.")
@click.option("--dob", metavar="DATE", help="Another birth date.")
@click.option("--email", help="Another e-mail address.")
@click.option("--firstname", help="Another first name.")
@click.option("--lastname", help="Another last name.")
@click.option("--sex", type=click.Choice(["0", "1", "2", "9"]), help="Another sex (ISO/IEC 5218).")
@_url_options
def edit_command(sex: str | None, new_mrn: str | None, **members: Any) -> None:
    """Change what Kardia has of a patient, as a person in the vendor's application does."""
    url, port = members.pop("url"), members.pop("port")
    members |= {"newMrn": new_mrn, "sex": None if sex is None else int(sex)}
    _ask(url, port, "edit", **members)


@click.command("record")
@_patient_options
@click.option("--determination", default="normal", show_default=True, help="The algorithm's result.")
@click.option("--heart-rate", type=click.IntRange(20, 300), help="Beats per minute [default: 65].")
@click.option("--duration", type=click.IntRange(1000, 300_000), help="Milliseconds [default: 30000].")
@click.option(
    "--leads", type=click.Choice(["1", "6"]), default="1", show_default=True, help="Number of leads."
)
@_recording_options
@click.option(
    "--recorded-at", metavar="TIME", help="With an offset, as 2026-03-01T08:00:00+01:00 [default: now]."
)
@click.option("--offset-minutes", type=int, help="Minutes by which the patient's clock is ahead of UTC.")
@click.option("--screening", is_flag=True, help="Record at a screening station.")
@_url_options
def record_command(
    leads: str, heart_rate: int | None, recorded_at: str | None, offset_minutes: int | None, **members: Any
) -> None:
    """Record an ECG, as the patient's application does."""
    url, port = members.pop("url"), members.pop("port")
    members |= {"leads": int(leads), "heartRate": heart_rate, "offsetMinutes": offset_minutes}
    _ask(url, port, "record", recordedAt=recorded_at, **members)


@click.command("amend")
@click.option("--recording", required=True, metavar="ID", help="The recording's id.")
@_recording_options
@_url_options
def amend_command(**members: Any) -> None:
    """Replace a recording's note, tags, symptoms or activities, and notify the callback."""
    _ask(members.pop("url"), members.pop("port"), "amend", **members)


@click.command("emit")
@click.argument("event", type=click.Choice([event.value for event in WebhookEvent]))
@_patient_options
@click.option("--recording", metavar="ID", help="The recording's id [default: the newest recording].")
@click.option("--remarks", help="Remarks of newVendorSpecificInterpretation.")
@click.option("--field", "fields", multiple=True, help="Field of recordingUpdated: note, tags_data.")
@click.option("--member", help="Member id of recordingInboxUpdated.")
@click.option("--action", help="Action of recordingInboxUpdated: trigger or manual.")
@_url_options
def emit_command(**members: Any) -> None:
    """Send EVENT to the callback URLs of the account.

    recordingUpdated is the activityUpdate with fieldsUpdated, activityUpdate the one with teamID, and
    connectionEstablished the pro API's POST with an empty body.
    """
    _ask(members.pop("url"), members.pop("port"), "emit", **members)


COMMANDS = (
    seed_command,
    connect_command,
    disconnect_command,
    edit_command,
    record_command,
    amend_command,
    emit_command,
)
