"""Progress on a person's terminal; silence elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from kardia_ctl.applying.watching import Watcher


@contextmanager
def progress(total: int) -> Iterator[Watcher]:
    """A bar on stderr that moves with each result, when stderr is a terminal and there is enough to watch."""
    if total < 2 or not sys.stderr.isatty():
        yield Watcher()
        return
    with click.progressbar(length=total, label="Applying", file=sys.stderr, show_pos=True) as bar:
        yield Watcher(ended=lambda _: bar.update(1))
