"""Ask for confirmation before something is done."""

import signal
import sys

import click

from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.errors import RunStopped


def confirm(question: str, *, approved: bool) -> bool:
    """Whether to go on: only the word yes will do. Any other answer is reported on stderr.

    Raises:
        RunStopped: there is no terminal, and --auto-approve was not given.
    """
    if approved:
        return True
    if not sys.stdin.isatty():
        raise RunStopped(
            "there is no terminal to confirm on: look at what it will do, then run with --auto-approve"
        )
    click.echo(f"\n{question}\n  Only 'yes' is taken for yes.\n", err=True)
    # The event loop would keep a first Ctrl-C to itself until the answer is there.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        answer = click.prompt("  Enter a value", default="", show_default=False, err=True)
    finally:
        signal.signal(signal.SIGINT, before)
    if answer != "yes":
        print_message("Nothing was done.")
    return bool(answer == "yes")
