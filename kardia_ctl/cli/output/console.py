"""Printing results to stdout and messages to stderr, either of which may be closed at any time."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress

import click

from kardia_ctl.render.escape import escape

_errors: list[str] = []
_above: list[Callable[[str], None]] = []


def print_result(text: str) -> None:
    """Print a result to stdout. When that fails, an apply still goes on: ``lost_output`` reports it later."""
    try:
        click.echo(text, nl=False)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            _errors.append(error.strerror or type(error).__name__)
        _discard_stdout()


def print_message(line: str) -> None:
    """Print one line to stderr, escaped: it may quote a file, a server or another run. Never fails."""
    with suppress(OSError):
        if _above:
            _above[-1](escape(line))
        else:
            click.echo(escape(line), err=True)


def print_notice(text: str) -> None:
    """Print finished text to stderr, as it is. Never fails: a closed terminal must not end an apply."""
    with suppress(OSError):
        click.echo(text, nl=False, err=True)


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
