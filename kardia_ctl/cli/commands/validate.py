"""``kardia-ctl validate``."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from kardia_ctl.cli.account.git_index import plain_people, tracked_secrets
from kardia_ctl.cli.account.key_at_hand import PRIVATE
from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.decisions import ended_decisions
from kardia_ctl.cli.files.quarantine_file import write_quarantine
from kardia_ctl.cli.files.report_files import report_files_from, report_options, write_problems
from kardia_ctl.cli.options import json_option, path_argument
from kardia_ctl.cli.output.console import print_json, print_line, print_message, print_notice
from kardia_ctl.cli.outputs import check_outputs
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.source import Problem
from kardia_ctl.render.problems import failure_text, problem_lines, validate_json
from kardia_ctl.render.text import count_of, kind_count
from kardia_ctl.timing import system_instant


@click.command("validate")
@path_argument
@json_option("Print Terraform's validate JSON, for editors and CI.")
@report_options
def command(path: Path, as_json: bool, **options: Any) -> int:
    """Check the configuration and report every problem with file, line and column. Sends no request.

    PATH is a configuration file, or a directory that holds kardia.yaml (default: this directory).
    """
    reports = report_files_from(options)
    check_outputs(reports.outputs, [path])
    try:
        configuration = read_configuration(path, system_instant())
    except ConfigurationError as error:
        write_problems(reports, path, error.problems, error.warnings)
        if as_json:
            print_json(_as_json(error.problems, error.warnings), indent=2)
        else:
            print_notice(f"{failure_text(error)}\n")
        return 1
    check_outputs(reports.outputs, configuration.sources)
    warnings = (*configuration.warnings, *other_warnings(configuration))
    problems = [problem for quarantine in configuration.quarantines for problem in quarantine.problems]
    write_problems(reports, path, problems, warnings, configuration.sources)
    if as_json:
        print_json(_as_json(problems, warnings), indent=2)
        return 1 if write_quarantine(configuration, are_shown=True) else 0
    for warning in warnings:
        print_message(f"Warning: {warning}")
    for line in problem_lines(problems):
        print_message(line)
    if write_quarantine(configuration, are_shown=True):
        print_line(f"The configuration is valid except for quarantined rows: {_counted(configuration)}.")
        return 1
    print_line(f"The configuration is valid: {_counted(configuration)}.")
    return 0


def other_warnings(configuration: Configuration) -> tuple[str, ...]:
    """Warnings that reading a configuration does not give: ended decisions, and what git tracks."""
    return (
        *ended_decisions(configuration, system_instant().day),
        *tracked_secrets(configuration, PRIVATE, None),
        *plain_people(configuration),
    )


def _as_json(problems: Sequence[Problem], warnings: Sequence[str] = ()) -> dict[str, Any]:
    from kardia_ctl.config.spans import extents

    return validate_json(problems, warnings, extents(problem.source for problem in problems))


def _counted(configuration: Configuration) -> str:
    desired = configuration.desired
    counts = Counter(setting.address.kind for setting in desired.settings)
    counts[Kind.PATIENT] = len(desired.patients)
    counts[Kind.CONNECTION_CODE] = sum(len(patient.codes) for patient in desired.patients.values())
    counts[Kind.MOBILE_USER] = len(desired.users)
    entries = {
        "departure": len(desired.departures),
        "corrected mrn": len(desired.moved),
        "decision": len(desired.decisions),
    }
    parts = [kind_count(count, kind) for kind, count in counts.items() if count]
    parts += [count_of(count, noun) for noun, count in entries.items() if count]
    return ", ".join(parts) or "it declares nothing"
