"""``kardia-ctl get patient``, and how a patient is found: by id, by state, or in the whole list."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from kardia_ctl.cli.account.account_workspace import check_shown, workspace_from, workspace_options
from kardia_ctl.cli.account.connection import in_session
from kardia_ctl.cli.account.meant_addresses import meant_mrns
from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.naming import named_record
from kardia_ctl.cli.options import Options, json_option, out_option, show_phi_option, shows_phi
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.outputs import Output, check_outputs, never
from kardia_ctl.cli.private_files import print_or_write
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.pseudonyms import may_be_pseudonym
from kardia_ctl.render.records.listing import json_line, record_text
from kardia_ctl.render.records.record_columns import PATIENTS, PATIENTS_WITH_FIELDS
from kardia_ctl.render.records.visibility import visible_record
from kardia_ctl.render.text import count_of

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session
    from kardia_ctl.api.records.decode_rows import Row
    from kardia_ctl.api.records.record_reader import Records


@dataclass(frozen=True, slots=True)
class PatientName:
    """The patient that a command line names: by mrn, by id, or not at all."""

    mrn: str | None
    identifier: str | None

    def __post_init__(self) -> None:
        if self.mrn is not None and self.identifier is not None:
            raise RunStopped("MRN and --id both name the patient: give one of them")

    @property
    def given(self) -> bool:
        """Whether a patient is named."""
        return self.mrn is not None or self.identifier is not None


NOBODY: Final = PatientName(None, None)

custom_option: Final = click.option(
    "--custom-fields", "custom", is_flag=True, help="Include the account's custom fields."
)


def patient_options(*, required: bool = True) -> Options:
    """MRN and --id; ``PatientName`` checks that at most one is given."""
    return Options(
        click.argument("mrn", required=False, metavar="MRN" if required else "[MRN]"),
        click.option("--id", "identifier", metavar="ID", help="The patient's Kardia id, instead of MRN."),
    )


@click.command("patient")
@patient_options()
@custom_option
@json_option("Print a JSON object.")
@out_option()
@show_phi_option
@workspace_options
def patient_command(
    mrn: str | None, identifier: str | None, custom: bool, as_json: bool, **options: Any
) -> None:
    """Show the patient with this MRN, or with --id.

    With --id, or when the configuration's state has the mrn, this sends one request. Otherwise it reads the
    whole list in ⌈patients/500⌉ requests, because two patients may have the same mrn. The number of requests
    is printed to stderr.
    """
    out = options.pop("out")
    show_phi = shows_phi(asked=options.pop("show_phi"), out=out)
    workspace, name = workspace_from(options), PatientName(mrn, identifier)
    if out is not None:
        check_outputs([Output("--out", out, never)], workspace.inputs, workspace.private)
    check_shown(workspace, "patients")

    async def find(session: "Session") -> "Row":
        row = await find_patient(workspace, session.records(), name, custom=custom)
        print_message(f"{count_of(session.requests, 'request')}.")
        return row

    shape = PATIENTS_WITH_FIELDS if custom else PATIENTS
    patient = visible_record(in_session(workspace, find), shape, str, show_phi=show_phi)
    patient = named_record(patient, is_own_file=out is not None)
    print_or_write(f"{json_line(patient)}\n" if as_json else record_text(patient, shape), out, never)


async def patient_id(workspace: Workspace, records: "Records", name: PatientName) -> str:
    """The id of the named patient; --id is taken without a request.

    Raises:
        RunStopped: no patient has the mrn, or several patients have it.
    """
    if name.identifier is not None:
        return name.identifier
    return str((await find_patient(workspace, records, name)).get("id") or "")


async def find_patient(
    workspace: Workspace, records: "Records", name: PatientName, *, custom: bool = False
) -> "Row":
    """The named patient.

    Raises:
        RunStopped: no patient is named or found, or several patients have the mrn.
    """
    if name.identifier is not None:
        row = await records.patient(name.identifier, custom=custom)
        if row is None:
            raise RunStopped("no patient in this account has this id. Check the id and the region")
        return row
    if name.mrn is None:
        raise RunStopped("name the patient: MRN, or --id ID")
    mrn = _meant(workspace, name.mrn)
    return await _by_state(workspace, records, mrn, custom=custom) or await _by_list(
        records, mrn, custom=custom
    )


def _meant(workspace: Workspace, written: str) -> str:
    """The mrn, also where a person wrote a pseudonym of somebody who is declared or recorded."""
    if not workspace.configured or not may_be_pseudonym(written):
        return written
    desired = read_configuration(workspace.path, workspace.now).desired
    try:
        return meant_mrns([written], desired, workspace.keys, workspace.store.load).get(written, written)
    finally:
        workspace.store.close()


async def _by_state(workspace: Workspace, records: "Records", mrn: str, *, custom: bool) -> "Row | None":
    """The patient with the id that state records; None if there is none, or if it has another mrn now."""
    if not workspace.configured:
        return None
    store = workspace.store
    try:
        record = store.load().patients.get(mrn)
    finally:
        store.close()
    row = await records.patient(record.id, custom=custom) if record else None
    return row if row is not None and str(row.get("mrn")) == mrn else None


async def _by_list(records: "Records", mrn: str, *, custom: bool) -> "Row":
    """The patient, from the whole list: only its end proves that no other patient has the mrn."""
    from kardia_ctl.api.records.record_endpoints import PATIENTS as LISTING

    found: dict[str, Row] = {}
    async for page in records.pages(LISTING, custom=custom):
        found |= {str(row.get("id")): row for row in page.rows if str(row.get("mrn")) == mrn}
    if not found:
        raise RunStopped("no patient in this account has this mrn. It must match exactly; check the region")
    if len(found) > 1:
        ids = ", ".join(sorted(found))
        raise RunStopped(f"{len(found)} patients have this mrn: {ids}. Choose one with --id")
    return next(iter(found.values()))
