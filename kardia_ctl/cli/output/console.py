"""Printing results, when whoever reads them may be gone."""

import os
import sys
from contextlib import suppress

import click

from kardia_ctl.render.escape import escape

_lost: list[str] = []


def print_result(text: str) -> None:
    """Print a result to stdout. That nobody can read it any more must not end an apply in the middle."""
    try:
        click.echo(text, nl=False)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            _lost.append(error.strerror or type(error).__name__)
        _silence()


def print_message(line: str) -> None:
    """Print one line to stderr. Whatever it quotes (a file, a server, another run) moves no cursor.

    That nobody can read it ends nothing.
    """
    with suppress(OSError):
        click.echo(escape(line), err=True)


def _silence() -> None:
    """Send what else is printed nowhere: the stream keeps what it could not write, and would fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def lost_output() -> str:
    """Why output was lost, once; empty when none was. A reader that left (a closed pipe) is no reason."""
    return _lost.pop() if _lost else ""
