"""What a listener writes besides its screen: the page and the samples, neither too often."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.errors import LockHeld, RunStopped, StateError
from kardia_ctl.model.funnel import Sample, StatusReport
from kardia_ctl.model.ports import Store

PAGE_EVERY: Final = 2.0
"""Seconds from one writing of the page to the next."""

SAMPLE_EVERY: Final = 60.0
"""Seconds from one sample to the next; state keeps the last of an hour."""

_HOUR: Final = 3600


def record(store: Store, found: tuple[Sample, ...], warn: Callable[[str], None]) -> None:
    """Keep samples, unless somebody holds the lock: then it is an apply, and keeps its own."""
    try:
        with store.lock("status"):
            store.commit(found)
    except LockHeld:
        return
    except StateError as error:
        warn(f"no sample was kept: {error}")


def later(known: tuple[Sample, ...], fresh: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """The samples with fresh ones in place of those of the same hour, as state keeps them."""
    if not fresh:
        return known
    hour = fresh[0].at - fresh[0].at % _HOUR
    return (*(one for one in known if one.at < hour), *fresh)


@dataclass(slots=True)
class Due:
    """Something that is done when there is news, and then not again for a while."""

    every: float
    news: bool = False
    done: float = field(default=float("-inf"))

    def at(self) -> float | None:
        """When it is to be done; None when there is no news."""
        return self.done + self.every if self.news else None

    def take(self, now: float, *, last: bool) -> bool:
        """Whether it is to be done now; then it counts as done."""
        if not self.news or (now < self.done + self.every and not last):
            return False
        self.news, self.done = False, now
        return True


class Keeper:
    """Writes the page to ``html`` and samples to ``store``; either may be None."""

    def __init__(self, html: Path | None, store: Store | None, warn: Callable[[str], None]) -> None:
        self._html = html
        self._store = store
        self._warn = warn
        self._page, self._sample = Due(PAGE_EVERY), Due(SAMPLE_EVERY)

    def changed(self) -> None:
        """The funnel is not what it was."""
        self._page.news = self._html is not None
        self._sample.news = self._store is not None

    @property
    def next(self) -> float | None:
        """When there is something to write; None while there is nothing."""
        return min((at for one in (self._page, self._sample) if (at := one.at()) is not None), default=None)

    def keep(
        self, report: StatusReport, fresh: tuple[Sample, ...], now: float, *, last: bool = False
    ) -> None:
        """Write what is due; with ``last`` whatever was not written yet.

        That something cannot be written is a warning: the funnel goes on.
        """
        if self._html is not None and self._page.take(now, last=last):
            from kardia_ctl.render.status.html import status_html

            try:
                write_private(self._html, status_html(report).encode())
            except RunStopped as error:
                self._warn(str(error))
        if self._store is not None and self._sample.take(now, last=last) and fresh:
            record(self._store, fresh, self._warn)
