"""``kardia-ctl apply``."""

import asyncio
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kardia_ctl.applying.change import Step
from kardia_ctl.applying.executor import Manner, report
from kardia_ctl.applying.journal import in_a_thread
from kardia_ctl.applying.observer import ProgressLog
from kardia_ctl.applying.stop import StopSignal
from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.commands.apply.arguments import Run, run_of
from kardia_ctl.cli.commands.apply.finish import tell, told
from kardia_ctl.cli.commands.plan import blocked_line
from kardia_ctl.cli.decisions import decision_options
from kardia_ctl.cli.files import saved_plan as plan_files
from kardia_ctl.cli.files.code_file import CodeFile, check_file, form_of
from kardia_ctl.cli.files.passwords import Passwords, generates_passwords
from kardia_ctl.cli.files.quarantine_file import write_quarantine
from kardia_ctl.cli.options import (
    account_from,
    account_options,
    address,
    auto_approve_option,
    json_lines_option,
    lock_option,
    look_options,
    parallelism_option,
    path_argument,
    settle_option,
    view_from,
)
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.progress import reading
from kardia_ctl.cli.output.prompt import confirm
from kardia_ctl.cli.output.reporter import reporter_for
from kardia_ctl.cli.private_files import check_writable
from kardia_ctl.cli.signals import stop_on_signals
from kardia_ctl.model.errors import RunStopped, StateError
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.results import Report, Result, results_in_order
from kardia_ctl.operations.apply import acts, doubts, record, write
from kardia_ctl.operations.apply_rounds import Means
from kardia_ctl.operations.assume import assume
from kardia_ctl.operations.plan import Ground, Preview, preview
from kardia_ctl.operations.status import samples_after
from kardia_ctl.render.plan.summary import cost_lines

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session


@click.command("apply")
@path_argument
@auto_approve_option
@click.option(
    "--codes-out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=False),
    help="Append issued codes and made up passwords to this file, readable by you alone: CSV or .ndjson.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what became of each address: CSV, or NDJSON for .ndjson and .json.",
)
@click.option(
    "--settle-first",
    is_flag=True,
    help="Wait the settle window before anything else: for a state that was lost in a crash.",
)
@click.option(
    "--assume-absent",
    type=address,
    multiple=True,
    metavar="ADDRESS",
    help="You looked: what was in doubt at this address did not happen.",
)
@click.option(
    "--assume-created",
    type=address,
    multiple=True,
    metavar="ADDRESS",
    help="You looked: what was in doubt at this address did happen (only what cannot be read back).",
)
@json_lines_option
@settle_option
@parallelism_option
@lock_option
@decision_options
@account_options
@look_options
def command(path: Path, as_json: bool, **options: Any) -> int:
    """Make the live account what the configuration declares.

    PATH is a configuration file, a directory that holds kardia.yaml (default: this directory), or a plan
    that plan --out saved: then exactly that is done, or refused when anything it used has changed.
    """
    view = view_from(options)
    account = account_from(options)
    reporter = reporter_for(view, as_json=as_json)
    with reporter.errors():
        form_of(options["codes_out"])
        run = run_of(path, account, reporter, view, options)
        if as_json and not run.approved:
            raise RunStopped("--json asks nothing: say --auto-approve too, or apply a saved plan")
        for line in run.workspace.configuration.warnings:
            reporter.warn(line)
        has_quarantine = write_quarantine(run.workspace.configuration, reporter.error)
        with run.workspace.store.lock("apply"):
            code = asyncio.run(_apply(run))
    return 1 if has_quarantine else code


async def _apply(run: Run) -> int:
    workspace = run.workspace
    if run.settle_first:
        seconds = workspace.configuration.settle
        click.echo(f"Waiting {seconds:g} s for what may still be under way.", err=True)
        await run.clock.sleep(seconds)
    assume(workspace.store, run.assume_absent, run.assume_created)
    state = workspace.store.load()
    if run.saved is not None:
        plan_files.check_bound(run.saved, run.plan_key, workspace, state)
    ground = Ground(
        workspace.configuration,
        state,
        run.clock.now(),
        workspace.keys.fingerprints(create=True),
        run.decisions,
    )
    async with open_account(workspace, parallelism=run.parallelism) as session:
        with reading(session.reader) as reader:
            seen = await preview(reader, ground, lambda: session.requests)
        if run.saved is not None:
            plan_files.check_live(run.saved, run.plan_key, workspace, seen)
        run.reporter.plan(seen.plan)
        if seen.plan.stops:
            print_message(blocked_line(seen.plan))
            return 1
        return await _go_on(run, session, seen, ground)


