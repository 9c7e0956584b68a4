"""When and how long to wait before a request is sent again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final

LONGEST_WAIT: Final = 300.0
"""Seconds of Retry-After that are honoured; past that the server wants us gone for a while."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often at most, all tries counted, and how long between them.

    ``tries`` bounds reads, and writes that certainly were not executed; ``doubtful`` bounds a repeatable
    write once one of its tries is in doubt. The n-th wait is drawn between 0 and ``first`` · 2ⁿ⁻¹ seconds,
    at most ``longest``.
    """

    tries: int = 5
    doubtful: int = 3
    first: float = 0.5
    longest: float = 20.0

    def wait(self, tries: int, rng: Random) -> float:
        """Seconds to wait after this many tries: full jitter, so that workers do not march in step."""
        return rng.uniform(0, min(self.longest, self.first * 2 ** (tries - 1)))


class RetryBudget:
    """What all workers may spend on sending again: one ailing server must not be asked five times as often.

    A retry takes 1; a success gives ``refund`` back, up to ``capacity``.
    """

    def __init__(self, capacity: float = 200.0, refund: float = 0.5) -> None:
        self._capacity = capacity
        self._refund = refund
        self._left = capacity

    def take(self) -> bool:
        """Spend one retry; False when there is none left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def refund(self) -> None:
        """A request has succeeded."""
        self._left = min(self._capacity, self._left + self._refund)


def retry_after(value: str | None, date: str | None, now: Callable[[], float]) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None when it asks for nothing.

    An HTTP date counts from ``date``, the answer's own Date: the two clocks need not agree. ``now`` gives
    Unix seconds and serves when there is no Date.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    until = _moment(value)
    if until is None:
        return None
    since = (_moment(date) if date else None) or datetime.fromtimestamp(now(), tz=UTC)
    return max(0.0, (until - since).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
