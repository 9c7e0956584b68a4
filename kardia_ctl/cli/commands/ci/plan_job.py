"""The jobs that plan: of a pull request, and of the night."""

from collections.abc import Iterator
from typing import Any, Final

from kardia_ctl.cli.commands.ci.job import Job
from kardia_ctl.cli.commands.plan import (
    Planned,
    blocked_line,
    check_drift_options,
    exit_code,
    make_planned,
)
from kardia_ctl.cli.commands.validate import other_warnings
from kardia_ctl.cli.files.saved_plan import save
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.planning.checks.drift import cannot_see_drift, drift_of, has_drifted
from kardia_ctl.render.reports.annotations import Annotation, of_plan, of_problems

_CHANGES: Final = 2
"""The exit code of a plan with changes."""


def plan_job(job: Job, options: dict[str, Any], *, detailed: bool) -> int:
    """Plan, print and save. Returns the exit code.

    Raises:
        KardiaError: there is no plan.
    """
    refresh, settle = Refresh(options.pop("refresh")), options.pop("settle")
    planned = make_planned(job.path, job.reporter, job.files.plan, refresh, settle, options)
    plan, configuration = planned.preview.plan, planned.workspace.configuration
    job.sources.extend(configuration.sources)
    for line in other_warnings(configuration):
        if line not in job.reporter.warnings:
            job.reporter.warn(line)
    job.reporter.plan(plan)
    if plan.blocked:
        print_message(blocked_line(plan))
    if not plan.is_empty:  # a plan that does nothing needs no file, and sealing all it saw takes a third more
        save(job.files.plan, planned.workspace, planned.preview)
    annotations = (*quarantined(configuration, job), *of_plan(plan, job.annotator), *job.warnings())
    job.end(_result(planned), annotations, is_saved=not plan.is_empty)
    code = 1 if planned.has_quarantine else exit_code(plan, detailed=True)
    return 0 if code == _CHANGES and not detailed else code


def drift_job(job: Job, options: dict[str, Any], *, detailed: bool) -> int:
    """Show what moved on the live side. Returns the exit code.

    Raises:
        KardiaError: drift cannot be seen; the message says why.
    """
    refresh, settle = Refresh(options.pop("refresh")), options.pop("settle")
    check_drift_options(None, refresh)
    planned = make_planned(job.path, job.reporter, None, refresh, settle, options)
    if reason := cannot_see_drift(planned.preview.inputs):
        raise RunStopped(reason)
    configuration, moved = planned.workspace.configuration, drift_of(planned.preview.plan)
    job.sources.extend(configuration.sources)
    job.reporter.drift(moved)
    annotations = (*quarantined(configuration, job), *of_plan(moved, job.annotator), *job.warnings())
    job.end("drifted" if has_drifted(moved) else "no-drift", annotations)
    if planned.has_quarantine:
        return 1
    return _CHANGES if detailed and has_drifted(moved) else 0


def quarantined(configuration: Configuration, job: Job) -> Iterator[Annotation]:
    """An error for each problem of a quarantined row."""
    for quarantine in configuration.quarantines:
        yield from of_problems(quarantine.problems, job.annotator)


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
