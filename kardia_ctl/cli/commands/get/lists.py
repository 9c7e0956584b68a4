"""``kardia-ctl get``: reading what is there."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kardia_ctl.cli.account.connection import Reach, check_shown, reach_from, reach_options, reached
from kardia_ctl.cli.commands.get.list_output import (
    Wish,
    form_options,
    limit_option,
    print_list,
    since_options,
    wish_from,
)
from kardia_ctl.cli.commands.get.patient import WhoseOptions, patient_command, patient_id, whose_options
from kardia_ctl.cli.commands.get.recording import pdf_command, recording_command, report_command
from kardia_ctl.render.records import record_columns as shapes
from kardia_ctl.render.records.record_columns import Shape

if TYPE_CHECKING:
    from kardia_ctl.api.records.record_endpoints import Listing


@click.group("get")
def command() -> None:
    """Read what is there: patients, recordings, documents, logs, teams. Changes nothing.

    Names, birth dates, e-mails, phones and notes are shown on your own terminal, elsewhere only with
    --show-phi; files (--out) are readable by you alone. A configuration is not needed: --region or
    --endpoint, and KARDIA_API_KEY, name the account.
    """


command.add_command(patient_command)
command.add_command(recording_command)
command.add_command(pdf_command)
command.add_command(report_command)


def _read(
    reach: Reach,
    wish: Wish,
    listing: Callable[[], "Listing"],
    shape: Shape,
    ids: tuple[str, ...] = (),
    *,
    custom: bool = False,
) -> None:
    check_shown(reach, f"{shape.noun}s")

    async def run() -> None:
        async with reached(reach) as session:
            pages = session.records().pages(listing(), ids, most=wish.most, custom=custom)
            await print_list(pages, shape, wish)

    asyncio.run(run())


def _listing(name: str) -> Callable[[], "Listing"]:
    """One of the API's lists; what speaks HTTP is slow to load, and --help does not need it."""

    def find() -> "Listing":
        from kardia_ctl.api.records import record_endpoints

        found: Listing = getattr(record_endpoints, name)
        return found

    return find


@command.command("patients")
@click.option("--custom-fields", "custom", is_flag=True, help="With the account's own fields.")
@limit_option
@form_options
@reach_options
def patients_command(custom: bool, **options: Any) -> None:
    """List the patients, newest first: ⌈number/500⌉ requests, in the memory of one page."""
    wish, reach = wish_from(options), reach_from(options)
    shape = shapes.PATIENTS_WITH_FIELDS if custom else shapes.PATIENTS
    _read(reach, wish, _listing("PATIENTS"), shape, custom=custom)


@command.command("recordings")
@whose_options(required=False)
@since_options
@limit_option
@form_options
@reach_options
def recordings_command(mrn: str | None, identifier: str | None, **options: Any) -> None:
    """List the recordings of all patients, or of one: the patient with this MRN, or with --id.

    Recordings of screening stations are a list of their own: get screening.
    """
    wish, reach = wish_from(options), reach_from(options)
    check_shown(reach, "recordings")
    whose = WhoseOptions(mrn, identifier)
    if whose.nobody:
        _read(reach, wish, _listing("RECORDINGS"), shapes.RECORDINGS)
        return

    async def run() -> None:
        from kardia_ctl.api.records.record_endpoints import RECORDINGS_OF_PATIENT

        async with reached(reach) as session:
            records = session.records()
            found = await patient_id(reach, records, whose)
            await print_list(
                records.pages(RECORDINGS_OF_PATIENT, (found,), most=wish.most), shapes.RECORDINGS, wish
            )

    asyncio.run(run())


@command.command("screening")
@since_options
@limit_option
@form_options
@reach_options
def screening_command(**options: Any) -> None:
    """List the recordings of the screening stations."""
    wish, reach = wish_from(options), reach_from(options)
    _read(reach, wish, _listing("SCREENING"), shapes.RECORDINGS)


@command.command("symptoms")
@click.argument("recording")
@form_options
@reach_options
def symptoms_command(recording: str, **options: Any) -> None:
    """List the symptoms that the patient reported right after the RECORDING with this id."""
    wish, reach = wish_from(options), reach_from(options)
    _read(reach, wish, _listing("SYMPTOMS"), shapes.SYMPTOMS, (recording,))


@command.command("activity")
@click.argument("recording")
@form_options
@reach_options
def activity_command(recording: str, **options: Any) -> None:
    """List what the patient was doing at the RECORDING with this id."""
    wish, reach = wish_from(options), reach_from(options)
    _read(reach, wish, _listing("ACTIVITY"), shapes.ACTIVITY, (recording,))


@command.command("logs")
@since_options
@limit_option
@form_options
@reach_options
def logs_command(**options: Any) -> None:
    """List the deliveries to the callback URLs, with what went wrong."""
    wish, reach = wish_from(options), reach_from(options)
    _read(reach, wish, _listing("LOGS"), shapes.LOGS)


@command.command("templates")
@form_options
@reach_options
def templates_command(**options: Any) -> None:
    """List the connection templates: durations in days, prices in a currency that the API does not name."""
    wish, reach = wish_from(options), reach_from(options)
    _read(reach, wish, _listing("TEMPLATES"), shapes.TEMPLATES)


@command.command("teams")
@form_options
@reach_options
def teams_command(**options: Any) -> None:
    """List the partner's teams. Their secretKey is never shown."""
    wish, reach = wish_from(options), reach_from(options)
    _read(reach, wish, _listing("TEAMS"), shapes.TEAMS)


@command.command("fields")
@click.argument("team")
@form_options
@reach_options
def fields_command(team: str, **options: Any) -> None:
    """List the fields that a patient of this TEAM (its id) has: which are required, which are its own."""
    wish, reach = wish_from(options), reach_from(options)
    _read(reach, wish, _listing("FIELDS"), shapes.FIELDS, (team,))
