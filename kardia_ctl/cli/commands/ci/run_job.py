"""The command ``ci``: validate, plan or apply, and what a CI system takes of it."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.account.account_options import account_from
from kardia_ctl.cli.commands.apply.command import apply_path
from kardia_ctl.cli.commands.apply.command import command as apply_command
from kardia_ctl.cli.commands.ci.job import JobEnding, publish
from kardia_ctl.cli.commands.ci.job_files import JobFiles
from kardia_ctl.cli.commands.ci.job_reporter import JobReporter
from kardia_ctl.cli.commands.ci.platforms import Platform, platform_of
from kardia_ctl.cli.commands.plan import Planned, blocked_line, exit_code, make_planned
from kardia_ctl.cli.commands.plan import command as plan_command
from kardia_ctl.cli.commands.validate import other_warnings
from kardia_ctl.cli.files.report_files import from_top, main_first, names_at
from kardia_ctl.cli.files.saved_plan import save
from kardia_ctl.cli.options import path_argument, view_from
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError, KardiaError, RunStopped
from kardia_ctl.model.plan import Plan
from kardia_ctl.render.reports.annotations import (
    Annotation,
    Annotator,
    Level,
    of_plan,
    of_problems,
    of_warnings,
)
from kardia_ctl.render.reports.plan_rules import STOPPED
from kardia_ctl.render.view import View

_LEFT_OUT: Final = frozenset(
    {
        *("path", "out", "as_json", "show_phi", "markdown", "html"),
        *("max_age", "config", "settle_first", "assume_absent", "assume_created"),
    }
)
"""The options of plan and apply that ``ci`` has not: it decides, or they are for a person at a terminal."""


@dataclass
class _Job:
    """A job under way."""

    path: Path
    files: JobFiles
    platform: Platform
    view: View
    reporter: JobReporter
    sources: list[Path] = field(default_factory=list)

    @property
    def annotator(self) -> Annotator:
        return Annotator(names_at(self.path), from_top(self.path))

    def end(self, result: str, annotations: Iterable[Annotation], *, is_saved: bool = False) -> None:
        """Publish how the job ended."""
        reporter = self.reporter
        files = main_first(self.path, self.sources, self.annotator.relative)
        ending = JobEnding(result, annotations, files, reporter.planned, reporter.reported, is_saved)
        publish(ending, self.files, self.platform)


@click.command("ci")
@path_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="kardia-ci",
    show_default=True,
    metavar="DIR",
    help="Write plan, pages, reports and outputs into this directory, always under the same names.",
)
@click.option(
    "--apply",
    "applies",
    is_flag=True,
    help="Plan anew and apply, where the plan still has the digest of --expect-digest.",
)
@click.option(
    "--refresh",
    type=click.Choice([Refresh.FULL.value, Refresh.HEAD.value]),
    default=Refresh.FULL.value,
    help="What to read: full (the default), or head, one page of the list, which shows no drift.",
)
@click.option("--auto-approve", is_flag=True, help="With --apply: apply whatever the plan is.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
def command(
    path: Path,
    out: Path,
    applies: bool,
    auto_approve: bool,
    detailed_exitcode: bool,
    **options: Any,
) -> int:
    """Validate and plan for a job of a CI system: GitHub, GitLab, Azure, Bitbucket or any other.

    PATH is a configuration file, or a directory that holds kardia.yaml (default: this directory).

    Prints the plan, with annotations at file and line where the CI system takes them, sets the job's outputs
    and writes its summary. Mrns are pseudonyms everywhere, and no value is shown.

    \b
    Exit codes: 0 the plan can be applied, with or without changes · 1 an error: the configuration is not
    valid, or no plan could be made · 2 changes (--detailed-exitcode) · 3 something is blocked that no
    decision accepts. With --apply: 0 everything was applied · 1 not everything.
    """  # noqa: D301  (\\b is click's mark for text that is not rewrapped)
    platform = platform_of(os.environ)
    view = replace(view_from({**options, "show_phi": False}), show_phi=False)
    job = _Job(path, JobFiles(out), platform, view, JobReporter(view, platform))
    root = path if path.is_dir() else path.parent
    job.files.prepare((path, root / "kardia.yaml"), root / ".kardia", applies=applies)
    try:
        if applies:
            return _apply(job, options, auto_approve=auto_approve)
        return _plan(job, options, detailed=detailed_exitcode)
    except ConfigurationError as error:
        annotator = job.annotator
        job.end("invalid", _of_configuration(error, annotator))
        raise
    except KardiaError as error:
        annotator = job.annotator
        text = annotator.names.text(str(error))
        job.end("failed", [annotator.about(STOPPED, Level.ERROR, text, None)])
        raise


def _of_configuration(error: ConfigurationError, annotator: Annotator) -> Iterator[Annotation]:
    yield from of_problems(error.problems, annotator)
    yield from of_warnings(error.warnings, annotator)


def _plan(job: _Job, options: dict[str, Any], *, detailed: bool) -> int:
    given = _options_of(plan_command, job.path, options)
    refresh, settle = Refresh(given.pop("refresh")), given.pop("settle")
    planned = make_planned(job.path, job.reporter, job.files.plan, refresh, settle, given)
    plan, configuration = planned.preview.plan, planned.workspace.configuration
    job.sources.extend(configuration.sources)
    for line in other_warnings(configuration):
        if line not in job.reporter.warnings:
            job.reporter.warn(line)
    job.reporter.plan(plan)
    if plan.blocked:
        print_message(blocked_line(plan))
    save(job.files.plan, planned.workspace, planned.preview)
    job.end(_result(planned), _annotations(plan, configuration, job), is_saved=True)
    code = 1 if planned.has_quarantine else exit_code(plan, detailed=True)
    return 0 if code == _CHANGES and not detailed else code


_CHANGES: Final = 2
"""The exit code of a plan with changes."""


def _result(planned: Planned) -> str:
    """The output ``result`` of a plan."""
    plan = planned.preview.plan
    if planned.has_quarantine:
        return "invalid"
    if plan.stops:
        return "stopped"
    if plan.blocked:
        return "blocked"
    return "changes" if plan.writes else "no-changes"


def _annotations(plan: Plan, configuration: Configuration, job: _Job) -> Iterator[Annotation]:
    annotator = job.annotator
    for quarantine in configuration.quarantines:
        yield from of_problems(quarantine.problems, annotator)
    yield from of_plan(plan, annotator)
    yield from of_warnings(job.reporter.warnings, annotator)


def _apply(job: _Job, options: dict[str, Any], *, auto_approve: bool) -> int:
    given = _options_of(apply_command, job.path, options)
    if not auto_approve and given.get("expect_digest") is None:
        raise RunStopped(
            "ci --apply needs --expect-digest DIGEST, the digest of the plan that was approved. To apply "
            "whatever the plan is: --auto-approve"
        )
    given["auto_approve"] = True
    if given["results"] is None:
        given["results"] = job.files.results
    code = apply_path(job.path, account_from(given), job.reporter, job.view, given)
    annotator = job.annotator
    plan = job.reporter.planned
    annotations = [] if plan is None else [*of_plan(plan, annotator)]
    annotations += of_warnings(job.reporter.warnings, annotator)
    job.end("applied" if code == 0 else "unfinished", annotations)
    return code


def _options_of(other: click.Command, path: Path, options: dict[str, Any]) -> dict[str, Any]:
    """The options of another command: those that were given here, else its defaults."""
    known = dict(other.make_context(str(other.name), ["--", str(path)]).params)
    for name in ("path", "out", "as_json", "detailed_exitcode", "show_phi", "no_color", "full"):
        known.pop(name, None)
    return {name: options.get(name, value) for name, value in known.items()}


def _taken() -> Iterator[click.Parameter]:
    """The options of plan and apply that ``ci`` has too."""
    names = {param.name for param in command.params} | _LEFT_OUT
    for other in (plan_command, apply_command):
        for param in other.params:
            if param.name not in names:
                names.add(param.name)
                yield param


command.params.extend(_taken())
