"""``kardia-ctl codes``."""

import asyncio
from pathlib import Path
from typing import Any

import click

from kardia_ctl.cli.code_file import CodeFile
from kardia_ctl.cli.confirm import confirm
from kardia_ctl.cli.options import (
    Where,
    lock_option,
    path_argument,
    where_from,
    where_options,
)
from kardia_ctl.cli.workplace import Workplace, connected, open_workplace
from kardia_ctl.model.address import code_address
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.state import State


@click.command("codes")
@path_argument
@click.option(
    "--codes-out",
    "--out",
    "codes_out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default="-",
    help="Append to this CSV file, readable by you alone (default: stdout).",
)
@click.option("--auto-approve", is_flag=True, help="Do not ask first.")
@lock_option
@where_options
def command(path: Path, codes_out: Path, auto_approve: bool, lock_timeout: float, **options: Any) -> int:
    """Ask for the connection codes that were issued, and write them out as CSV.

    Asking is an effect in Kardia: a code that is no longer valid is issued anew, which can be an order. So
    this takes the lock, says how many it asks for, and wants a yes. Only codes that state recorded and that
    are still declared are asked for.
    """
    where: Where = where_from(options)
    workplace = open_workplace(path, where, lock_timeout=lock_timeout)
    with workplace.store.lock("codes"):
        wanted = _recorded(workplace, workplace.store.load())
        if not wanted:
            click.echo("No code was issued for a patient who is declared here.", err=True)
            return 0
        if not confirm(f"Ask for {len(wanted)} codes? Each is one request.", approved=auto_approve):
            click.echo("Nothing was done.", err=True)
            return 1
        return asyncio.run(_ask(workplace, wanted, codes_out))


_Wanted = tuple[str, str, str, str]


def _recorded(workplace: Workplace, state: State) -> list[_Wanted]:
    """(patient id, mrn, template id, label) of every recorded code that is still declared, in order."""
    patients = workplace.configuration.desired.patients
    return sorted(
        (record.id, mrn, template, record.label)
        for mrn, codes in state.codes.items()
        if mrn in patients
        for template, record in codes.items()
        if not record.forgotten and record.label in patients[mrn].codes
    )


async def _ask(workplace: Workplace, wanted: list[_Wanted], codes_out: Path) -> int:
    failed = 0
    with CodeFile(codes_out) as codes:
        async with connected(workplace) as session:
            writer = session.writer()
            for patient_id, mrn, template, label in sorted(wanted, key=lambda one: one[1:]):
                try:
                    code = await writer.issue_code(patient_id, mrn, template)
                except ApiError as error:
                    failed += 1
                    click.echo(f"Error: {code_address(mrn, label)}: {error}", err=True)
                    continue
                codes.add(IssuedCode(mrn, code.code, label, code.status))
    click.echo(f"{codes.count} codes written, {failed} failed.", err=True)
    return 1 if failed else 0
