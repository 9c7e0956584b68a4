"""The pages of a job: of its plan, or of why there is none; and the summary that a CI system shows."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kardia_ctl import __version__
from kardia_ctl.cli.commands.apply.finish import RESULTS
from kardia_ctl.cli.commands.ci.job_files import PLAN_JSON, JobFiles
from kardia_ctl.cli.files.page_files import (
    IS_MARKDOWN,
    declared_two_person,
    page_marker,
    write_drift_pages,
    write_pages,
)
from kardia_ctl.cli.naming import names_for_everybody
from kardia_ctl.cli.private_files import private_file, write_private
from kardia_ctl.config import load_account
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.results import Report
from kardia_ctl.render.apply.report import report_text, unfinished_text
from kardia_ctl.render.escape import escape_lines
from kardia_ctl.render.files.run_files import ResultsFormat, results_file
from kardia_ctl.render.json_pieces import json_pieces
from kardia_ctl.render.plan.terraform_json import Stamp, plan_json
from kardia_ctl.render.reports.annotations import Annotation
from kardia_ctl.render.reports.problem_page import LONGEST, fenced, problem_page
from kardia_ctl.render.text import iso_time
from kardia_ctl.render.view import View
from kardia_ctl.timing import system_instant

_NO_NAME: Final = "default"

DRIFT_RESULTS: Final = ("drifted", "no-drift")
"""How a job ends that looks for drift alone."""


def write_plan_pages(path: Path, files: JobFiles, plan: Plan, result: str) -> None:
    """Write the pages of a plan, and Terraform's representation of its changes, on one line.

    ``result`` is the job's: where it looked for drift alone, the pages are about that.

    Raises:
        RunStopped: a file cannot be written.
    """
    if result in DRIFT_RESULTS:
        write_drift_pages(files.pages, plan, _workspace(path), path)
    else:
        write_pages(files.pages, plan, _workspace(path), path, two_person=declared_two_person(path))
    stamp = Stamp(__version__, iso_time(int(system_instant().wall)))
    names = names_for_everybody()
    document = plan_json(plan, stamp, names, changes_only=True)
    with private_file(files.json, PLAN_JSON) as opened:
        for piece in json_pieces(document, names):
            opened.write(piece.encode())
        opened.write(b"\n")


def write_problem_page(path: Path, files: JobFiles, title: str, annotations: Sequence[Annotation]) -> None:
    """Write the page of a job that made no plan, and below it what was compared instead, if there is room.

    It has the hidden first line of the plan's page: where a comment is updated, it takes that one's place.

    Raises:
        RunStopped: a file cannot be written.
    """
    text = problem_page(title, annotations, page_marker(_workspace(path), path))
    if files.comparison.exists():
        compared = files.comparison.read_text(encoding="utf-8").split("\n", 1)[1]
        has_room = len(text) + len(compared) < LONGEST
        text += f"\n{compared}" if has_room else f"\nThe comparison is in {files.comparison.name}.\n"
    write_private(files.markdown, text.encode(), IS_MARKDOWN)


def _workspace(path: Path) -> str:
    """The name of the workspace, also where the configuration has problems."""
    try:
        return load_account(path, os.environ).workspace
    except ConfigurationError:
        return _NO_NAME


def write_results(files: JobFiles, report: Report) -> None:
    """Write what an apply did at each address, by pseudonym: CI systems publish the directory as an artifact.

    Raises:
        RunStopped: the file cannot be written.
    """
    text = results_file(report, ResultsFormat.CSV, names_for_everybody())
    write_private(files.results, text.encode(), RESULTS)


def job_summary(files: JobFiles, report: Report | None) -> str:
    """What a CI system shows of a job: the results of an apply, then the page."""
    results = "" if report is None else _results(report)
    page = files.markdown.read_text(encoding="utf-8") if files.markdown.exists() else ""
    return f"{results}\n{page}\n" if results else f"{page}\n"


def _results(report: Report) -> str:
    text = f"{report_text(report)}\n{unfinished_text(report, View())}".strip("\n")
    lines = escape_lines(names_for_everybody().text(text)).split("\n")
    return f"### kardia-ctl: applied\n\n{fenced(lines)}"
