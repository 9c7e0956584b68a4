"""How far an apply or a scan is, as text. Counts and addresses only: nothing of a patient but how many."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.results import Result, Status
from kardia_ctl.render.text import short_duration

WINDOW: Final = 10.0
"""Seconds over which the rate is taken: long enough to be calm, short enough to follow a server."""

_GRAIN: Final = 0.25
_BAR: Final = 20
_ROOM_FOR_A_BAR: Final = 100


@dataclass(slots=True)
class Tally:
    """What of ``total`` changes is under way and what became of the rest. Times in seconds, of any clock."""

    total: int
    began: float
    ended: int = 0
    under_way: dict[Address, float] = field(default_factory=dict)
    undone: dict[Address, Status] = field(default_factory=dict)
    settled_by: float | None = None
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        """The first sample: nothing has ended."""
        self._seen.append((self.began, 0))

    def starts(self, address: Address, now: float) -> None:
        """A change leaves; when it was in doubt or skipped before, it is open again."""
        self.settled_by = None
        if self.undone.pop(address, None) is not None:
            self.ended -= 1
        self.under_way[address] = now

    def ends(self, result: Result, now: float) -> None:
        """What became of a change. What is settled by looking ended once already."""
        self.under_way.pop(result.address, None)
        if self.undone.pop(result.address, None) is None:
            self.ended += 1
            self.total = max(self.total, self.ended)
        if result.status is not Status.DONE:
            self.undone[result.address] = result.status
        if now - self._seen[-1][0] >= _GRAIN:
            self._seen.append((now, self.ended))
            while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW:
                self._seen.popleft()

    def settles(self, seconds: float, now: float) -> None:
        """Everything is sent; what is in doubt is looked for, so long at most."""
        self.settled_by = now + seconds

    def count(self, status: Status) -> int:
        """How many have this status now; not for ``DONE``."""
        return sum(1 for one in self.undone.values() if one is status)

    def rate(self, now: float) -> float | None:
        """Changes a second of late; None while that cannot be told."""
        then, ended = self._seen[0]
        if now - then < 1 or self.ended <= ended:
            return None
        return (self.ended - ended) / (now - then)

    def left(self, now: float) -> float | None:
        """Seconds until the last has ended; None while that cannot be told."""
        if self.settled_by is not None:
            return max(0.0, self.settled_by - now)
        rate = self.rate(now)
        return None if rate is None else (self.total - self.ended) / rate


def progress_line(tally: Tally, now: float) -> str:
    """``apply: 1,240 of 10,000 (248/s), 32 in flight, 0 in doubt, 1 failed, about 35 s left``."""
    rate, left = tally.rate(now), tally.left(now)
    pace = "" if rate is None or tally.settled_by is not None else f" ({_rate(rate)}/s)"
    parts = [f"apply: {tally.ended:,} of {tally.total:,}{pace}", f"{len(tally.under_way)} in flight"]
    parts += [f"{tally.count(status):,} {status.value}" for status in (Status.IN_DOUBT, Status.FAILED)]
    if skipped := tally.count(Status.SKIPPED):
        parts.append(f"{skipped:,} skipped")
    if tally.settled_by is not None and left is not None:
        parts.append(f"looking for those in doubt, {short_duration(left)} at most")
    elif left is not None:
        parts.append(f"about {short_duration(left)} left")
    return ", ".join(parts)


def live_line(tally: Tally, now: float, width: int) -> str:
    """The same for one row of a terminal, with a bar where there is room; never wider than ``width``."""
    line = progress_line(tally, now)
    if width >= _ROOM_FOR_A_BAR:
        full = _BAR * tally.ended // max(1, tally.total)
        line = f"[{'#' * full}{'.' * (_BAR - full)}] {line}"
    return line[:width]


def reading_line(noun: str, number: int, total: int | None, width: int) -> str:
    """``reading patients: 12,500 of 100,000``; ``width`` as above."""
    of = "" if total is None else f" of {total:,}"
    return f"reading {noun}: {number:,}{of}"[:width]


def facts(tally: Tally, now: float) -> Mapping[str, Any]:
    """The same for machines. Rates are changes a second, times seconds; null while unknown."""
    rate, left = tally.rate(now), tally.left(now)
    return {
        "ended": tally.ended,
        "total": tally.total,
        "in_flight": len(tally.under_way),
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
