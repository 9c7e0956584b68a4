"""The job of a change from outside, which gets no secrets: validate, and compare what is declared."""

import os
from typing import Any, Final

import click

from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.commands.ci.job import Job
from kardia_ctl.cli.commands.ci.plan_job import quarantined
from kardia_ctl.cli.commands.ci.platforms import base_revision, withholds_secrets
from kardia_ctl.cli.commands.diff.declared_diff import command as diff_command
from kardia_ctl.cli.commands.validate import other_warnings
from kardia_ctl.cli.environment import given
from kardia_ctl.cli.files.quarantine_file import write_quarantine
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.timing import system_instant

NOT_PLANNED: Final = (
    "no plan was made: this change comes from outside, so its job has no API key. It was validated and "
    "compared; a maintainer plans it"
)


def is_from_outside(options: dict[str, Any]) -> bool:
    """Whether the job has no key, and the CI system gives none to changes like this one."""
    has_key = options["sandbox"] or options["api_key_file"] or given(os.environ, "KARDIA_API_KEY")
    return not has_key and withholds_secrets(os.environ)


def outside_job(job: Job, base: str) -> int:
    """Validate, and compare with ``base``, else with what the CI system names. Returns the exit code.

    Raises:
        ConfigurationError: the configuration has problems.
    """
    configuration = read_configuration(job.path, system_instant())
    job.sources.extend(configuration.sources)
    for line in (*configuration.warnings, *other_warnings(configuration)):
        job.reporter.warn(line)
    has_quarantine = write_quarantine(configuration)
    with job.reporter.without_commands():
        _compare(job, base or base_revision(os.environ))
    print_message(f"Note: {NOT_PLANNED}.")
    result = "invalid" if has_quarantine else "not-planned"
    job.end(result, (*quarantined(configuration, job), *job.warnings()), NOT_PLANNED)
    return 1 if has_quarantine else 0


def _compare(job: Job, base: str) -> None:
    """Print and write what is declared differently; a base that git does not have is only a warning."""
    if not base:
        job.reporter.warn("nothing to compare with is known: name it with --base REVISION")
        return
    try:
        context = click.get_current_context()
        context.invoke(diff_command, base=base, path=job.path, markdown=job.files.comparison)
    except RunStopped as error:
        job.reporter.warn(f"what is declared differently is not known: {error}")
