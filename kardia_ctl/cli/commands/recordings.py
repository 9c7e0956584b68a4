"""``kardia-ctl recordings``."""

from math import isfinite
from typing import Any, Final

import click

from kardia_ctl.cli.account.account_workspace import check_shown, workspace_from, workspace_options
from kardia_ctl.cli.account.connection import in_session
from kardia_ctl.cli.options import Options, auto_approve_option, json_option
from kardia_ctl.cli.output.console import print_result
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.records.listing import json_line, record_text
from kardia_ctl.render.records.record_columns import QT
from kardia_ctl.render.records.visibility import without_secrets

_ERROR_TYPES: Final = ("poorQuality", "undeterminedRhythm", "other")
"""API reference, "Set QT Analysis Measurements"."""

_INTERVALS: Final = {
    "qt": "The QT interval.",
    "rr": "The RR interval.",
    "qtcb": "The QT interval, corrected by Bazett.",
    "qtcf": "The QT interval, corrected by Fridericia.",
}


@click.group("recordings")
def command() -> None:
    """Write to recordings. To read them: kardia-ctl get recordings."""


def _finite(_: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not isfinite(value):
        raise click.BadParameter("it must be a number", param=parameter)
    return value


@command.command("qt")
@click.argument("recording")
@Options(
    *(
        click.option(f"--{name}", type=float, callback=_finite, metavar="NUMBER", help=text)
        for name, text in _INTERVALS.items()
    )
)
@click.option("--error", metavar="TEXT", help="Why it could not be measured; requires --error-type.")
@click.option("--error-type", type=click.Choice(_ERROR_TYPES), help="The kind of --error.")
@json_option("Print the measurement as a JSON object.")
@auto_approve_option
@workspace_options
def qt_command(
    recording: str,
    error: str | None,
    error_type: str | None,
    as_json: bool,
    auto_approve: bool,
    **options: Any,
) -> int:
    """Record a QT measurement of one RECORDING, an ECG named by its id.

    Every request adds another measurement, so it is sent once, and a lost response leaves it in doubt. The
    API's documents name no units; numbers are sent as given.
    """
    values: dict[str, str | float] = {
        name: value for name in _INTERVALS if (value := options.pop(name)) is not None
    }
    if (error is None) != (error_type is None):
        raise RunStopped(f"--error and --error-type ({', '.join(_ERROR_TYPES)}) go together: give both")
    if error is not None and error_type is not None:
        values |= {"error": error, "errorType": error_type}
    if not values:
        raise RunStopped("nothing to record: give --qt, --rr, --qtcb, --qtcf, or --error")
    workspace = workspace_from(options)
    check_shown(workspace, "QT measurements")
    if not confirm(f"Record a QT measurement of {recording}?", approved=auto_approve):
        return 1
    added = in_session(workspace, lambda session: session.add_qt(recording, values), effect=True)
    measurement = without_secrets(added)
    print_result(f"{json_line(measurement)}\n" if as_json else record_text(measurement, QT))
    return 0
