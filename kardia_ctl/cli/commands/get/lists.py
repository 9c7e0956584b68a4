"""``kardia-ctl get``, and its lists."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import click

from kardia_ctl.api.records import record_endpoints as endpoints
from kardia_ctl.api.records.record_endpoints import Listing
from kardia_ctl.cli.account.account_workspace import check_shown, workspace_from, workspace_options
from kardia_ctl.cli.account.connection import in_session
from kardia_ctl.cli.commands.get.callback_urls import callback_command, qt_callback_command
from kardia_ctl.cli.commands.get.list_output import (
    form_options,
    is_list,
    limit_option,
    list_options_from,
    print_list,
    since_options,
)
from kardia_ctl.cli.commands.get.patient import (
    NOBODY,
    PatientName,
    custom_option,
    patient_command,
    patient_id,
    patient_options,
)
from kardia_ctl.cli.commands.get.patient_filter import FILTERS, filter_from, filter_options
from kardia_ctl.cli.commands.get.recording import pdf_command, recording_command, report_command
from kardia_ctl.cli.options import Options
from kardia_ctl.cli.outputs import Output, check_outputs
from kardia_ctl.render.records import record_columns as shapes
from kardia_ctl.render.records.record_columns import Shape

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session


@click.group("get")
def command() -> None:
    """Read patients, recordings, documents, logs and teams of the account. Changes nothing.

    Names, birth dates, e-mails, phones and notes are shown on your own terminal, elsewhere only with
    --show-phi. Files (--out) are readable only by you. No configuration is needed: --region or --endpoint,
    and KARDIA_API_KEY, name the account.
    """


command.add_command(patient_command)
command.add_command(recording_command)
command.add_command(pdf_command)
command.add_command(report_command)
command.add_command(callback_command)
command.add_command(qt_callback_command)


@dataclass(frozen=True, slots=True)
class _List:
    """A list that needs nothing but the id of what it belongs to, when ``owner`` names that argument."""

    name: str
    listing: Listing
    shape: Shape
    help: str
    owner: str = ""


_LISTS: Final = (
    _List(
        "screening",
        endpoints.SCREENING,
        shapes.RECORDINGS,
        "List the recordings of the screening stations.",
    ),
    _List(
        "symptoms",
        endpoints.SYMPTOMS,
        shapes.SYMPTOMS,
        "List the symptoms reported with a RECORDING. RECORDING is its id.",
        owner="recording",
    ),
    _List(
        "activity",
        endpoints.ACTIVITY,
        shapes.ACTIVITY,
        "List the activities reported with a RECORDING. RECORDING is its id.",
        owner="recording",
    ),
    _List(
        "logs",
        endpoints.LOGS,
        shapes.LOGS,
        "List the deliveries to the callback URLs, with their errors.",
    ),
    _List(
        "templates",
        endpoints.TEMPLATES,
        shapes.TEMPLATES,
        "List the connection templates. Durations are in days; the API names no currency for prices.",
    ),
    _List("teams", endpoints.TEAMS, shapes.TEAMS, "List the partner's teams, without their secretKey."),
    _List(
        "fields",
        endpoints.FIELDS,
        shapes.FIELDS,
        "List the patient fields of a TEAM. TEAM is its id; columns show which are required or custom.",
        owner="team",
    ),
)


def _add(row: _List) -> None:
    """Add the command of a list to the group."""
    owner = (click.argument(row.owner),) if row.owner else ()
    dated = (since_options, limit_option) if row.shape.time else ()

    @command.command(row.name, help=row.help)
    @Options(*owner, *dated, form_options, workspace_options)
    def _list_command(**options: Any) -> None:
        _print(options, row.listing, row.shape, (options.pop(row.owner),) if row.owner else ())


def _print(
    options: dict[str, Any],
    listing: Listing,
    shape: Shape,
    ids: tuple[str, ...] = (),
    *,
    whose: PatientName = NOBODY,
    custom: bool = False,
    filtered: bool = False,
) -> None:
    """Print a list. If there is one for each patient, ``whose`` names the patient.

    ``filtered`` says that the options may choose some of the patients.
    """
    chosen = {name: options.pop(name) for name in FILTERS} if filtered else {}
    config, out = options["config"], options["out"]
    how, workspace = list_options_from(options), workspace_from(options)
    if chosen:
        how = replace(how, wanted=filter_from({**chosen, "out": out}, workspace, config))
    if how.out is not None:
        check_outputs([Output("--out", how.out, is_list(shape))], workspace.inputs, workspace.private)
    check_shown(workspace, f"{shape.noun}s")

    async def read(session: "Session") -> None:
        records = session.records()
        owner = (await patient_id(workspace, records, whose),) if whose.given else ids
        pages = records.pages(listing, owner, most=how.most, custom=custom)
        await print_list(pages, shape, how, session.scrub)

    in_session(workspace, read)


for each in _LISTS:
    _add(each)


@command.command("patients")
@filter_options
@custom_option
@limit_option
@form_options
@workspace_options
def patients_command(custom: bool, **options: Any) -> None:
    """List the patients, newest first: all of them, those who are not declared, or those of a name.

    Sends ⌈number/500⌉ requests and needs the memory of one page.
    """
    shape = shapes.PATIENTS_WITH_FIELDS if custom else shapes.PATIENTS
    _print(options, endpoints.PATIENTS, shape, custom=custom, filtered=True)


@command.command("recordings")
@patient_options(required=False)
@since_options
@limit_option
@form_options
@workspace_options
def recordings_command(mrn: str | None, identifier: str | None, **options: Any) -> None:
    """List the recordings of all patients, or of one.

    The patient is named by MRN or --id. For the recordings of screening stations: get screening.
    """
    whose = PatientName(mrn, identifier)
    listing = endpoints.RECORDINGS_OF_PATIENT if whose.given else endpoints.RECORDINGS
    _print(options, listing, shapes.RECORDINGS, whose=whose)
