"""A person's terminal: whether a stream is one, and confirmations."""

import os
import sys
from typing import IO, Any

import click

from kardia_ctl.cli.environment import is_ci
from kardia_ctl.cli.interrupts import reacting
from kardia_ctl.cli.output.console import print_message, print_notice
from kardia_ctl.model.errors import Interrupted, RunStopped


def is_own_terminal(stream: IO[Any]) -> bool:
    """Whether the stream is a person's own terminal, and not the log of a CI job."""
    return stream.isatty() and not is_ci(os.environ)


def can_redraw(stream: IO[Any]) -> bool:
    """Whether text can be redrawn in place: on a person's terminal that can move its cursor."""
    return is_own_terminal(stream) and os.environ.get("TERM") != "dumb"


def confirm(question: str, *, approved: bool) -> bool:
    """Ask for confirmation; only the word yes confirms. Any other answer is reported on stderr.

    Raises:
        RunStopped: there is no terminal, and --auto-approve was not given.
        Interrupted: the answer was a signal, or the end of the input.
    """
    if approved:
        return True
    if not sys.stdin.isatty():
        raise RunStopped(
            "there is no terminal to confirm on: check what it would do, then run with --auto-approve"
        )
    print_notice(f"\n{question}\n  Only 'yes' is accepted.\n\n")
    # The event loop would delay a signal until the answer is there.
    try:
        with reacting(None):
            answer = click.prompt("  Enter a value", default="", show_default=False, err=True)
    except (click.Abort, KeyboardInterrupt, OSError):  # OSError: the terminal was closed
        raise Interrupted from None
    if answer != "yes":
        print_message("Nothing was done.")
    return bool(answer == "yes")
