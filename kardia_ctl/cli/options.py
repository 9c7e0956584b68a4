"""Options that several commands share, with their types."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from kardia_ctl.cli.environment import is_own_terminal, wants_no_colour
from kardia_ctl.cli.naming import StdoutNames, show_mrns, shows_mrns
from kardia_ctl.model.address import Address
from kardia_ctl.render.view import View

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Command], Command]
"""A decorator that adds an option, or several, to a command."""

FILE: Final = click.Path(path_type=Path, dir_okay=False)
"""The type of an option that names a file."""


class Options:
    """Several options as one decorator; ``--help`` lists them in this order."""

    def __init__(self, *options: Callable[[Any], Any]) -> None:
        self._options = options

    def __call__(self, command: Command) -> Command:
        """Add the options to a command."""
        decorated: Command = command
        for option in reversed(self._options):
            decorated = option(decorated)
        return decorated


def address(text: str) -> Address:
    """Read an address: the type of an option that names one.

    Raises:
        BadParameter: the text is no address; the message says why.
    """
    try:
        return Address.parse(text)
    except ValueError as error:
        # It may be an mrn alone, and this is printed before any key of pseudonyms is known.
        message = str(error) if shows_mrns(sys.stderr) else str(error).replace(repr(text), "what was given")
        raise click.BadParameter(message) from error


_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


if TYPE_CHECKING:
    _ParamType = click.ParamType[float]
else:
    _ParamType = click.ParamType  # click before 8.4 has no generic one


class _Duration(_ParamType):
    """A duration in seconds, or with a unit: ``90``, ``90s``, ``3m``, ``2h``, ``7d``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds. Raises ``BadParameter`` when the text is no duration."""
        text = str(value)
        number = text.rstrip("smhd")
        unit = text[len(number) :]
        if unit not in _UNITS or not (number.isascii() and number.isdecimal() and len(number) < 10):
            self.fail("write a duration as 90, 90s, 3m, 2h or 7d", param, ctx)
        return float(int(number) * _UNITS[unit])


DURATION: Final = _Duration()
"""The type of an option that takes a duration."""


def moment(text: str) -> datetime:
    """Read a day or a time, in UTC when it has no offset: the type of an option that names one.

    Raises:
        BadParameter: the text is neither.
    """
    found = time_of(text)
    if found is None:
        raise click.BadParameter("write a day as 2026-03-01 or a time as 2026-03-01T12:00:00Z")
    return found


def time_of(value: object) -> datetime | None:
    """A time as servers write it (RFC 3339); None when the value is not a time."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


path_argument: Final = click.argument("path", type=click.Path(path_type=Path), default=".", metavar="[PATH]")
"""PATH: a configuration file, or a directory that holds kardia.yaml."""

view_options: Final = Options(
    click.option(
        "--show-phi",
        is_flag=True,
        help="Show patients' values even if the output is not your own terminal (a file, a pipe, CI).",
    ),
    click.option("--no-color", is_flag=True, help="Print without colours; so does the variable NO_COLOR."),
    click.option("--full", is_flag=True, help="Print every address, also where many are alike."),
)
"""--show-phi, --no-color and --full."""

show_phi_option: Final = click.option(
    "--show-phi",
    is_flag=True,
    help="Show names, birth dates, e-mails, phones and notes even if the output is not your own terminal.",
)

accept_unknown_team_option: Final = click.option(
    "--accept-unknown-team",
    is_flag=True,
    help="Continue even if the account does not show that the API key is of the expected team: you know it.",
)

auto_approve_option: Final = click.option("--auto-approve", is_flag=True, help="Do not ask for confirmation.")

settle_option: Final = click.option(
    "--settle",
    type=click.FloatRange(0, max=86400),
    metavar="SECONDS",
    help="Settle window: how long a patient may still appear after the response to its create was lost "
    "(overrides settle: in kardia.yaml).",
)

parallelism_option: Final = click.option(
    "--parallelism",
    type=click.IntRange(1, 256),
    default=16,
    show_default=True,
    metavar="N",
    help="Maximum number of writes in flight.",
)

lock_option: Final = click.option(
    "--lock-timeout",
    type=click.FloatRange(0),
    default=0,
    metavar="SECONDS",
    help="Wait this long for another run to release the lock (default: do not wait).",
)


def json_option(text: str) -> Options:
    """--json, with what it prints."""
    return Options(click.option("--json", "as_json", is_flag=True, help=text))


def out_option(*, required: bool = False) -> Options:
    """--out FILE."""
    text = "Write to this file, readable only by you."
    return Options(click.option("--out", type=FILE, metavar="FILE", required=required, help=text))


json_lines_option: Final = json_option(
    "Print Terraform's machine-readable JSON lines to stdout, without patients' values."
)


def shows_phi(*, asked: bool, out: Path | None = None) -> bool:
    """Whether to show patients' values: on a person's own terminal, and elsewhere only with --show-phi."""
    if asked:
        show_mrns()
    return asked or (out is None and is_own_terminal(sys.stdout))


def view_from(options: dict[str, Any]) -> View:
    """The view of a command's options, which are removed: patients' values and colours need a terminal."""
    no_color, full = options.pop("no_color"), options.pop("full")
    return View(
        colour=sys.stdout.isatty() and not no_color and not wants_no_colour(os.environ),
        show_phi=shows_phi(asked=options.pop("show_phi")),
        full=sys.maxsize if full else View().full,
        names=StdoutNames(),
    )
