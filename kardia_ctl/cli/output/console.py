"""Printing results to stdout and messages to stderr, either of which may be closed at any time.

Each text passes the names of its stream (``naming``), so no address with an mrn leaves the person's terminal.
"""

import os
import select
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import click

from kardia_ctl.cli.naming import names_on
from kardia_ctl.render.escape import escape, escape_json, escape_lines, json_text
from kardia_ctl.render.json_pieces import json_pieces
from kardia_ctl.render.names import named_value

_errors: list[str] = []
_above: list[Callable[[str], None]] = []


def print_result(text: str) -> None:
    """Print a result to stdout, its lines escaped once more: no renderer can forget it.

    When that fails, an apply still goes on: ``lost_output`` reports it later.
    """
    _print(escape_lines(names_on(sys.stdout).text(text)))


def print_line(line: str) -> None:
    """Print one line to stdout, escaped."""
    print_result(f"{escape(names_on(sys.stdout).text(line))}\n")


def print_json(value: object, *, indent: int | None = None) -> None:
    """Print a value to stdout as JSON."""
    _print(json_text(named_value(value, names_on(sys.stdout)), indent=indent) + "\n")


def print_json_line(value: object) -> None:
    """Print a value to stdout as JSON, as short as it can be, arrays made ``Lazily`` a piece at a time."""
    for piece in json_pieces(value, names_on(sys.stdout)):
        if not _print(piece):
            return
    _print("\n")


def _print(text: str) -> bool:
    """Print to stdout; whether it could be, and there is somebody to print more for."""
    try:
        click.echo(text, nl=False)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            _errors.append(error.strerror or type(error).__name__)
        _discard_stdout()
        return False
    return True


def print_piece(text: str) -> None:
    """Print the next piece of a long result to stdout at once.

    Raises:
        OSError: it cannot be printed, so that the rest need not be made.
    """
    click.echo(escape_lines(names_on(sys.stdout).text(text)), nl=False)
    sys.stdout.flush()


def print_body(text: str, *, is_json: bool) -> None:
    """Print a server's text to stdout, as ``print_result`` does; JSON keeps its values.

    Raises:
        OSError: it cannot be printed.
    """
    click.echo(escape_json(text) if is_json else escape_lines(text), nl=False)


def print_bytes(data: bytes) -> None:
    """Print bytes to stdout as they are: to a file or a program, never to a terminal.

    Raises:
        OSError: they cannot be printed.
    """
    click.echo(data, nl=False)


def print_commands(lines: Iterable[str]) -> None:
    """Print lines that a CI runner obeys, made by ``render/reports/workflow_commands.py`` alone."""
    for line in lines:
        if not line.isprintable():
            raise ValueError("a command is one printable line")
        _print(line + "\n")


def check_stdout_kept() -> None:
    """Refuse a stdout that keeps nothing.

    Raises:
        RunStopped: it is closed, the null device, or a pipe whose reader left.
    """
    try:
        descriptor = sys.stdout.fileno()
        mode, null = os.fstat(descriptor), Path(os.devnull).stat()
    except (OSError, ValueError):  # no file of the operating system, as under a test runner
        return
    events = select.poll()
    events.register(descriptor, 0)
    gone = any(event & (select.POLLERR | select.POLLHUP) for _, event in events.poll(0))
    if gone or (stat.S_ISCHR(mode.st_mode) and mode.st_rdev == null.st_rdev):
        from kardia_ctl.model.errors import RunStopped

        raise RunStopped(
            "nothing reads stdout, so --print would lose the key. Name a file with --out instead"
        )


def print_key(key: str) -> None:
    """Print a key that a server sent, on a line of its own.

    Raises:
        RunStopped: it has a character that no key has, and that a terminal might obey.
        OSError: it cannot be printed.
    """
    if not (key.isascii() and key.isprintable()):
        from kardia_ctl.model.errors import RunStopped

        raise RunStopped("the key has a character that no key has, and was not printed")
    click.echo(key)


def print_message(line: str) -> None:
    """Print one line to stderr, escaped: it may quote a file, a server or another run. Never fails."""
    with suppress(OSError):
        shown = escape(names_on(sys.stderr).text(line))
        if _above:
            _above[-1](shown)
        else:
            click.echo(shown, err=True)


def print_notice(text: str) -> None:
    """Print lines to stderr, each escaped. Never fails: a closed terminal must not end an apply."""
    with suppress(OSError):
        click.echo(escape_lines(names_on(sys.stderr).text(text)), nl=False, err=True)


def print_above(write: Callable[[str], None] | None) -> None:
    """Print messages with ``write`` while a region of stderr is redrawn in place; None ends that."""
    _above[:] = [] if write is None else [write]


def _discard_stdout() -> None:
    """Send further output to the null device: the stream would fail again on what it could not write."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def lost_output() -> str:
    """Why output was lost, once; empty if none was. A reader that closed the pipe is not an error."""
    return _errors.pop() if _errors else ""
