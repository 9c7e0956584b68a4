"""How a job ended, and everything that a CI system takes of it: reports, outputs, annotations, summary."""

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kardia_ctl.cli.commands.ci.job_files import JobFiles
from kardia_ctl.cli.commands.ci.job_pages import (
    job_summary,
    write_plan_pages,
    write_problem_page,
    write_results,
)
from kardia_ctl.cli.commands.ci.platforms import Platform
from kardia_ctl.cli.environment import given
from kardia_ctl.cli.files.report_files import ReportContents
from kardia_ctl.cli.output.console import print_commands, print_message
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.results import Report
from kardia_ctl.render.reports.annotations import Annotation, collected
from kardia_ctl.render.reports.job_outputs import (
    azure_variables,
    dotenv,
    github_output,
    plan_outputs,
    report_outputs,
)
from kardia_ctl.render.reports.workflow_commands import azure_annotations, azure_summary, github_annotations

_OUTPUT_FILES: Final = {
    Platform.GITHUB: "GITHUB_OUTPUT",
    Platform.BITBUCKET: "BITBUCKET_PIPELINES_VARIABLES_PATH",
}
"""The variables that name a file for a job's outputs."""

SUMMARY: Final = 1024 * 1024
"""Bytes of the summary of a step of GitHub Actions; a longer one is refused as a whole."""


@dataclass(frozen=True, slots=True)
class JobEnding:
    """How a job ended.

    Attributes:
        result: The output ``result``, a word.
        annotations: What to say of places in the configuration.
        files: The configuration's files, from the top of the repository; the main one first.
        title: Why there is no plan.
        plan: The plan, if one was made.
        report: What an apply did, if it came so far.
        is_saved: Whether the plan is saved among the job's files.
        applies: Whether the job was to apply, whatever became of it.
    """

    result: str
    annotations: Iterable[Annotation]
    files: Sequence[str]
    title: str = ""
    plan: Plan | None = None
    report: Report | None = None
    is_saved: bool = False
    applies: bool = False


def check_outputs_file(platform: Platform) -> None:
    """Check that the CI system takes outputs, before anything is done that they are about.

    Raises:
        RunStopped: the file that it names cannot be written.
    """
    if variable := _OUTPUT_FILES.get(platform):
        _append(variable, "")


def publish(ending: JobEnding, path: Path, files: JobFiles, platform: Platform) -> None:
    """Write the pages, reports and outputs, and print the annotations of a job that has ended.

    Raises:
        RunStopped: a file cannot be written.
    """
    annotations, more = collected(ending.annotations)
    contents = ReportContents(ending.files, annotations, more, planned=ending.plan is not None)
    files.reports.write(contents)
    if ending.plan is None:
        write_problem_page(path, files, ending.title, annotations)
    else:
        write_plan_pages(path, files, ending.plan, ending.result)
    if ending.report is not None:
        write_results(files, ending.report)
    outputs = _outputs(ending, files)
    files.write_variables(dotenv(outputs))
    match platform:
        case Platform.GITHUB:
            print_commands(github_annotations(annotations))
            _append(_OUTPUT_FILES[platform], github_output(outputs, f"ends-{secrets.token_hex(16)}"))
            _summarise(job_summary(files, ending.report))
        case Platform.AZURE:
            print_commands(azure_annotations(annotations))
            print_commands(azure_variables(outputs))
            print_commands([azure_summary(str(files.markdown.resolve()))])
        case Platform.BITBUCKET:
            _append(_OUTPUT_FILES[platform], dotenv(outputs))
        case Platform.GITLAB | Platform.OTHER:
            pass


def _outputs(ending: JobEnding, files: JobFiles) -> dict[str, str]:
    written = {"plan": files.plan if ending.is_saved else None, "page": files.markdown}
    return {
        "result": ending.result,
        **plan_outputs(ending.plan),
        **(report_outputs(ending.report) if ending.applies else {}),
        **{name: str(file) if file and file.exists() else "" for name, file in written.items()},
    }


def _summarise(summary: str) -> None:
    """Append to the step's summary as much as there is room for."""
    if not (name := given(os.environ, "GITHUB_STEP_SUMMARY")):
        return
    file = Path(name)
    used = file.stat().st_size if file.exists() else 0
    if used + len(summary.encode()) > SUMMARY:
        print_message("Warning: the step's summary has no room for the page; it is in the job's files")
        return
    _append("GITHUB_STEP_SUMMARY", summary)


def _append(variable: str, text: str) -> None:
    """Append to the file that a variable names; nothing where it is not set.

    Raises:
        RunStopped: it cannot be written.
    """
    if not (name := given(os.environ, variable)):
        return
    try:
        with Path(name).open("ab") as opened:
            opened.write(text.encode())
    except OSError as error:
        raise RunStopped(
            f"the file that {variable} names could not be written: {error.strerror}. The same outputs are in "
            "the directory of --out"
        ) from error
