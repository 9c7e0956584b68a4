"""``kardia-ctl status``."""

import json
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from kardia_ctl.cli.account.account_options import account_from, account_options
from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.known_values import know_observed
from kardia_ctl.cli.account.workspace import Workspace, open_workspace
from kardia_ctl.cli.decisions import ended_decisions
from kardia_ctl.cli.files.quarantine_file import warn_of_quarantine
from kardia_ctl.cli.naming import names_on
from kardia_ctl.cli.options import accept_unknown_team_option, path_argument, shows_phi
from kardia_ctl.cli.output.console import print_message, print_result
from kardia_ctl.cli.output.status_display import status_display
from kardia_ctl.cli.outputs import Output, check_outputs
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.cli.signals import run_async
from kardia_ctl.cli.webhooks.listen import ListenOptions, follow
from kardia_ctl.cli.webhooks.listen_address import hook_path, listen_address
from kardia_ctl.cli.webhooks.recorder import is_page, record_samples
from kardia_ctl.funnel.places import funnel, places
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.funnel import Place, Stage, StatusReport
from kardia_ctl.model.state import State
from kardia_ctl.operations.status import report_of, samples, survey
from kardia_ctl.planning.checks.key_tenant import may_record, refusal
from kardia_ctl.planning.inputs import Decisions, PlanInputs, inputs_of
from kardia_ctl.render.files.run_files import places_file
from kardia_ctl.render.status.json import status_json
from kardia_ctl.render.status.text import status_text

_DAY = 86400


@click.command("status")
@path_argument
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the counts and their history as JSON; with --listen, a line for each change.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the counts and their history to this HTML page. It loads nothing from the network.",
)
@click.option(
    "--list",
    "stage",
    type=click.Choice([choice.value for choice in Stage]),
    help="Print the mrns of the patients at this stage as CSV, not the counts; waiting: not in Kardia yet.",
)
@click.option(
    "--days",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="With --list: only patients whose code was issued at least N days ago.",
)
@click.option(
    "--show-phi", is_flag=True, help="With --list: print mrns even if the output is not your own terminal."
)
@click.option("--no-record", is_flag=True, help="Do not record the counts in state.")
@accept_unknown_team_option
@click.option(
    "--listen",
    type=listen_address,
    metavar="[HOST:]PORT",
    help="Keep the counts current until Ctrl-C, by webhook events received at this address "
    "(default HOST: 127.0.0.1).",
)
@click.option(
    "--path",
    "hook",
    type=hook_path,
    default="/",
    envvar="KARDIA_LISTEN_PATH",
    show_envvar=True,
    metavar="PATH",
    help="With --listen: accept webhooks only at this path; choose one that cannot be guessed.",
)
@account_options
def command(path: Path, html: Path | None, stage: str | None, days: int, **options: Any) -> int:
    """Count the patients of each cohort by stage, from declared to connected.

    \b
    declared     in the configuration now
    created      of those, in Kardia
    code issued  of those, with a connection code; each is one of
      pending      the code is issued and not used yet
      connected    the device is connected
      expired?     a hint: unused for 90 days, or expired or disconnected
      unknown      Kardia returned no status
    departed     no longer declared; a departure was carried out

    Sends only safe reads. Records the counts in state, at most once an hour and without patients' data, so
    that --html can show the connections over time.

    With --listen, each webhook event about a connection leads to a read of that patient. Kardia does not sign
    webhooks, so an event is only a hint: the API's answer counts. The pro API shows no patients, so there the
    event itself counts, marked as not verified. Set the account's callback URL to the listening address, or
    to a tunnel that leads there.
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    as_json, no_record = options.pop("as_json"), options.pop("no_record")
    shows_phi(asked=options.pop("show_phi"))
    accepted = options.pop("accept_unknown_team")
    listen, hook = options.pop("listen"), options.pop("hook")
    if days and stage is None:
        raise RunStopped("--days goes with --list STAGE")
    if stage is not None and listen is not None:
        raise RunStopped("--list prints who is where now: leave --listen out")
    workspace = open_workspace(path, account_from(options))
    ended = ended_decisions(workspace.configuration, workspace.now.day)
    for line in (*workspace.configuration.warnings, *ended, workspace.store.activity()):
        if line:
            print_message(f"Warning: {line}")
    warn_of_quarantine(workspace.configuration)
    if html is not None:
        check_outputs([Output("--html", html, is_page)], workspace.inputs, workspace.private)
    state = workspace.store.load()
    records = state.exists and not no_record
    first = partial(_first, workspace, state, Decisions(accept_unknown_team=accepted), records)
    if listen is not None:
        wanted = ListenOptions(listen, hook, html, records)
        display = status_display(as_json=as_json)
        run_async(follow(workspace, wanted, first, display))
        return 0
    inputs, report = run_async(first())
    if records and may_record(inputs) and not report.incomplete:
        record_samples(workspace.store, tuple(samples(report.cohorts, report.at)), _warn)
    if stage is not None:
        found = _at(places(inputs), Stage(stage), inputs.now.wall - days * _DAY if days else None)
        print_result(places_file(found, names_on(sys.stdout).mrn))
    else:
        print_result(json.dumps(status_json(report), indent=2) + "\n" if as_json else status_text(report))
    if html is not None:
        from kardia_ctl.render.status.html import status_html

        write_private(html, status_html(report).encode(), is_page)
    return 0


async def _first(
    workspace: Workspace, state: State, decisions: Decisions, records: bool
) -> tuple[PlanInputs, StatusReport]:
    inputs = inputs_of(workspace.configuration, state, workspace.now, decisions=decisions)
    async with open_account(workspace, parallelism=8) as session:
        inputs = await survey(session.reader, inputs, records=records)
        know_observed(session.scrub, inputs)  # for the reads of --listen
        spent = session.requests
    if records and (reason := refusal(inputs)):
        _warn(f"the counts are not recorded in state: {reason}")
    report = report_of(inputs, funnel(places(inputs)), at=int(inputs.now.wall), reads=spent)
    if report.incomplete:
        _warn(f"not every patient could be read, so the counts are too low: {report.incomplete}")
    return inputs, report


def _warn(text: str) -> None:
    print_message(f"Warning: {text}")


def _at(found: Iterable[Place], stage: Stage, before: float | None) -> Iterator[Place]:
    """Those at a stage; with ``before`` (Unix seconds) only those whose code was issued by then."""
    for place in found:
        if place.stage is stage and (before is None or 0 < place.issued <= before):
            yield place
