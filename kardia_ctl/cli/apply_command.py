"""``kardia-ctl apply``."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kardia_ctl.applying.brake import Brake
from kardia_ctl.applying.campaign import Means, carry_out
from kardia_ctl.applying.clock import Clock, steady
from kardia_ctl.applying.execute import report
from kardia_ctl.applying.preview import Ground, Preview, preview
from kardia_ctl.applying.records import without_requests
from kardia_ctl.applying.step import Step
from kardia_ctl.applying.tenant import check_tenant
from kardia_ctl.cli import plan_files
from kardia_ctl.cli.code_file import CodeFile
from kardia_ctl.cli.confirm import confirm
from kardia_ctl.cli.failure import refuse
from kardia_ctl.cli.options import (
    Where,
    decision_options,
    lock_option,
    look_options,
    parallelism_option,
    path_argument,
    view_from,
    where_from,
    where_options,
)
from kardia_ctl.cli.progress import progress
from kardia_ctl.cli.workplace import Workplace, connected, decisions_from, open_workplace
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.model.outcome import Report, Status
from kardia_ctl.model.plan import Action, Cause, Plan
from kardia_ctl.model.state import Note, UsePlan
from kardia_ctl.planning.question import Decisions
from kardia_ctl.planning.saved import SavedPlan
from kardia_ctl.render.files import Form, results_file
from kardia_ctl.render.plan_text import plan_text
from kardia_ctl.render.results import report_text
from kardia_ctl.render.view import View

if TYPE_CHECKING:
    from kardia_ctl.api.session import Session


@dataclass(frozen=True, slots=True)
class Run:
    """One apply as it was asked for."""

    workplace: Workplace
    decisions: Decisions
    view: View
    approved: bool
    parallelism: int
    codes_out: Path | None
    results: Path | None
    saved: SavedPlan | None = None
    plan_key: bytes = b""
    clock: Clock = field(default_factory=steady)


@click.command("apply")
@path_argument
@click.option("--auto-approve", is_flag=True, help="Do not ask before the first write.")
@click.option(
    "--codes-out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=False),
    help="Append the issued codes to this CSV file, readable by you alone.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what became of each address: CSV, or NDJSON for .ndjson and .json.",
)
@parallelism_option
@lock_option
@decision_options
@where_options
@look_options
def command(path: Path, **options: Any) -> int:
    """Make the live account what the configuration declares.

    PATH is a configuration file, a directory that holds kardia.yaml (default: this directory), or a plan
    that plan --out saved: then exactly that is done, or refused when anything it used has changed.
    """
    view = view_from(options)
    where = where_from(options)
    run = (
        _saved_run(path, where, view, options)
        if plan_files.is_plan(path)
        else _run(path, where, view, options)
    )
    for line in run.workplace.configuration.warnings:
        click.echo(f"Warning: {line}", err=True)
    with run.workplace.store.lock("apply"):
        return asyncio.run(_apply(run))


def _run(path: Path, where: Where, view: View, options: dict[str, Any]) -> Run:
    workplace = open_workplace(path, where, lock_timeout=options.pop("lock_timeout"))
    decisions = decisions_from(options, workplace.configuration)
    return Run(workplace, decisions, view, options.pop("auto_approve"), **options)


def _saved_run(file: Path, where: Where, view: View, options: dict[str, Any]) -> Run:
    """A run of a saved plan: its decisions were made when it was saved. Nothing is asked."""
    for name in ("targets", "recreate", "reissue", "distinct", "accept_collapse"):
        if options.pop(name):
            flag = {"targets": "--target", "accept_collapse": "--accept-collapse"}.get(name, f"--{name}")
            raise refuse(f"{flag} goes with plan --out: a saved plan is applied as it is")
    data = plan_files.read(file)
    hint = plan_files.hint(file, data)
    if hint.sandbox and not where.sandbox and where.endpoint is None:
        where = Where(sandbox=True)
    workplace = open_workplace(hint.path, where, lock_timeout=options.pop("lock_timeout"))
    saved, key = plan_files.check_seal(data, workplace.keys)
    options.pop("auto_approve")
    return Run(workplace, saved.decisions, view, True, **options, saved=saved, plan_key=key)


async def _apply(run: Run) -> int:
    workplace = run.workplace
    state = workplace.store.load()
    if run.saved is not None:
        plan_files.check_bound(run.saved, workplace, state)
    ground = Ground(
        workplace.configuration, state, workplace.now, workplace.keys.fingerprints(create=True), run.decisions
    )
    async with connected(workplace, parallelism=run.parallelism) as session:
        seen = await preview(session.reader, ground, lambda: session.requests)
        if run.saved is not None:
            plan_files.check_live(run.saved, run.plan_key, workplace, seen)
        click.echo(plan_text(seen.plan, run.view), nl=False)
        if seen.plan.stops:
            return 1
        return await _go_on(run, session, seen, ground)


async def _go_on(run: Run, session: "Session", seen: Preview, ground: Ground) -> int:
    plan, store = seen.plan, run.workplace.store
    acts = plan.writes or plan.count(Action.ADOPT, Action.FORGET) > 0 or _doubts(plan) > 0
    if acts and not confirm(_question(plan, run.workplace), approved=run.approved):
        click.echo("Nothing was done.", err=True)
        return 1
    entries = list(without_requests(plan, seen.question))
    if plan.writes or _doubts(plan):
        team, warning = await check_tenant(session.reader, seen.question)
        entries += [Note("team", team)] if team and team != seen.question.state.team else []
        if warning:
            click.echo(f"Warning: {warning}", err=True)
    if run.saved is not None:
        entries.append(UsePlan(run.saved.id))
    if entries:
        store.commit(entries)
    if not acts:
        return 1 if plan.blocked else 0
    done = await _execute(run, session, seen, ground)
    _after(run, seen, done)
    return 0 if done.succeeded and not _still_blocked(plan, done) else 1


def _doubts(plan: Plan) -> int:
    return sum(1 for change in plan.changes if change.cause is Cause.IN_DOUBT)


def _still_blocked(plan: Plan, done: Report) -> bool:
    """Whether something is blocked that the run did not settle."""
    settled = {result.address for result in done.results if result.status is Status.DONE}
    return any(change.action is Action.BLOCKED and change.address not in settled for change in plan.changes)


def _question(plan: Plan, workplace: Workplace) -> str:
    if plan.writes:
        return f"Send {plan.requests.writes} writes to {workplace.endpoint}?"
    return "Settle what is in doubt?" if _doubts(plan) else "Record this in state? Nothing is sent."


async def _execute(run: Run, session: "Session", seen: Preview, ground: Ground) -> Report:
    brake, store, plan = Brake(), run.workplace.store, seen.plan
    with CodeFile(run.codes_out) as codes, progress(plan.requests.writes) as tell, _braking(brake):
        clock = run.clock
        step = Step(seen.question.desired, session.writer(), store, clock.now, ground.key, codes.add)
        means = Means(
            session.reader, store, step, clock, brake, tell, lambda: session.requests, run.parallelism
        )
        results = await carry_out(seen, ground, means)
    if codes.count and run.codes_out is None:
        click.echo(f"{codes.count} codes were issued; kardia-ctl codes writes them out", err=True)
    return report(plan, results, brake, reads=session.counts.reads, writes=session.counts.writes)


def _after(run: Run, seen: Preview, done: Report) -> None:
    click.echo("\n" + report_text(done, run.view), nl=False)
    deleted = sum(1 for result in done.results if result.action is Action.DELETE and result.status == "done")
    if deleted and seen.observed.total is not None:
        run.workplace.store.commit([Note("live_count", str(max(0, seen.observed.total - deleted)))])
    if run.results is not None:
        text = results_file(done, Form.of(run.results.name))
        plan_files.write_private(run.results, text.encode())


@contextmanager
def _braking(brake: Brake) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop sending and wait for what is under way; a second one aborts."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def stop(name: str) -> None:
        if brake.reason and task is not None:
            task.cancel()
            return
        brake.pull(f"the run was stopped by {name}")
        click.echo("\nStopping: waiting for what is under way. Once more to abort.", err=True)

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop, number.name)
    try:
        yield
    except asyncio.CancelledError:
        raise KardiaError(
            "aborted: what was in flight is recorded as in doubt; run plan to see what became of it"
        ) from None
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
