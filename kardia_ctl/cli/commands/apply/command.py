"""``kardia-ctl apply``."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kardia_ctl.applying.executor import report
from kardia_ctl.applying.journal import in_thread
from kardia_ctl.applying.observer import ProgressObserver, ResultLog
from kardia_ctl.applying.run_context import RunContext, StopSignal
from kardia_ctl.cli.account.account_options import AccountOptions, account_from, account_options
from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.known_values import know_observed, know_secrets
from kardia_ctl.cli.account.only_writer import check_state_lasts, unseen_writers
from kardia_ctl.cli.commands.apply import audited
from kardia_ctl.cli.commands.apply.arguments import ApplyArguments, arguments_of, saved_plan_options
from kardia_ctl.cli.commands.apply.expected import expect_options, refuse_unless_expected
from kardia_ctl.cli.commands.apply.finish import check_files, end_printed_on_error, print_end
from kardia_ctl.cli.commands.apply.preparing import (
    inputs_for,
    record_assumptions,
    wait_first,
    with_key,
)
from kardia_ctl.cli.commands.apply.question import question
from kardia_ctl.cli.commands.apply.two_people import two_people_options
from kardia_ctl.cli.commands.plan import blocked_line
from kardia_ctl.cli.decisions import decision_options
from kardia_ctl.cli.files import saved_plan as plan_files
from kardia_ctl.cli.files.code_file import CodeFile, check_file, form_of
from kardia_ctl.cli.files.passwords import Passwords, generates_passwords
from kardia_ctl.cli.files.quarantine_file import write_quarantine
from kardia_ctl.cli.open_files import affordable
from kardia_ctl.cli.options import (
    address,
    auto_approve_option,
    json_lines_option,
    lock_option,
    parallelism_option,
    path_argument,
    settle_option,
    view_from,
    view_options,
)
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.progress import reading
from kardia_ctl.cli.output.reporter import Reporter, reporter_for
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.cli.signals import run_async, stop_on_signals
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.results import Report, Result, results_in_order
from kardia_ctl.operations.apply import apply, record_counts
from kardia_ctl.operations.audit_trail import AuditTrail
from kardia_ctl.operations.plan import Preview, observe_and_plan
from kardia_ctl.planning.checks.effects import acts
from kardia_ctl.render.view import View
from kardia_ctl.timing import Clock

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session


@click.command("apply")
@path_argument
@auto_approve_option
@click.option(
    "--codes-out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=False),
    help="Append issued codes and generated passwords to this file, readable only by you: CSV or .ndjson.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the result of each address to this file: CSV, or NDJSON for .ndjson and .json.",
)
@click.option(
    "--settle-first",
    is_flag=True,
    help="Wait one settle window before planning: use it when a crash lost the state.",
)
@click.option(
    "--assume-absent",
    type=address,
    multiple=True,
    metavar="ADDRESS",
    help="You checked Kardia: the request in doubt at this address had no effect.",
)
@click.option(
    "--assume-created",
    type=address,
    multiple=True,
    metavar="ADDRESS",
    help="You checked Kardia: the request in doubt at this address took effect.",
)
@saved_plan_options
@expect_options
@two_people_options
@json_lines_option
@settle_option
@parallelism_option
@lock_option
@decision_options
@account_options
@view_options
def command(path: Path, as_json: bool, **options: Any) -> int:
    """Change the live account to match the configuration.

    PATH is a configuration file, a directory that holds kardia.yaml (default: this directory), or a plan
    saved by plan --out: that plan is applied exactly, or refused when anything it was made from has changed.
    """
    view = view_from(options)
    account = account_from(options)
    reporter = reporter_for(view, as_json=as_json)
    with reporter.errors():
        return apply_path(path, account, reporter, view, options, as_json=as_json)


def apply_path(
    path: Path,
    account: AccountOptions,
    reporter: Reporter,
    view: View,
    options: dict[str, Any],
    *,
    as_json: bool = False,
) -> int:
    """Apply a configuration or a saved plan. Returns the exit code.

    Raises:
        ConfigurationError: the configuration has problems.
        KardiaError: nothing was written; the message says why.
    """
    form_of(options["codes_out"])
    options["parallelism"] = affordable(options["parallelism"], reporter.warn)
    arguments = arguments_of(path, account, reporter, view, options)
    if as_json and not arguments.approved:
        raise RunStopped("--json never asks for confirmation: add --auto-approve, or apply a saved plan")
    for line in arguments.workspace.configuration.warnings:
        reporter.warn(line)
    check_state_lasts(arguments.workspace, os.environ)
    check_files(arguments, path)
    has_quarantine = write_quarantine(arguments.workspace.configuration, reporter.error)
    with arguments.workspace.store.lock("apply"):
        # The run begins with the lock: what state holds then is older than the run.
        code = run_async(_apply(replace(arguments, clock=Clock())))
    return 1 if has_quarantine else code


async def _apply(arguments: ApplyArguments) -> int:
    workspace = arguments.workspace
    if arguments.settle_first:
        await wait_first(arguments)
    async with open_account(workspace, parallelism=arguments.parallelism) as session:
        with reading(session.reader) as reader:
            known = await record_assumptions(arguments, reader)
            inputs = inputs_for(arguments)
            preview = await observe_and_plan(
                reader, inputs, lambda: session.requests, arguments.clock.now, known=known
            )
        know_observed(session.scrub, preview.inputs)
        if arguments.saved is not None:
            plan_files.check_live(arguments.saved, arguments.plan_key, workspace, preview)
        plan = preview.plan
        arguments.reporter.plan(plan)
        refuse_unless_expected(plan, arguments.expected)
        if plan.stops:
            print_message(blocked_line(plan))
            return 1
        arguments = arguments.with_second_person(plan)
        check_file(plan, preview.inputs.desired, preview.inputs.capabilities, arguments.codes_out)
        arguments.reporter.warn(unseen_writers(workspace, preview))
        if acts(plan.changes) and not confirm(
            question(plan, workspace.endpoint), approved=arguments.approved
        ):
            return 1
        return await _write(arguments, session, with_key(arguments, preview))


async def _write(arguments: ApplyArguments, session: "Session", preview: Preview) -> int:
    plan, inputs, warn = preview.plan, preview.inputs, arguments.reporter.warn
    has_passwords = generates_passwords(plan, inputs.desired)
    stop_signal, trail = StopSignal(on_set=session.halt), audited.trail_of(arguments, preview)
    # The codes file is opened before anything is recorded: it may not be writable. Where the API shows codes
    # only once, a failed write ends the run.
    on_error = None if inputs.capabilities.repeats_codes else stop_signal.set
    async with in_thread() as run_blocking:
        with CodeFile(arguments.codes_out, passwords=has_passwords, on_error=on_error) as codes:
            passwords = Passwords(lambda mrn, new: codes.add_password(mrn, new, arguments.clock.now()))
            passwords.prepare(plan, inputs.desired, arguments.workspace.configuration.root, os.environ)
            know_secrets(session.scrub, passwords.prepared)
            context = RunContext(
                session.reader,
                session.writer(),
                arguments.workspace.store,
                arguments.clock,
                stop_signal,
                lambda: session.requests,
                codes.add,
                passwords,
                parallelism=arguments.parallelism,
                run_blocking=run_blocking,
                audit=trail.wrote,
            )
            writing = partial(_writing, arguments, session, preview, context, codes, trail)
            saved = "" if arguments.saved is None else arguments.saved.id
            results = await apply(
                preview, context, writing, warn=warn, saved_plan=saved, looks_only=arguments.looks_only
            )
    record_counts(preview, context, warn)
    done = _report(session, preview, context, results)
    if acts(plan.changes):
        audited.end(arguments, trail, done)
    print_end(arguments, codes, done, acted=acts(plan.changes))
    return 0 if done.succeeded and not codes.error else 1


def _report(session: "Session", preview: Preview, context: RunContext, results: Iterable[Result]) -> Report:
    counts = session.counts
    return report(preview.plan, tuple(results), context.stop_signal, reads=counts.reads, writes=counts.writes)


@contextmanager
def _writing(
    arguments: ApplyArguments,
    session: "Session",
    preview: Preview,
    context: RunContext,
    codes: CodeFile,
    trail: AuditTrail,
) -> Iterator[ProgressObserver]:
    """Keep a snapshot, show progress, stop on signals; if it raises, report what was done until then."""
    audited.begin(arguments, preview, trail)
    progress_log = ResultLog()

    def so_far() -> Report:
        context.stop_signal.set("the run was interrupted")
        return _report(session, preview, context, results_in_order(progress_log.results(preview.plan)))

    with (
        end_printed_on_error(arguments, codes, so_far),
        arguments.reporter.watching(preview.plan.requests.writes) as observer,
        stop_on_signals(context.stop_signal, session.abort),
    ):
        yield progress_log.recording(observer)
