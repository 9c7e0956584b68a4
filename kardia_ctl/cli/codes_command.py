"""``kardia-ctl codes``."""

import asyncio
from pathlib import Path
from typing import Any

import click

from kardia_ctl.applying.brake import Brake
from kardia_ctl.applying.clock import steady
from kardia_ctl.applying.execute import Manner, execute
from kardia_ctl.applying.preview import Ground, preview
from kardia_ctl.applying.reask import reask
from kardia_ctl.applying.step import Step
from kardia_ctl.applying.tenant import check_tenant
from kardia_ctl.cli.braking import braking
from kardia_ctl.cli.code_file import CodeFile
from kardia_ctl.cli.confirm import confirm
from kardia_ctl.cli.options import Where, lock_option, path_argument, where_from, where_options
from kardia_ctl.cli.output import note
from kardia_ctl.cli.progress import progress
from kardia_ctl.cli.workplace import Workplace, connected, open_workplace
from kardia_ctl.model.outcome import Status


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
    this takes the lock, says how many it asks for, and wants a yes. Only codes that state recorded, that are
    still declared and that are in use now are asked for.
    """
    where: Where = where_from(options)
    workplace = open_workplace(path, where, lock_timeout=lock_timeout)
    with workplace.store.lock("codes"):
        return asyncio.run(_ask(workplace, codes_out, approved=auto_approve))


async def _ask(workplace: Workplace, codes_out: Path, *, approved: bool) -> int:
    state, store = workplace.store.load(), workplace.store
    key = workplace.keys.fingerprints(create=True)
    async with connected(workplace) as session:
        ground = Ground(workplace.configuration, state, workplace.now, key)
        seen = await preview(session.reader, ground, lambda: session.requests)
        wanted = reask(seen)
        if wanted.left_out:
            names = ", ".join(map(str, wanted.left_out[:5])) + (", …" if len(wanted.left_out) > 5 else "")
            click.echo(f"Not asked for, because it could be a new order: {names}; see plan", err=True)
        if not wanted.plan.changes:
            click.echo("No code was issued for a patient who is declared here.", err=True)
            return 0
        if not confirm(f"Ask for {len(wanted.plan.changes)} codes? Each is one request.", approved=approved):
            click.echo("Nothing was done.", err=True)
            return 1
        if warning := (await check_tenant(session.reader, seen.question))[1]:
            note(f"Warning: {warning}")
        brake, desired = Brake(halt=session.halt), seen.question.desired
        with (
            CodeFile(codes_out) as codes,
            progress(len(wanted.plan.changes)) as watcher,
            braking(brake),
        ):
            step = Step(desired, session.writer(), store, steady().now, key, codes.add, issued=wanted.issued)
            results = await execute(wanted.plan, step, brake, Manner(watcher=watcher))
    failed = [result for result in results if result.status is not Status.DONE]
    for result in failed:
        note(f"Error: {result.address}: {result.status}: {result.detail}")
    note(codes.trouble or f"{codes.count} codes written, {len(failed)} not.")
    return 1 if failed or codes.trouble else 0
