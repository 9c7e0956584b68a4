"""What moves while something takes long: a line on a person's terminal, a line now and then elsewhere."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from shutil import get_terminal_size
from typing import Final, Protocol

from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import LivePatient, PatientsPage, Template
from kardia_ctl.model.plan import Change
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.results import Result
from kardia_ctl.render.apply.progress_line import Tally, live_line, progress_line, reading_line

EVERY: Final = 5.0
"""Seconds from one line to the next where no line can move."""

_REDRAW: Final = 0.1
_TICK: Final = 0.5
_QUICK: Final = 2.0
"""Seconds of reading before it is worth a line."""


class Screen(Protocol):
    """Where progress is shown."""

    def show(self, tally: Tally, now: float) -> None:
        """Show how far it is, if it is time to."""
        ...

    def close(self) -> None:
        """Leave nothing half written."""
        ...


def moves() -> bool:
    """Whether a line on stderr may move: a person's terminal that can go back to a line's beginning."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and "CI" not in os.environ


class Row:
    """One row of a terminal, written over and over. Losing it ends nothing."""

    def __init__(self) -> None:
        self._drawn = float("-inf")
        self._dirty = False

    def draw(self, text: Callable[[int], str], now: float) -> None:
        """Write the text for this width, unless that was done a moment ago."""
        if now - self._drawn < _REDRAW:
            return
        self._drawn, self._dirty = now, True
        self._write(f"\r{text(get_terminal_size().columns - 1)}\x1b[K")

    def close(self) -> None:
        """Leave an empty row."""
        if self._dirty:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


class LiveScreen:
    """The row of an apply."""

    def __init__(self) -> None:
        self._row = Row()

    def show(self, tally: Tally, now: float) -> None:
        """Draw the row anew."""
        self._row.draw(lambda width: live_line(tally, now, width), now)

    def close(self) -> None:
        """Leave an empty row."""
        self._row.close()


class LinesScreen:
    """A line on stderr every ``EVERY`` seconds, the first after as many."""

    def __init__(self, began: float) -> None:
        self._last = began

    def show(self, tally: Tally, now: float) -> None:
        """Print a line when it is time."""
        if now - self._last >= EVERY:
            self._last = now
            print_message(progress_line(tally, now))

    def close(self) -> None:
        """Every line is whole."""


@contextmanager
def progress(total: int, screen: Screen | None = None) -> Iterator[ProgressObserver]:
    """Watch ``total`` writes inside a running event loop.

    Also when nothing happens the screen is asked every half second: time passes while a window is waited for.
    """
    clock = time.monotonic
    tally = Tally(total, clock())
    shown = screen or (LiveScreen() if moves() else LinesScreen(clock()))

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


def _observer(tally: Tally, screen: Screen, clock: Callable[[], float]) -> ProgressObserver:
    def started(change: Change) -> None:
        tally.starts(change.address, clock())

    def ended(result: Result) -> None:
        now = clock()
        tally.ends(result, now)
        screen.show(tally, now)

    def settling(seconds: float) -> None:
        tally.settles(seconds, clock())

    return ProgressObserver(started, ended, settling)


class _Counting(Reader):
    """A ``Reader`` that says how many patients its list has shown."""

    def __init__(self, reader: Reader, tell: Callable[[int, int | None], None]) -> None:
        self._reader = reader
        self._tell = tell
        self._seen = 0

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        """As the reader itself."""
        page = await self._reader.patients(limit, start)
        self._seen = len(page.patients) + (self._seen if start else 0)
        self._tell(self._seen, page.total)
        return page

    async def patient(self, patient_id: str) -> LivePatient | None:
        """As the reader itself."""
        return await self._reader.patient(patient_id)

    async def setting(self, kind: Kind) -> str | None:
        """As the reader itself."""
        return await self._reader.setting(kind)

    async def templates(self) -> tuple[Template, ...]:
        """As the reader itself."""
        return await self._reader.templates()

    async def recordings(self, patient_id: str) -> int | None:
        """As the reader itself."""
        return await self._reader.recordings(patient_id)


@contextmanager
def reading(reader: Reader) -> Iterator[Reader]:
    """The same reader; on a terminal, how many patients it has read, when that takes longer than a moment."""
    if not moves():
        yield reader
        return
    row, began = Row(), time.monotonic()

    def tell(seen: int, total: int | None) -> None:
        now = time.monotonic()
        if now - began >= _QUICK:
            row.draw(lambda width: reading_line(seen, total, width), now)

    try:
        yield _Counting(reader, tell)
    finally:
        row.close()
