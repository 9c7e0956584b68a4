"""Warns of files with secrets that git tracks: what is pushed stays in the history, whoever removes it."""

from pathlib import Path

from kardia_ctl.cli.account.git_index import tracked, tracked_line
from kardia_ctl.cli.output.console import print_message


def warn_if_tracked(file: Path | None) -> None:
    """Warn when git tracks a file that is about to receive codes, a key or a plan; None is no file."""
    for path in tracked(() if file is None else (file,)):
        print_message(f"Warning: {tracked_line(path, 'it receives codes, a key or a plan')}")
