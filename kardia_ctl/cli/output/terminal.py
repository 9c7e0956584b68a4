"""A person's terminal: whether a stream is one, and what is asked on it."""

import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import IO, Any

from kardia_ctl.cli.environment import is_own_terminal
from kardia_ctl.cli.interrupts import has_come, reacting
from kardia_ctl.cli.output.console import print_message, print_notice
from kardia_ctl.model.errors import Interrupted, RunStopped


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
    answer = read_answer("  Enter a value: ")
    if answer != "yes":
        print_message("Nothing was done.")
    return answer == "yes"


def read_answer(prompt: str, *, hidden: bool = False) -> str:
    """A line that a person types on stdin, which is a terminal; ``hidden`` does not show what is typed.

    Bytes that are no UTF-8 become lone surrogates.

    Raises:
        Interrupted: a signal came, or the input ended: a line that Enter did not end is no answer.
    """
    line = b""
    try:
        # The event loop would delay a signal until the answer is there: one that comes from here on, and one
        # that came before.
        with reacting(None), _echo_off() if hidden else nullcontext():
            print_notice(prompt)
            line = b"" if has_come() else sys.stdin.buffer.readline()
    except (KeyboardInterrupt, OSError):  # OSError: the terminal was closed
        raise Interrupted from None
    finally:
        if hidden or not line.endswith(b"\n"):
            print_notice("\n")
    if not line.endswith(b"\n"):
        raise Interrupted
    return line.rstrip(b"\r\n").decode(errors="surrogateescape")


@contextmanager
def _echo_off() -> Iterator[None]:
    """Have the terminal not show what is typed inside the block."""
    before = termios.tcgetattr(sys.stdin)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
