"""``kardia-ctl recordings``."""

import asyncio
from collections.abc import Callable
from math import isfinite
from typing import Any, Final, TypeVar

import click

from kardia_ctl.cli.account.connection import Reach, check_shown, reach_from, reach_options, reached
from kardia_ctl.cli.output.console import print_message, print_result
from kardia_ctl.cli.output.prompt import confirm
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.records.listing import json_line, record_text
from kardia_ctl.render.records.record_columns import QT
from kardia_ctl.render.records.visibility import without_secrets

Command = TypeVar("Command", bound=Callable[..., Any])

ERROR_TYPES: Final = ("poorQuality", "undeterminedRhythm", "other")
"""API reference, "Set QT Analysis Measurements"."""

_MEASURED: Final = ("qt", "rr", "qtcb", "qtcf")


@click.group("recordings")
def command() -> None:
    """Write to recordings. To read them: kardia-ctl get recordings."""


def _finite(_: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not isfinite(value):
        raise click.BadParameter("it must be a number", param=parameter)
    return value


def _measured(name: str, text: str) -> Callable[[Command], Command]:
    return click.option(f"--{name}", type=float, callback=_finite, metavar="NUMBER", help=text)


@command.command("qt")
@click.argument("recording")
@_measured("qt", "The QT interval.")
@_measured("rr", "The RR interval.")
@_measured("qtcb", "QT corrected by Bazett.")
@_measured("qtcf", "QT corrected by Fridericia.")
@click.option("--error", metavar="TEXT", help="Why it could not be measured; wants --error-type.")
@click.option("--error-type", type=click.Choice(ERROR_TYPES), help="Of which kind the error is.")
@click.option("--json", "as_json", is_flag=True, help="Print the measurement as a JSON object.")
@click.option("--auto-approve", is_flag=True, help="Do not ask first.")
@reach_options
def qt_command(
    recording: str,
    error: str | None,
    error_type: str | None,
    as_json: bool,
    auto_approve: bool,
    **options: Any,
) -> int:
    """Record a QT measurement of one RECORDING, the ECG with this id.

    An effect: each sending makes another measurement, so it is sent once, and a lost answer is in doubt. The
    API's documents name no units; numbers are sent as they are written here.
    """
    values: dict[str, str | float] = {
        name: value for name in _MEASURED if (value := options.pop(name)) is not None
    }
    if error is not None and error_type is None:
        raise RunStopped(f"--error wants --error-type: one of {', '.join(ERROR_TYPES)}")
    if error_type is not None and error is None:
        raise RunStopped("--error-type is the kind of an --error: say what it was")
    if error is not None and error_type is not None:
        values |= {"error": error, "errorType": error_type}
    if not values:
        raise RunStopped("there is nothing to record: give --qt, --rr, --qtcb, --qtcf, or --error")
    reach = reach_from(options)
    check_shown(reach, "QT measurements")
    if not confirm(f"Record a QT measurement of {recording}?", approved=auto_approve):
        print_message("Nothing was done.")
        return 1
    found = without_secrets(asyncio.run(_send(reach, recording, values)))
    print_result(f"{json_line(found)}\n" if as_json else record_text(found, QT))
    return 0


async def _send(reach: Reach, recording: str, values: dict[str, str | float]) -> dict[str, Any]:
    async with reached(reach) as session:
        return await session.add_qt(recording, values)
