"""``kardia-ctl plan``."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from kardia_ctl.cli.account.account_options import account_from, account_options
from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.fingerprint_key import state_key
from kardia_ctl.cli.account.workspace import Workspace, open_workspace
from kardia_ctl.cli.decisions import decision_options, decisions_from, say_as_entries
from kardia_ctl.cli.files.page_files import (
    NO_PAGES,
    PageFiles,
    page_files_from,
    page_options,
    write_drift_pages,
    write_pages,
)
from kardia_ctl.cli.files.quarantine_file import write_quarantine
from kardia_ctl.cli.options import (
    FILE,
    json_lines_option,
    path_argument,
    settle_option,
    view_from,
    view_options,
)
from kardia_ctl.cli.output.console import print_message, print_notice
from kardia_ctl.cli.output.drift_report import report_drift
from kardia_ctl.cli.output.progress import reading
from kardia_ctl.cli.output.reporter import Reporter, reporter_for
from kardia_ctl.cli.outputs import Output, check_outputs
from kardia_ctl.cli.signals import run_async
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.plan import Plan
from kardia_ctl.operations.plan import Preview, observe_and_plan, plan_from_state
from kardia_ctl.planning.checks.drift import cannot_see_drift, drift_of, has_drifted
from kardia_ctl.planning.inputs import Decisions, PlanInputs, inputs_of


@click.command("plan")
@path_argument
@click.option(
    "--out", type=FILE, metavar="FILE", help="Save the plan; kardia-ctl apply FILE applies exactly this plan."
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 2 when there are changes, 3 when something is blocked, 0 when there is neither.",
)
@click.option(
    "--refresh",
    type=click.Choice([one.value for one in Refresh]),
    default=Refresh.FULL.value,
    help="What to read: full (the default); head, one page of the list, which shows no drift; off, nothing.",
)
@click.option(
    "--drift",
    is_flag=True,
    help="Show what moved in Kardia since it was applied, and nothing else: 2 with --detailed-exitcode.",
)
@page_options
@json_lines_option
@settle_option
@decision_options
@account_options
@view_options
def command(
    path: Path,
    out: Path | None,
    detailed_exitcode: bool,
    refresh: str,
    drift: bool,
    as_json: bool,
    settle: float | None,
    **options: Any,
) -> int:
    """Show how the live account differs from the configuration. Changes nothing, takes no lock.

    PATH is a configuration file, or a directory that holds kardia.yaml (default: this directory).
    """
    view, pages = view_from(options), page_files_from(options)
    reporter = reporter_for(view, as_json=as_json)
    with reporter.errors():
        if drift:
            check_drift_options(out, refresh)
        planned = make_planned(path, reporter, out, Refresh(refresh), settle, options, pages)
        if drift and (reason := cannot_see_drift(planned.preview.inputs)):
            raise RunStopped(reason)
    workspace, preview = planned.workspace, planned.preview
    if drift:
        moved = drift_of(preview.plan)
        report_drift(moved, view, as_json=as_json)
        write_drift_pages(pages, moved, workspace.configuration.workspace, workspace.configuration.root)
        return 2 if detailed_exitcode and has_drifted(moved) else 0
    reporter.plan(preview.plan)
    configuration = workspace.configuration
    write_pages(
        pages,
        preview.plan,
        configuration.workspace,
        configuration.root,
        two_person=configuration.two_person,
    )
    if preview.plan.blocked:
        print_message(blocked_line(preview.plan))
    if out is not None:
        from kardia_ctl.cli.files.saved_plan import save

        save(out, workspace, preview)
        print_notice("\n")
        print_message(f"Saved the plan to {out}. To apply exactly this plan: kardia-ctl apply {out}")
    return 1 if planned.has_quarantine else exit_code(preview.plan, detailed=detailed_exitcode)


def check_drift_options(out: Path | None, refresh: str) -> None:
    """Refuse options that --drift has no use for. Raises ``RunStopped``."""
    if refresh != Refresh.FULL:
        raise RunStopped(f"--drift needs everything to be read: leave --refresh {refresh} out")
    if out is not None:
        raise RunStopped("--out saves what an apply would do, and --drift shows none of it: leave one out")


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the workspace that it is of, and whether rows of it are quarantined."""

    workspace: Workspace
    preview: Preview
    has_quarantine: bool


def make_planned(
    path: Path,
    reporter: Reporter,
    out: Path | None,
    refresh: Refresh,
    settle: float | None,
    options: dict[str, Any],
    pages: PageFiles = NO_PAGES,
) -> Planned:
    """Read the configuration, report warnings and quarantined rows, observe and plan. Prints no plan.

    Raises:
        ConfigurationError: the configuration has problems.
        KardiaError: the account or the state cannot be read, or ``out`` cannot be written.
    """
    is_off = refresh is Refresh.OFF
    if is_off and out is not None:
        raise RunStopped(
            "--out needs a plan that has read the account: use --refresh head or full, or leave --out out"
        )
    workspace = open_workspace(path, account_from(options), settle=settle, needs_key=not is_off)
    check_outputs([*_saved(out), *pages.outputs], workspace.inputs, workspace.private)
    decisions = decisions_from(options, workspace.configuration, workspace.keys, workspace.store.load)
    say_as_entries(decisions, workspace.now.day)
    for line in (*workspace.configuration.warnings, workspace.store.activity()):
        reporter.warn(line)
    has_quarantine = write_quarantine(workspace.configuration, reporter.error)
    return Planned(workspace, _preview(workspace, decisions, refresh), has_quarantine)


def _saved(out: Path | None) -> Iterator[Output]:
    """The file of --out, if any."""
    if out is not None:
        from kardia_ctl.cli.files.saved_plan import OURS

        yield Output("--out", out, OURS)


def _preview(workspace: Workspace, decisions: Decisions, refresh: Refresh) -> Preview:
    """The plan, after reading as much as is asked for."""
    state = workspace.store.load()
    key = state_key(workspace, state)
    inputs = inputs_of(workspace.configuration, state, workspace.now, key, decisions)
    inputs = replace(inputs, refresh=refresh, digest_key=workspace.digest_key())
    return plan_from_state(inputs) if refresh is Refresh.OFF else run_async(_observed(workspace, inputs))


async def _observed(workspace: Workspace, inputs: PlanInputs) -> Preview:
    """Observe the account and plan, in a new session."""
    async with open_account(workspace, parallelism=8) as session:
        with reading(session.reader) as reader:
            return await observe_and_plan(reader, inputs, lambda: session.requests)


def blocked_line(plan: Plan) -> str:
    """The error line of a blocked plan, so that a log of stderr alone explains the exit code 1."""
    if plan.stops:
        return f"Error: nothing can be applied: {'; '.join(plan.stops)}"
    blocked = sum(change.blocks for change in plan.changes)
    return f"Error: {blocked} blocked; the plan gives each reason and what to do"


def exit_code(plan: Plan, *, detailed: bool) -> int:
    """1 for an error; with ``detailed`` 3 when something is blocked, else 2 when something would be written.

    What a decision accepts as blocked does not count.
    """
    if plan.stops:
        return 1
    if plan.blocked:
        return 3 if detailed else 1
    return 2 if detailed and plan.writes else 0
