"""The files that a listener writes: the page, and samples of the counts in state, at limited rates."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.errors import LockHeld, RunStopped, StateError
from kardia_ctl.model.funnel import Sample, StatusReport
from kardia_ctl.model.ports import Store

PAGE_EVERY: Final = 2.0
"""Seconds from one write of the page to the next."""

SAMPLE_EVERY: Final = 60.0
"""Seconds from one sample to the next; state keeps the last sample of each hour."""

_HOUR: Final = 3600


def is_page(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a page of ``status --html``."""
    return b'<meta name="generator" content="kardia-ctl' in head


def record_samples(store: Store, found: tuple[Sample, ...], warn: Callable[[str], None]) -> None:
    """Store samples, unless the lock is held: an apply holds it, and stores its own."""
    try:
        with store.lock("status"):
            store.commit(found)
    except LockHeld:
        return
    except StateError as error:
        warn(f"the counts were not recorded in state: {error}")


def merge_samples(known: tuple[Sample, ...], fresh: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """The samples with fresh ones in place of those of the same hour, as state keeps them."""
    if not fresh:
        return known
    hour = fresh[0].at - fresh[0].at % _HOUR
    return (*(sample for sample in known if sample.at < hour), *fresh)


@dataclass(slots=True)
class Throttle:
    """Limits writes of something that changes to one in ``every`` seconds."""

    every: float
    changed: bool = False
    written: float = field(default=float("-inf"))

    def due(self) -> float | None:
        """When the next write is due; None while nothing has changed."""
        return self.written + self.every if self.changed else None

    def take(self, now: float, *, last: bool) -> bool:
        """Whether to write now; if so, it counts as written. ``last``: write any change, due or not."""
        if not self.changed or (now < self.written + self.every and not last):
            return False
        self.changed, self.written = False, now
        return True


class StatusRecorder:
    """Writes the page to ``html`` and samples to ``store``; either may be None."""

    def __init__(self, html: Path | None, store: Store | None, warn: Callable[[str], None]) -> None:
        self._html = html
        self._store = store
        self._warn = warn
        self._page, self._sample = Throttle(PAGE_EVERY), Throttle(SAMPLE_EVERY)

    def changed(self) -> None:
        """Note that the counts changed, so that the page and a sample become due."""
        self._page.changed = self._html is not None
        self._sample.changed = self._store is not None

    @property
    def next(self) -> float | None:
        """When the next write is due; None while none is."""
        times = (self._page.due(), self._sample.due())
        return min((at for at in times if at is not None), default=None)

    def write_due(
        self, report: StatusReport, fresh: tuple[Sample, ...], now: float, *, last: bool = False
    ) -> None:
        """Write what is due; with ``last`` all that has changed. A failure is only a warning."""
        if self._html is not None and self._page.take(now, last=last):
            from kardia_ctl.render.status.html import status_html

            try:
                write_private(self._html, status_html(report).encode(), is_page)
            except RunStopped as error:
                self._warn(str(error))
        if self._store is not None and self._sample.take(now, last=last) and fresh:
            record_samples(self._store, fresh, self._warn)
