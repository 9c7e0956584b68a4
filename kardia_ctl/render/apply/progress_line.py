"""The progress of an apply or a read, as text and as JSON: counts only, no addresses or values."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.results import Result, Status
from kardia_ctl.render.text import short_duration

WINDOW: Final = 10.0
"""Seconds over which the rate is averaged: enough to be steady, and short enough to follow a server."""

_GRAIN: Final = 0.25
_BAR: Final = 20
_ROOM_FOR_A_BAR: Final = 100


@dataclass(slots=True)
class Tally:
    """How many of ``total`` changes are in flight, done or not done. Times are in seconds of one clock."""

    total: int
    began: float
    ended: int = 0
    in_flight: dict[Address, float] = field(default_factory=dict)
    undone: dict[Address, Status] = field(default_factory=dict)
    settled_by: float | None = None
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        """Record the first sample: nothing has ended."""
        self._samples.append((self.began, 0))

    def starts(self, address: Address, now: float) -> None:
        """Count a change as in flight. One that was counted as not done before is no longer counted so."""
        self.settled_by = None
        if self.undone.pop(address, None) is not None:
            self.ended -= 1
        self.in_flight[address] = now

    def ends(self, result: Result, now: float) -> None:
        """Count a result; it replaces an earlier result of the same address."""
        self.in_flight.pop(result.address, None)
        if self.undone.pop(result.address, None) is None:
            self.ended += 1
            self.total = max(self.total, self.ended)
        if result.status is not Status.DONE:
            self.undone[result.address] = result.status
        if now - self._samples[-1][0] >= _GRAIN:
            self._samples.append((now, self.ended))
            while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW:
                self._samples.popleft()

    def settles(self, seconds: float, now: float) -> None:
        """Note that the waves are sent, and that settling changes in doubt takes at most ``seconds``."""
        self.settled_by = now + seconds

    def count(self, status: Status) -> int:
        """How many changes have this status now; not for ``DONE``."""
        return sum(1 for undone in self.undone.values() if undone is status)

    def rate(self, now: float) -> float | None:
        """Recent changes per second; None while it is not known."""
        then, ended = self._samples[0]
        if now - then < 1 or self.ended <= ended:
            return None
        return (self.ended - ended) / (now - then)

    def left(self, now: float) -> float | None:
        """Estimated seconds until the last change has ended; None while not known."""
        if self.settled_by is not None:
            return max(0.0, self.settled_by - now)
        rate = self.rate(now)
        return None if rate is None else (self.total - self.ended) / rate


def progress_line(tally: Tally, now: float) -> str:
    """``apply: 1,240 of 10,000 (248/s), 32 in flight, 0 in doubt, 1 failed, about 35 s left``."""
    rate, left = tally.rate(now), tally.left(now)
    pace = "" if rate is None or tally.settled_by is not None else f" ({_rate(rate)}/s)"
    parts = [f"apply: {tally.ended:,} of {tally.total:,}{pace}", f"{len(tally.in_flight)} in flight"]
    parts += [f"{tally.count(status):,} {status.value}" for status in (Status.IN_DOUBT, Status.FAILED)]
    if skipped := tally.count(Status.SKIPPED):
        parts.append(f"{skipped:,} skipped")
    if tally.settled_by is not None and left is not None:
        parts.append(f"settling those in doubt, {short_duration(left)} at most")
    elif left is not None:
        parts.append(f"about {short_duration(left)} left")
    return ", ".join(parts)


def live_line(tally: Tally, now: float, width: int) -> str:
    """``progress_line`` for one row of a terminal, with a bar where there is room; at most ``width`` wide."""
    line = progress_line(tally, now)
    if width >= _ROOM_FOR_A_BAR:
        full = _BAR * tally.ended // max(1, tally.total)
        line = f"[{'#' * full}{'.' * (_BAR - full)}] {line}"
    return line[:width]


def reading_line(noun: str, number: int, total: int | None, width: int) -> str:
    """``reading patients: 12,500 of 100,000``, cut to ``width``."""
    of = "" if total is None else f" of {total:,}"
    return f"reading {noun}: {number:,}{of}"[:width]


def facts(tally: Tally, now: float) -> Mapping[str, Any]:
    """The progress as JSON values. Rates are changes a second, times seconds; null while unknown."""
    rate, left = tally.rate(now), tally.left(now)
    return {
        "ended": tally.ended,
        "total": tally.total,
        "in_flight": len(tally.in_flight),
        **{
            status.value.replace(" ", "_"): tally.count(status)
            for status in Status
            if status is not Status.DONE
        },
        "per_second": None if rate is None else round(rate, 1),
        "seconds_left": None if left is None else round(left),
    }


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
