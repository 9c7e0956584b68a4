"""Progress of long operations: a row redrawn on a person's terminal, a line every few seconds elsewhere."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.terminal import can_redraw
from kardia_ctl.model.patient import PatientsPage
from kardia_ctl.model.plan import Change
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.results import Result
from kardia_ctl.render.apply.progress_line import Tally, live_line, progress_line, reading_line

if TYPE_CHECKING:
    from kardia_ctl.cli.output.live_region import LiveRegion

EVERY: Final = 5.0
"""Seconds from one line to the next where no row can be redrawn."""

_REDRAW: Final = 0.1
_TICK: Final = 0.5
_DELAY: Final = 2.0
"""Seconds of reading before a row is shown."""


class ProgressDisplay(Protocol):
    """Where progress is shown."""

    def show(self, tally: Tally, now: float) -> None:
        """Show the progress, if an update is due. ``now`` is in seconds."""
        ...

    def close(self) -> None:
        """Remove the redrawn row, if there is one."""
        ...


class LiveRow:
    """One row of a person's terminal, redrawn at most ten times a second."""

    def __init__(self) -> None:
        self._drawn = float("-inf")
        self._region: LiveRegion | None = None

    def draw(self, text: Callable[[int], str], now: float) -> None:
        """Show the text made for a width, unless the row was drawn a moment ago."""
        if now - self._drawn < _REDRAW:
            return
        self._drawn = now
        if self._region is None:
            from kardia_ctl.cli.output.live_region import LiveRegion

            self._region = LiveRegion(sys.stderr)
        self._region.draw(lambda columns: text(columns - 1))

    def show(self, tally: Tally, now: float) -> None:
        """Show an apply's progress."""
        self.draw(lambda width: live_line(tally, now, width), now)

    def close(self) -> None:
        """Erase the row."""
        if self._region is not None:
            self._region.erase()


class ProgressLines:
    """A line on stderr every ``EVERY`` seconds; no line at the start."""

    def __init__(self, began: float) -> None:
        self._last = began

    def show(self, tally: Tally, now: float) -> None:
        """Print a line when it is due."""
        if now - self._last >= EVERY:
            self._last = now
            print_message(progress_line(tally, now))

    def close(self) -> None:
        """Nothing to remove."""


@contextmanager
def progress(total: int, display: ProgressDisplay | None = None) -> Iterator[ProgressObserver]:
    """Show the progress of ``total`` writes, inside a running event loop.

    The display is also updated every half second while no result arrives, such as during a wait.
    """
    clock = time.monotonic
    tally = Tally(total, clock())
    shown = display or (LiveRow() if can_redraw(sys.stderr) else ProgressLines(clock()))

    async def tick() -> None:
        while True:
            await asyncio.sleep(_TICK)
            shown.show(tally, clock())

    ticking = asyncio.get_running_loop().create_task(tick())
    try:
        yield _observer(tally, shown, clock)
    finally:
        ticking.cancel()
        shown.close()


def _observer(tally: Tally, display: ProgressDisplay, clock: Callable[[], float]) -> ProgressObserver:
    def started(change: Change) -> None:
        tally.starts(change.address, clock())

    def ended(result: Result) -> None:
        now = clock()
        tally.ends(result, now)
        display.show(tally, now)

    def settling(seconds: float) -> None:
        tally.settles(seconds, clock())

    return ProgressObserver(started, ended, settling)


@contextmanager
def counting(noun: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show how many of a total (None: unknown) were read, on a person's terminal, from 2 seconds on.

    Yields the function to call with each new count.
    """
    row, began = LiveRow(), time.monotonic()

    def count(number: int, total: int | None) -> None:
        now = time.monotonic()
        if now - began >= _DELAY and can_redraw(sys.stderr):
            row.draw(lambda width: reading_line(noun, number, total, width), now)

    try:
        yield count
    finally:
        row.close()


class _CountingReader:
    """A ``Reader`` that reports how many patients its list has shown."""

    def __init__(self, reader: Reader, report: Callable[[int, int | None], None]) -> None:
        self._reader = reader
        self._report = report
        self._count = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        page = await self._reader.patients(limit, start)
        self._count = len(page.patients) + (self._count if start else 0)
        self._report(self._count, page.total)
        return page


@contextmanager
def reading(reader: Reader) -> Iterator[Reader]:
    """The reader; on a person's terminal it shows how many patients it has read (see ``counting``)."""
    with counting("patients") as count:
        yield cast("Reader", _CountingReader(reader, count))
