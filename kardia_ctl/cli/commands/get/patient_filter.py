"""Which patients ``get patients`` prints: those who are not declared, or whom somebody asks for."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.environment import is_own_terminal
from kardia_ctl.cli.options import Options
from kardia_ctl.cli.output.terminal import read_answer
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.planning.live.search import has_address, is_named
from kardia_ctl.planning.live.undeclared import undeclared_in

Row = Mapping[str, Any]
Wanted = Callable[[Row], bool]

_ASK: Final = "\0"
"""The value of an option that is given without its text."""

_REASON: Final = (
    "{option} looks for a person, for somebody at the phone. It works on your own terminal alone and writes "
    "no file, because who was looked for and found would stand in a log or a file. Programs read get "
    "patients --json"
)

filter_options: Final = Options(
    click.option(
        "--undeclared", is_flag=True, help="Print only patients whom no file of the configuration declares."
    ),
    click.option(
        "--name",
        is_flag=False,
        flag_value=_ASK,
        metavar="[TEXT]",
        help="Print only patients with a name like this, on your own terminal alone. Without TEXT it asks, "
        "so that the name stands in no shell history.",
    ),
    click.option(
        "--email",
        is_flag=False,
        flag_value=_ASK,
        metavar="[TEXT]",
        help="Print only patients whose e-mail address has this part, as --name does.",
    ),
)
"""--undeclared, --name and --email."""


FILTERS: Final = ("undeclared", "name", "email")
"""The names of these options."""


def filter_from(options: dict[str, Any], workspace: Workspace, config: Path | None) -> Wanted | None:
    """What decides about a row, by options which are removed; None when every row is wanted.

    Raises:
        RunStopped: a person is looked for elsewhere than on a terminal, or there is no configuration.
        ConfigurationError: the configuration has problems, so that it is not known who is declared.
    """
    tests: list[Wanted] = []
    if options.pop("undeclared"):
        tests.append(_undeclared(workspace, config))
    if name := _asked(options, "name", "Name"):
        tests.append(lambda row: is_named(name, _text(row, "firstname"), _text(row, "lastname")))
    if email := _asked(options, "email", "E-mail address"):
        tests.append(lambda row: has_address(email, _text(row, "email")))
    return (lambda row: all(test(row) for test in tests)) if tests else None


def _undeclared(workspace: Workspace, config: Path | None) -> Wanted:
    if not workspace.configured:
        raise RunStopped("--undeclared needs a configuration: name its directory with --config PATH")
    path = Path() if config is None else config
    desired, store = read_configuration(path, workspace.now).desired, workspace.store
    try:
        is_undeclared = undeclared_in(desired, store.load())
    finally:
        store.close()
    return lambda row: is_undeclared(_text(row, "mrn"))


def _asked(options: dict[str, Any], name: str, prompt: str) -> str:
    """The text of an option, asked for where it was left out; empty without the option."""
    text: str | None = options.pop(name)
    if text is None:
        return ""
    if not is_own_terminal(sys.stdout) or options.get("out") is not None:
        raise RunStopped(_REASON.format(option=f"--{name}"))
    if text == _ASK:
        if not sys.stdin.isatty():
            raise RunStopped(f"--{name}: there is no terminal to ask on. Write --{name} TEXT")
        text = read_answer(f"{prompt}: ")
    if not text.strip():
        raise RunStopped(f"--{name}: the text is empty")
    return text


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
