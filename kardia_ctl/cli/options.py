"""Options that several commands share."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from kardia_ctl.cli.output.terminal import is_persons
from kardia_ctl.model.address import Address
from kardia_ctl.render.view import View

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Where:
    """Which account a command talks to, and with which key."""

    endpoint: str | None = None
    api_key_file: Path | None = None
    sandbox: bool = False
    proxy: str | None = None
    ca_file: Path | None = None


def path_argument(command: Command) -> Command:
    """PATH: a configuration file, or a directory that holds kardia.yaml."""
    kind = click.Path(path_type=Path)
    return click.argument("path", type=kind, default=".", metavar="[PATH]")(command)


def where_options(command: Command) -> Command:
    """--endpoint, --sandbox and what else names the account."""
    for option in reversed(
        (
            click.option("--sandbox", is_flag=True, help="Use the embedded API; no key, no network."),
            click.option(
                "--endpoint",
                envvar="KARDIA_ENDPOINT",
                show_envvar=True,
                metavar="URL",
                help="Another base URL than the region's: https, or http on loopback.",
            ),
            click.option(
                "--api-key-file",
                type=click.Path(path_type=Path, dir_okay=False),
                help="A file that holds the API key, instead of KARDIA_API_KEY.",
            ),
            click.option("--proxy", metavar="URL", help="An HTTP proxy; none is taken from the environment."),
            click.option(
                "--ca-file",
                type=click.Path(path_type=Path, dir_okay=False),
                help="Trust these certificate authorities instead of the built-in ones.",
            ),
        )
    ):
        command = option(command)
    return command


def where_from(options: dict[str, Any]) -> Where:
    """Take the account's options out of a command's options."""
    return Where(**{name: options.pop(name) for name in Where.__slots__})


def address(text: str) -> Address:
    """An address on the command line: the type of such an option.

    Raises:
        BadParameter: the text is none; the message says why.
    """
    try:
        return Address.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def decision_options(command: Command) -> Command:
    """--target, --limit and the decisions about single addresses."""
    for option in reversed(
        (
            click.option(
                "--target",
                "targets",
                type=address,
                multiple=True,
                metavar="ADDRESS",
                help="Only this and what it depends on; nobody is forgotten, nobody departs.",
            ),
            click.option(
                "--recreate",
                type=address,
                multiple=True,
                metavar="ADDRESS",
                help="Create again a patient who was deleted elsewhere.",
            ),
            click.option(
                "--reissue",
                type=address,
                multiple=True,
                metavar="ADDRESS",
                help="Issue this code, or make this user, although one exists or existed.",
            ),
            click.option(
                "--distinct",
                type=address,
                multiple=True,
                metavar="ADDRESS",
                help="Create this patient although another has the same name and birth date.",
            ),
            click.option(
                "--accept-collapse",
                is_flag=True,
                help="Go on although the account has far fewer patients than before.",
            ),
            click.option(
                "--limit",
                type=click.IntRange(1),
                metavar="N",
                help="Only the first N writes, patient by patient; the rest stays planned.",
            ),
        )
    ):
        command = option(command)
    return command


def look_options(command: Command) -> Command:
    """--no-color and --show-phi."""
    command = click.option("--no-color", is_flag=True, help="No colours (also NO_COLOR).")(command)
    return click.option(
        "--show-phi", is_flag=True, help="Show patients' values where they are hidden by default."
    )(command)


def view_from(options: dict[str, Any]) -> View:
    """How to show: values and colours on a person's terminal, neither elsewhere unless asked for."""
    no_color, show_phi = options.pop("no_color"), options.pop("show_phi")
    return View(
        colour=sys.stdout.isatty() and not no_color and "NO_COLOR" not in os.environ,
        show_phi=show_phi or is_persons(sys.stdout),
    )


def json_option(command: Command) -> Command:
    """--json."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Tell it as Terraform's machine-readable lines on stdout, without patients' values.",
    )(command)


def settle_option(command: Command) -> Command:
    """--settle."""
    return click.option(
        "--settle",
        type=click.FloatRange(0, max=86400),
        metavar="SECONDS",
        help="How long a create whose answer was lost may still appear (instead of settle:).",
    )(command)


def parallelism_option(command: Command) -> Command:
    """--parallelism."""
    return click.option(
        "--parallelism",
        type=click.IntRange(1, 256),
        default=16,
        show_default=True,
        help="Writes in flight at once.",
    )(command)


def lock_option(command: Command) -> Command:
    """--lock-timeout."""
    return click.option(
        "--lock-timeout",
        type=click.FloatRange(0),
        default=0,
        metavar="SECONDS",
        help="Wait so long for another apply to end.",
    )(command)
