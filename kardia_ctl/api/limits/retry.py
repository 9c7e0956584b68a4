"""Whether and how long to wait before a request is sent again.

tenacity and stamina draw the waits of one caller; they have no budget and no pause for all callers together,
nor a number of attempts that depends on what is known of the effect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final

LONGEST_WAIT: Final = 300.0
"""The most seconds of Retry-After that a run waits; a longer wait ends it."""

_DIGITS: Final = 9
"""Digits of a number of seconds that are read; more is longer than any wait."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How many attempts at most, and how long between them.

    ``tries`` bounds reads, and writes that certainly were not executed; ``doubtful`` bounds a repeatable
    write once one of its attempts is in doubt. The n-th wait is drawn between 0 and ``first`` · 2ⁿ⁻¹ seconds,
    at most ``longest``.
    """

    tries: int = 5
    doubtful: int = 3
    first: float = 0.5
    longest: float = 20.0

    def wait(self, tries: int, rng: Random) -> float:
        """Seconds to wait after so many attempts: full jitter, so that workers do not retry in step."""
        return rng.uniform(0, min(self.longest, self.first * 2 ** (tries - 1)))


class RetryBudget:
    """The retries that all workers may spend together: a failing server must not get five times the requests.

    A retry takes 1; a success gives ``refund`` back, up to ``capacity``. So an outage costs ``capacity``
    retries at most, while a server that fails one request in four can be used without end.
    """

    def __init__(self, capacity: float = 50.0, refund: float = 0.5) -> None:
        self._capacity = capacity
        self._refund = refund
        self._left = capacity

    def take(self) -> bool:
        """Spend one retry; False when none is left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def refund(self) -> None:
        """Give back what a successful request earns."""
        self._left = min(self._capacity, self._left + self._refund)


def retry_after(values: Sequence[str], date: str | None, now: Callable[[], float]) -> float | None:
    """Seconds that Retry-After headers ask for (RFC 9110, 10.2.3); None without a valid one.

    Of several headers the longest counts. An HTTP date counts from ``date``, the answer's own Date, as the
    two clocks may differ; without a Date it counts from ``now``, in Unix seconds.
    """
    waits = [wait for value in values if (wait := _seconds(value.strip(), date, now)) is not None]
    return max(waits, default=None)


def _seconds(value: str, date: str | None, now: Callable[[], float]) -> float | None:
    if value.isascii() and value.isdigit():
        return float(value.lstrip("0")[:_DIGITS] or "0")
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
