"""``kardia-ctl get patient``, and who an mrn is: by state in one read, else by the whole list."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kardia_ctl.cli.account.connection import Reach, check_shown, reach_from, reach_options, reached
from kardia_ctl.cli.commands.get.list_output import out_option, show_phi_option, shows_phi
from kardia_ctl.cli.output.console import print_message, print_result
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.records.listing import json_line, record_text
from kardia_ctl.render.records.record_columns import PATIENTS, PATIENTS_WITH_FIELDS
from kardia_ctl.render.records.visibility import seen
from kardia_ctl.render.text import count_of

if TYPE_CHECKING:
    from kardia_ctl.api.records.decode_rows import Row
    from kardia_ctl.api.records.record_reader import Records

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class WhoseOptions:
    """The patient that a command line names: by mrn, by id, or not at all."""

    mrn: str | None
    identifier: str | None

    def __post_init__(self) -> None:
        if self.mrn is not None and self.identifier is not None:
            raise RunStopped("an mrn and --id are two names of a patient: give one")

    @property
    def nobody(self) -> bool:
        """Whether no patient is named."""
        return self.mrn is None and self.identifier is None


def whose_options(*, required: bool = True) -> Callable[[Command], Command]:
    """MRN and --id. Which of them, if any, is looked at by ``WhoseOptions``."""

    def decorate(command: Command) -> Command:
        command = click.option(
            "--id", "identifier", metavar="ID", help="The patient's id in Kardia, instead of the mrn."
        )(command)
        return click.argument("mrn", required=False, metavar="MRN" if required else "[MRN]")(command)

    return decorate


@click.command("patient")
@whose_options()
@click.option("--custom-fields", "custom", is_flag=True, help="With the account's own fields.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
@out_option()
@show_phi_option()
@reach_options
def patient_command(
    mrn: str | None, identifier: str | None, custom: bool, as_json: bool, **options: Any
) -> None:
    """Show one patient: the one with this MRN, or with --id.

    With --id, or when the configuration's state knows the mrn, it is one request. Otherwise the whole list is
    read, ⌈number/500⌉ requests, because two patients may have one mrn. stderr says how many it were.
    """
    out = options.pop("out")
    show_phi = shows_phi(out, asked=options.pop("show_phi"))
    reach = reach_from(options)
    check_shown(reach, "patients")
    row = asyncio.run(_find(reach, WhoseOptions(mrn, identifier), custom=custom))
    shape = PATIENTS_WITH_FIELDS if custom else PATIENTS
    found = seen(row, shape, str, show_phi=show_phi)
    text = f"{json_line(found)}\n" if as_json else record_text(found, shape)
    if out is None:
        print_result(text)
    else:
        write_private(out, text.encode())


async def _find(reach: Reach, whose: WhoseOptions, *, custom: bool) -> "Row":
    async with reached(reach) as session:
        found = await find_patient(reach, session.records(), whose, custom=custom)
        print_message(f"{count_of(session.requests, 'request')}.")
        return found


async def patient_id(reach: Reach, records: "Records", whose: WhoseOptions) -> str:
    """The id of the patient that was named; by --id without asking anybody.

    Raises:
        RunStopped: nobody has the mrn, or two have.
    """
    if whose.identifier is not None:
        return whose.identifier
    return str((await find_patient(reach, records, whose)).get("id") or "")


async def find_patient(
    reach: Reach, records: "Records", whose: WhoseOptions, *, custom: bool = False
) -> "Row":
    """The patient that was named.

    Raises:
        RunStopped: nobody is named, nobody is there, or two have the mrn.
    """
    if whose.identifier is not None:
        found = await records.patient(whose.identifier, custom=custom)
        if found is None:
            raise RunStopped("no patient has this id in this account. Check the id and the region")
        return found
    if whose.mrn is None:
        raise RunStopped("name the patient: an mrn, or --id ID")
    return await _known(reach, records, whose.mrn, custom=custom) or await _listed(
        records, whose.mrn, custom=custom
    )


async def _known(reach: Reach, records: "Records", mrn: str, *, custom: bool) -> "Row | None":
    """The patient by the id that state has, as long as it still carries the mrn."""
    if not reach.configured:
        return None
    from kardia_ctl.state import open_store

    configuration = reach.configuration
    store = open_store(configuration.state, configuration.root, configuration.workspace)
    try:
        record = store.load().patients.get(mrn)
    finally:
        store.close()
    found = await records.patient(record.id, custom=custom) if record else None
    return found if found is not None and str(found.get("mrn")) == mrn else None


async def _listed(records: "Records", mrn: str, *, custom: bool) -> "Row":
    """The patient by the whole list: only its end tells that nobody else has the mrn."""
    from kardia_ctl.api.records.record_endpoints import PATIENTS as LISTING

    found: dict[str, Row] = {}
    async for page in records.pages(LISTING, custom=custom):
        found |= {str(row.get("id")): row for row in page.rows if str(row.get("mrn")) == mrn}
    if not found:
        raise RunStopped(
            "nobody in this account has this mrn. It is compared byte for byte; check the region"
        )
    if len(found) > 1:
        raise RunStopped(
            f"{len(found)} patients have this mrn: {', '.join(sorted(found))}. Choose one with --id"
        )
    return next(iter(found.values()))
