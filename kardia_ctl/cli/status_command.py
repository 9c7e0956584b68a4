"""``kardia-ctl status``."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from kardia_ctl.applying.preview import Ground
from kardia_ctl.applying.survey import is_whole, samples, survey
from kardia_ctl.cli.failure import refuse
from kardia_ctl.cli.options import path_argument, where_from, where_options
from kardia_ctl.cli.output import note, say
from kardia_ctl.cli.private_files import check_writable, write_private
from kardia_ctl.cli.workplace import Workplace, connected, open_workplace
from kardia_ctl.model.errors import LockHeld, StateError
from kardia_ctl.model.funnel import Place, Stage, StatusReport
from kardia_ctl.model.state import State
from kardia_ctl.model.terms import Terms
from kardia_ctl.planning.funnel import funnel, places
from kardia_ctl.planning.question import Question
from kardia_ctl.planning.safety import wrong_team
from kardia_ctl.planning.templates import resolve, terms_of
from kardia_ctl.render.files import places_file
from kardia_ctl.render.status_html import status_html
from kardia_ctl.render.status_json import status_json
from kardia_ctl.render.status_text import status_text

_DAY = 86400


@click.command("status")
@path_argument
@click.option("--json", "as_json", is_flag=True, help="The counts and their history as JSON.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write them as one page that needs no network.",
)
@click.option(
    "--list",
    "stage",
    type=click.Choice([one.value for one in Stage]),
    help="Print the mrns at this stage as CSV, instead of the counts.",
)
@click.option(
    "--days",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="With --list: only those whose code is N days old or older.",
)
@click.option("--no-record", is_flag=True, help="Keep no sample of the counts in state.")
@where_options
def command(path: Path, html: Path | None, stage: str | None, days: int, **options: Any) -> int:
    """Show how far the patients of each cohort have come.

    \b
    declared     in the configuration now
    created      of those, in Kardia
    code issued  of those, with a connection code; each is one of
      pending      the code is given out and not used yet
      connected    the device is connected
      expired?     a hint: unused for 90 days, or expired or disconnected
      unknown      Kardia did not say
    departed     left by an entry under departures

    Sends only safe reads. What it finds is kept in state (counts alone, one sample an hour), so that --html
    can show the connections over time; --no-record leaves state as it is.
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    as_json, no_record = options.pop("as_json"), options.pop("no_record")
    if days and stage is None:
        raise refuse("--days goes with --list STAGE")
    workplace = open_workplace(path, where_from(options))
    for line in (*workplace.configuration.warnings, workplace.store.activity()):
        if line:
            note(f"Warning: {line}")
    if html is not None:
        check_writable(html)
    state = workplace.store.load()
    question, spent = asyncio.run(_look(workplace, state))
    report = _report(question, spent)
    if report.incomplete:
        note(f"Warning: not everybody could be read, so the counts are too low: {report.incomplete}")
    elif not no_record and state.exists:
        _record(workplace, report)
    if stage is not None:
        say(places_file(_at(places(question), Stage(stage), question.now - days * _DAY if days else None)))
    else:
        say(json.dumps(status_json(report), indent=2) + "\n" if as_json else status_text(report))
    if html is not None:
        write_private(html, status_html(report).encode())
    return 0


async def _look(workplace: Workplace, state: State) -> tuple[Question, int]:
    ground = Ground(workplace.configuration, state, workplace.now)
    async with connected(workplace, parallelism=8) as session:
        question = await survey(session.reader, ground)
        for reason in wrong_team(question.desired.team, state.team, question.observed.templates):
            raise refuse(reason)
        return question, session.requests


def _report(question: Question, spent: int) -> StatusReport:
    counts = funnel(places(question))
    now = int(question.now)
    incomplete = "" if is_whole(question.observed) else question.observed.detail or "the scan is incomplete"
    fresh = () if incomplete else tuple(samples(counts, now))
    return StatusReport(
        now, counts, tuple(_templates(question)), incomplete, spent, (*question.state.samples, *fresh)
    )


def _templates(question: Question) -> Iterator[tuple[Terms, int]]:
    """The declared templates, each with how many codes are on record for those who are declared."""
    desired = question.desired
    found = resolve(desired.templates, question.observed.templates)
    codes = question.state.codes
    issued = Counter(template for mrn in desired.patients.keys() & codes.keys() for template in codes[mrn])
    for label in sorted(found):
        yield terms_of(label, found[label]), issued[found[label].id]


def _record(workplace: Workplace, report: StatusReport) -> None:
    """Keep a sample, unless somebody holds the lock: then it is an apply, and keeps its own."""
    store = workplace.store
    try:
        with store.lock("status"):
            store.commit(samples(report.cohorts, report.at))
    except LockHeld:
        return
    except StateError as error:
        note(f"Warning: no sample was kept: {error}")


def _at(found: Iterable[Place], stage: Stage, before: float | None) -> Iterator[Place]:
    """Those at a stage; with ``before`` (Unix seconds) only those whose code was issued by then."""
    for place in found:
        if place.stage is stage and (before is None or 0 < place.issued <= before):
            yield place
