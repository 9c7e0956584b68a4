"""The command ``ci``: validate, plan or apply, and what a CI system takes of it."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from kardia_ctl.cli.commands.apply.command import command as apply_command
from kardia_ctl.cli.commands.ci.apply_job import apply_job
from kardia_ctl.cli.commands.ci.job import Job
from kardia_ctl.cli.commands.ci.job_files import JobFiles
from kardia_ctl.cli.commands.ci.job_reporter import JobReporter
from kardia_ctl.cli.commands.ci.outside_job import is_from_outside, outside_job
from kardia_ctl.cli.commands.ci.plan_job import drift_job, plan_job
from kardia_ctl.cli.commands.ci.platforms import platform_of
from kardia_ctl.cli.commands.ci.publishing import check_outputs_file
from kardia_ctl.cli.commands.plan import command as plan_command
from kardia_ctl.cli.options import path_argument, view_from
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.errors import KardiaError

_VIEW: Final = frozenset({"show_phi", "no_color", "full"})
_LEFT_OUT: Final = frozenset(
    {
        *("path", "out", "as_json", "show_phi", "markdown", "html", "drift"),
        *("max_age", "config", "settle_first", "assume_absent", "assume_created"),
    }
)
"""The options of plan and apply that ``ci`` has not: it decides, or they are for a person at a terminal."""


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
@click.option("--auto-approve", is_flag=True, help="With --apply: apply whatever the plan is.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@click.option(
    "--base",
    metavar="REVISION",
    default="",
    help="What a change from outside is compared with, where its job has no key (default: as the CI system "
    "says).",
)
@click.option(
    "--refresh",
    type=click.Choice([Refresh.FULL.value, Refresh.HEAD.value]),
    default=Refresh.FULL.value,
    help="What to read: full (the default), or head, one page of the list, which shows no drift.",
)
@click.option(
    "--drift",
    is_flag=True,
    help="The job of the night: show what moved in Kardia since it was applied, and nothing else.",
)
def command(
    path: Path,
    out: Path,
    applies: bool,
    auto_approve: bool,
    detailed_exitcode: bool,
    base: str,
    drift: bool,
    **options: Any,
) -> int:
    """Validate and plan for a job of a CI system: GitHub, GitLab, Azure, Bitbucket or any other.

    PATH is a configuration file, or a directory that holds kardia.yaml (default: this directory).

    Prints the plan, with annotations at file and line where the CI system takes them, sets the job's outputs
    and writes its summary. What it writes has pseudonyms for mrns, and no values.

    For a change from outside, such as a fork's, whose job gets no KARDIA_API_KEY, no plan is made: the
    configuration is validated and compared with what it was.

    \b
    Exit codes: 0 the plan can be applied, with or without changes; or no plan was made, as said above
                1 the configuration is not valid, or no plan could be made; --apply: not all was applied
                2 changes, or with --drift what moved; with --detailed-exitcode alone
                3 something is blocked that no decision accepts
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    _check_together(applies=applies, drift=drift)
    platform = platform_of(os.environ)
    view = replace(view_from({**options, "show_phi": False}), show_phi=False)
    job = Job(path, JobFiles(out), platform, view, JobReporter(view, platform), applies)
    root = path if path.is_dir() else path.parent
    job.files.prepare((path, root / "kardia.yaml"), root / ".kardia", applies=applies)
    try:
        check_outputs_file(platform)
        if applies:
            return apply_job(job, _options_of(apply_command, path, options), approved=auto_approve)
        if is_from_outside(options):
            return outside_job(job, base)
        if drift:
            return drift_job(job, _options_of(plan_command, path, options), detailed=detailed_exitcode)
        return plan_job(job, _options_of(plan_command, path, options), detailed=detailed_exitcode)
    except KardiaError as error:
        job.end_with(error)
        raise


def _check_together(*, applies: bool, drift: bool) -> None:
    """Refuse options that say two things: a job that looks must not write, nor be taken for one that does.

    Raises:
        UsageError: --drift beside --apply, or an option of apply without --apply.
    """
    if applies and drift:
        raise click.UsageError("--drift only looks, and --apply writes: use one of them")
    context = click.get_current_context()
    for param in () if applies else context.command.params:
        given = context.get_parameter_source(str(param.name))
        if param.name in _OF_APPLY and given is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{param.opts[0]} needs --apply: without it ci only plans")


def _options_of(other: click.Command, path: Path, options: dict[str, Any]) -> dict[str, Any]:
    """The options of another command: those that were given here, else its defaults."""
    known = other.make_context(str(other.name), ["--", str(path)]).params
    ours = {"path", "out", "as_json", "detailed_exitcode", "markdown", "html", "drift", *_VIEW}
    return {name: options.get(name, value) for name, value in known.items() if name not in ours}


def _taken() -> Iterator[click.Parameter]:
    """The options of plan and apply that ``ci`` has too."""
    names = {param.name for param in command.params} | _LEFT_OUT
    for other in (plan_command, apply_command):
        for param in other.params:
            if param.name not in names:
                names.add(param.name)
                yield param


command.params.extend(_taken())
_OF_APPLY: Final = {param.name for param in apply_command.params} - {
    param.name for param in plan_command.params
}
"""The names of the options that mean something to apply alone."""