async def _go_on(run: Run, session: "Session", seen: Preview, ground: Ground) -> int:
    plan, can = seen.plan, seen.inputs.capabilities
    check_file(plan, seen.inputs.desired, can, run.codes_out)
    if acts(plan) and not confirm(_question(plan, run.workspace), approved=run.approved):
        return 1
    if run.results is not None:
        check_writable(run.results)
    made_up = generates_passwords(plan, seen.inputs.desired)
    stop_signal = StopSignal(halt=session.halt)
    # Before anything is recorded: it may not be writable. Where codes are shown once, that ends the run.
    on_trouble = None if can.repeats_codes else stop_signal.set
    with CodeFile(run.codes_out, passwords=made_up, on_trouble=on_trouble) as codes:
        passwords = Passwords(lambda mrn, made: codes.add_password(mrn, made, run.clock.now()))
        root = run.workspace.configuration.root
        passwords.prepare(plan, seen.inputs.desired, root, os.environ)
        saved = run.saved.id if run.saved is not None else ""
        run.reporter.warn(await record(seen, session.reader, run.workspace.store, saved))
        done = (
            await _write(run, session, seen, ground, codes, passwords, stop_signal)
            if acts(plan)
            else report(plan, (), stop_signal)
        )
    _sample(run, seen, changed=acts(plan))
    tell(run, codes, done, acted=acts(plan))
    return 0 if done.succeeded and not codes.trouble else 1


def _sample(run: Run, seen: Preview, *, changed: bool) -> None:
    """Keep how far everybody is now. That it cannot be kept changes nothing about what was done."""
    store = run.workspace.store
    try:
        state = store.load() if changed else seen.inputs.state
        if state.exists and (found := samples_after(seen.inputs, state, run.clock.now())):
            store.commit(found)
    except StateError as error:
        run.reporter.warn(f"no sample of the counts was kept: {error}")


def _question(plan: Plan, workspace: Workspace) -> str:
    if plan.writes:
        return "\n".join((f"Send {plan.requests.writes} writes to {workspace.endpoint}?", *cost_lines(plan)))
    return "Settle what is in doubt?" if doubts(plan) else "Record this in state? Nothing is sent."


async def _write(
    run: Run,
    session: "Session",
    seen: Preview,
    ground: Ground,
    codes: CodeFile,
    passwords: Passwords,
    stop_signal: StopSignal,
) -> Report:
    store, clock, progress_log = run.workspace.store, run.clock, ProgressLog()

    def reported(results: Iterable[Result]) -> Report:
        counts = session.counts
        return report(seen.plan, tuple(results), stop_signal, reads=counts.reads, writes=counts.writes)

    def so_far() -> Report:
        stop_signal.set("the run broke off")
        return reported(results_in_order(progress_log.results(seen.plan)))

    async with in_a_thread() as beside:
        step = replace(_step(run, session, seen, ground, codes), password=passwords, beside=beside)
        writes = seen.plan.requests.writes
        with (
            told(run, codes, so_far),
            run.reporter.watching(writes) as observer,
            stop_on_signals(stop_signal),
        ):
            manner = Manner(run.parallelism, ground.configuration.waves, progress_log.beside(observer))
            means = Means(session.reader, store, step, clock, stop_signal, lambda: session.requests, manner)
            return reported(await write(seen, ground, means))


def _step(run: Run, session: "Session", seen: Preview, ground: Ground, codes: CodeFile) -> Step:
    return Step(
        seen.inputs.desired,
        session.writer(),
        run.workspace.store,
        run.clock.now,
        ground.key,
        codes.add,
        settle=ground.configuration.settle,
        records=ground.state.patients,
        capabilities=seen.inputs.capabilities,
    )
