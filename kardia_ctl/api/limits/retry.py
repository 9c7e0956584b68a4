"""When and how long to wait before a request is sent again.

tenacity and stamina would draw the waits of one caller; they have no budget and no pause for all callers
together, nor tries that depend on what is known of the effect. The standard library reads the HTTP dates; the
rest is the few lines below.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final

LONGEST_WAIT: Final = 300.0
"""Seconds of Retry-After that are honoured; past that the server wants us gone for a while."""

_DIGITS: Final = 9
"""Of a number of seconds that are read: these are longer than anybody waits."""


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

    A retry takes 1; a success gives ``refund`` back, up to ``capacity``. So an outage costs ``capacity``
    retries and no more, and a server that fails one request in four can be worked with for ever.
    """

    def __init__(self, capacity: float = 50.0, refund: float = 0.5) -> None:
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


def retry_after(values: Sequence[str], date: str | None, now: Callable[[], float]) -> float | None:
    """Seconds that Retry-After headers ask for (RFC 9110, 10.2.3); None when they ask for nothing.

    Of several headers the longest counts, and those that say nothing are as good as absent. An HTTP date
    counts from ``date``, the answer's own Date: the two clocks need not agree. ``now`` gives Unix seconds and
    serves when there is no Date.
    """
    asked = [wait for value in values if (wait := _seconds(value.strip(), date, now)) is not None]
    return max(asked, default=None)


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
