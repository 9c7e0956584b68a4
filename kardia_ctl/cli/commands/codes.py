"""``kardia-ctl codes``."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from kardia_ctl.applying.change import Step
from kardia_ctl.applying.clock import steady
from kardia_ctl.applying.executor import Manner, execute
from kardia_ctl.applying.stop import StopSignal
from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.workspace import Workspace, open_workspace
from kardia_ctl.cli.files.code_file import STDOUT, CodeFile, form_of
from kardia_ctl.cli.files.existing_codes import Held, held
from kardia_ctl.cli.options import AccountOptions, account_from, account_options, lock_option, path_argument
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.progress import progress
from kardia_ctl.cli.output.prompt import confirm
from kardia_ctl.cli.signals import stop_on_signals
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.dialects import CAPABILITIES
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.results import Status
from kardia_ctl.observing.observe import with_templates
from kardia_ctl.operations.plan import Ground, Preview, preview
from kardia_ctl.operations.refetch_codes import Reask, reask
from kardia_ctl.operations.tenant import check_tenant
from kardia_ctl.render.files.code_rows import CodeFormat, code_cells
from kardia_ctl.render.plan.summary import template_lines


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the codes is wanted, and where they go."""

    file: Path
    form: CodeFormat | None
    cohort: str | None
    missing: bool


@click.command("codes")
@path_argument
@click.option(
    "--codes-out",
    "--out",
    "codes_out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default="-",
    help="Append to this file, readable by you alone: CSV, or NDJSON for .ndjson (default: stdout).",
)
@click.option(
    "--format", "form", type=click.Choice([one.value for one in CodeFormat]), help="The form on stdout."
)
@click.option("--cohort", metavar="NAME", help="Only the patients of this cohort.")
@click.option("--missing", is_flag=True, help="Only the codes that the file does not hold yet.")
@click.option("--auto-approve", is_flag=True, help="Do not ask first.")
@lock_option
@account_options
def command(path: Path, codes_out: Path, auto_approve: bool, lock_timeout: float, **options: Any) -> int:
    """Ask for the connection codes that were issued, and write them out for a mail merge.

    A row has mrn, code, template, issued (UTC) and status. A file that exists is added to, and no code stands
    in it twice; --missing takes up a run that was stopped.

    Asking is an effect in Kardia: a code that is no longer valid is issued anew, which can be an order. So
    this takes the lock, says how many it asks for, and wants a yes. Only codes that state recorded, that are
    still declared and that are in use now are asked for.
    """
    account: AccountOptions = account_from(options)
    form = options.pop("form")
    wish = Wish(codes_out, None if form is None else CodeFormat(form), **options)
    form_of(codes_out, wish.form)
    if wish.missing and codes_out == STDOUT:
        raise RunStopped("--missing goes with --codes-out FILE")
    workspace = open_workspace(path, account, lock_timeout=lock_timeout)
    if not CAPABILITIES[workspace.configuration.dialect].repeats_codes:
        raise RunStopped(
            "the pro API shows a code once, when it is issued: asking again would order another one. Look "
            "into the file of apply --codes-out; to order again: apply --reissue ADDRESS --codes-out FILE"
        )
    with workspace.store.lock("codes"):
        return asyncio.run(_ask(workspace, wish, approved=auto_approve))


def _chosen(wanted: Reask, wish: Wish, desired: Desired) -> Reask:
    """The codes of the cohort, and those that the file lacks, as far as that was asked for."""
    if wish.cohort is not None and all(one.cohort != wish.cohort for one in desired.patients.values()):
        raise RunStopped(f"--cohort {wish.cohort}: no patient is declared in a cohort of this name")
    form = form_of(wish.file, wish.form)
    known = held(wish.file, form) if wish.missing else Held()

    def is_wanted(address: Address) -> bool:
        mrn, label = address.names
        if wish.cohort is not None and desired.patients[mrn].cohort != wish.cohort:
            return False
        return not (wish.missing and known.has(code_cells(IssuedCode(mrn, "", label, ""), form)))

    changes = tuple(change for change in wanted.plan.changes if is_wanted(change.address))
    requests = replace(wanted.plan.requests, writes=len(changes))
    left_out = tuple(address for address in wanted.left_out if is_wanted(address))
    return replace(wanted, plan=replace(wanted.plan, changes=changes, requests=requests), left_out=left_out)


async def _with_templates(reader: Reader, seen: Preview) -> Preview:
    """With what the templates are and cost, and whose key it is: one read, when the plan had no reason to."""
    if seen.observed.templates is not None or not seen.plan.unchanged.get(Kind.CONNECTION_CODE):
        return seen
    observed = await with_templates(reader, seen.observed)
    return replace(seen, inputs=replace(seen.inputs, observed=observed))


async def _ask(workspace: Workspace, wish: Wish, *, approved: bool) -> int:
    state, store = workspace.store.load(), workspace.store
    key = workspace.keys.fingerprints(create=True)
    async with open_account(workspace) as session:
        ground = Ground(workspace.configuration, state, workspace.now, key)
        seen = await preview(session.reader, ground, lambda: session.requests)
        seen = await _with_templates(session.reader, seen)
        wanted = _chosen(reask(seen), wish, seen.inputs.desired)
        if wanted.left_out:
            names = ", ".join(map(str, wanted.left_out[:5])) + (", …" if len(wanted.left_out) > 5 else "")
            click.echo(f"Not asked for, because it could be a new order: {names}; see plan", err=True)
        if not wanted.plan.changes:
            click.echo("No code is to be asked for.", err=True)
            return 0
        prompt = f"Ask for {len(wanted.plan.changes)} codes? Each is one request."
        if not confirm("\n".join((prompt, *template_lines(wanted.plan))), approved=approved):
            click.echo("Nothing was done.", err=True)
            return 1
        if warning := (await check_tenant(session.reader, seen.inputs))[1]:
            print_message(f"Warning: {warning}")
        stop_signal, desired = StopSignal(halt=session.halt), seen.inputs.desired
        with (
            CodeFile(wish.file, wish.form) as codes,
            progress(len(wanted.plan.changes)) as observer,
            stop_on_signals(stop_signal),
        ):
            step = Step(desired, session.writer(), store, steady().now, key, codes.add, issued=wanted.issued)
            results = await execute(wanted.plan, step, stop_signal, Manner(observer=observer))
    failed = [result for result in results if result.status is not Status.DONE]
    for result in failed:
        print_message(f"Error: {result.address}: {result.status}: {result.detail}")
    again = f" ({codes.again} of them were there already)" if codes.again else ""
    print_message(codes.trouble or f"{codes.count} codes written{again}, {len(failed)} not.")
    return 1 if failed or codes.trouble else 0
