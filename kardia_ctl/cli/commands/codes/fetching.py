"""``kardia-ctl codes``."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kardia_ctl.applying.run_context import RunContext, StopSignal
from kardia_ctl.cli.account.account_options import account_from, account_options
from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.fingerprint_key import state_key
from kardia_ctl.cli.account.known_values import know_observed
from kardia_ctl.cli.account.workspace import Workspace, open_workspace
from kardia_ctl.cli.commands.codes.choice import CodeChoice, choice_options
from kardia_ctl.cli.files.appended_file import STDOUT
from kardia_ctl.cli.files.code_file import CodeFile, check_not_printed, codes_output, form_of
from kardia_ctl.cli.files.existing_codes import ExistingCodes, read_existing
from kardia_ctl.cli.options import accept_unknown_team_option, auto_approve_option, lock_option, path_argument
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.progress import progress
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.cli.outputs import check_outputs
from kardia_ctl.cli.signals import run_async, stop_on_signals
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.results import Result, Status
from kardia_ctl.operations.codes.refetch_codes import Refetch, fetch_codes, plan_refetch
from kardia_ctl.operations.plan import observe_and_plan
from kardia_ctl.operations.second_look import looked_again, refuse_if_moved
from kardia_ctl.operations.tenant import require_tenant
from kardia_ctl.planning.inputs import Decisions, PlanInputs, inputs_of
from kardia_ctl.render.files.code_rows import CodeFormat, code_cells
from kardia_ctl.render.plan.summary import template_lines
from kardia_ctl.render.text import count_of
from kardia_ctl.timing import FRESH, Clock

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class CodeOptions:
    """Which codes to fetch, and where to write them."""

    file: Path
    form: CodeFormat | None
    choice: CodeChoice
    missing: bool
    accept_unknown_team: bool


@click.command("codes")
@path_argument
@click.option(
    "--codes-out",
    "--out",
    "codes_out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default="-",
    help="Append to this file, readable only by you: CSV, or NDJSON for .ndjson (default: stdout).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in CodeFormat]),
    help="Format on stdout (default: csv).",
)
@choice_options
@click.option("--missing", is_flag=True, help="Fetch only the codes that the file does not hold yet.")
@auto_approve_option
@accept_unknown_team_option
@lock_option
@account_options
def command(path: Path, codes_out: Path, auto_approve: bool, lock_timeout: float, **options: Any) -> int:
    """Fetch the issued connection codes again and write them to a file, for a mail merge.

    A row has mrn, code, template, issued (UTC) and status. An existing file is appended to and never holds a
    code twice; --missing resumes an interrupted run. In CI no code is printed: name a file.

    Fetching a code has an effect in Kardia: a code that is no longer valid is issued anew, which can be an
    order. So this command takes the lock, prints the number of codes, and asks for confirmation. It fetches
    only codes that state records, that are still declared, and that are in use.
    """
    account = account_from(options)
    form = options.pop("form")
    choice = CodeChoice(options.pop("mrns"), options.pop("targets"), options.pop("cohort"))
    wanted = CodeOptions(codes_out, None if form is None else CodeFormat(form), choice, **options)
    form_of(codes_out, wanted.form)
    check_not_printed(codes_out)
    if wanted.missing and codes_out == STDOUT:
        raise RunStopped("--missing requires --codes-out FILE")
    workspace = open_workspace(path, account, lock_timeout=lock_timeout)
    if not workspace.capabilities.repeats_codes:
        raise RunStopped(
            "the pro API shows a code only once, when it is issued: fetching it again would order another. "
            "See the file of apply --codes-out; to order again: apply --reissue ADDRESS --codes-out FILE"
        )
    if codes_out != STDOUT:
        check_outputs([codes_output(codes_out)], workspace.inputs, workspace.private)
    choice = wanted.choice.meant(workspace.configuration.desired, workspace.keys)
    wanted = replace(wanted, choice=choice)
    with workspace.store.lock("codes"):
        return run_async(_fetch(workspace, wanted, approved=auto_approve))


def _filter(wanted: CodeOptions, desired: Desired) -> Callable[[Address], bool]:
    """Whether to fetch the code of an address: by what is chosen, and by the codes that the file holds."""
    is_chosen, form = wanted.choice.filter(desired), form_of(wanted.file, wanted.form)
    existing = read_existing(wanted.file, form) if wanted.missing else ExistingCodes()

    def is_wanted(address: Address) -> bool:
        mrn, label = address.names
        return is_chosen(address) and not existing.has(code_cells(IssuedCode(mrn, "", label, ""), form))

    return is_wanted


async def _fetch(workspace: Workspace, wanted: CodeOptions, *, approved: bool) -> int:
    state, clock = workspace.store.load(), Clock()
    key = state_key(workspace, state, create=True)
    named = wanted.choice.named(workspace.configuration.desired)
    decisions = Decisions(targets=named, accept_unknown_team=wanted.accept_unknown_team)
    inputs = inputs_of(workspace.configuration, state, clock.instant(), key, decisions)
    if inputs.moves.pending:
        raise RunStopped(
            "records are to follow a corrected mrn first: run kardia-ctl apply, then codes again"
        )
    is_wanted = _filter(wanted, inputs.desired)
    async with open_account(workspace) as session:
        refetch = await _look(session, inputs, clock, is_wanted)
        know_observed(session.scrub, refetch.preview.inputs)
        if refetch.left_out:
            _report_left_out(refetch.left_out)
        if not_issued := refetch.not_issued(filter(is_wanted, named)):
            _report_not_issued(not_issued)
        if not refetch.plan.changes:
            print_message("No codes to fetch.")
            return 0
        question = f"Fetch {count_of(len(refetch.plan.changes), 'code')}? Each takes one request."
        if not confirm("\n".join((question, *template_lines(refetch.plan))), approved=approved):
            return 1
        if (age := clock.now() - refetch.preview.looked_at) > FRESH:
            before, earlier = session.requests, refetch
            refetch = await _look(session, inputs, clock, is_wanted)
            refuse_if_moved(earlier.plan.changes, refetch.plan.changes, age)
            print_message(f"Warning: {looked_again(age, session.requests - before)}")
        stop_signal = StopSignal(on_set=session.halt)
        with (
            CodeFile(wanted.file, wanted.form) as codes,
            progress(len(refetch.plan.changes)) as observer,
            stop_on_signals(stop_signal, session.abort),
        ):
            context = RunContext(
                session.reader,
                session.writer(),
                workspace.store,
                clock,
                stop_signal,
                lambda: session.requests,
                codes.add,
                observer=observer,
            )
            results = await fetch_codes(refetch, context)
    return _report(results, codes)


async def _look(
    session: "Session", inputs: PlanInputs, clock: Clock, is_wanted: Callable[[Address], bool]
) -> Refetch:
    """Read what is live, and plan which codes to fetch."""
    preview = await observe_and_plan(session.reader, inputs, lambda: session.requests, clock.now)
    refetch = await plan_refetch(session.reader, preview)
    await require_tenant(session.reader, refetch.preview.inputs)
    return refetch.only(is_wanted)


def _report_not_issued(addresses: Sequence[Address]) -> None:
    names = ", ".join(map(str, addresses[:_SHOWN])) + (", …" if len(addresses) > _SHOWN else "")
    print_message(f"Not fetched, because it was not issued: {names}. Run kardia-ctl plan for the reasons")


def _report_left_out(addresses: Sequence[Address]) -> None:
    names = ", ".join(map(str, addresses[:_SHOWN])) + (", …" if len(addresses) > _SHOWN else "")
    print_message(
        f"Not fetched, because it could be a new order: {names}. Run kardia-ctl plan for the reasons"
    )


def _report(results: Iterable[Result], codes: CodeFile) -> int:
    """Print each failure and the counts. Returns the exit code."""
    failed = [result for result in results if result.status is not Status.DONE]
    for result in failed:
        print_message(f"Error: {result.address}: {result.status}: {result.detail}")
    again = f" ({codes.again} of them already in the file)" if codes.again else ""
    print_message(codes.error or f"{count_of(codes.count, 'code')} fetched{again}, {len(failed)} failed.")
    return 1 if failed or codes.error else 0
