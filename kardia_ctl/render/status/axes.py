"""The ticks of an axis: their places and labels. Times are in UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_STEPS: Final = (
    *(minutes * 60 for minutes in (1, 5, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 4, 7, 14)),
)
"""Seconds between ticks, as people divide time; beyond two weeks ticks stand at the first of a month."""
_MONTHS: Final = (1, 2, 3, 6)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in its own units, and its label."""

    at: int
    label: str


def count_ticks(top: int, most: int = 5) -> tuple[Tick, ...]:
    """Round counts from 0 to the first that is not below ``top``, with ``most`` steps at most."""
    step = next(step for step in _round_steps() if step * most >= top)
    last = -(-max(top, 1) // step) * step
    return tuple(Tick(at, f"{at:,}") for at in range(0, last + 1, step))


def _round_steps() -> Iterator[int]:
    for power in count():
        yield from (factor * 10**power for factor in (1, 2, 5))


def time_ticks(start: int, end: int, most: int) -> tuple[Tick, ...]:
    """Round times between two, ``most`` of them at most; the times are Unix seconds."""
    span = end - start
    step = next((step for step in _STEPS if span // step < most), 0)
    if not step:
        return tuple(_months(start, end, most))
    first = -(-start // step) * step
    return tuple(Tick(at, _label(at, step)) for at in range(first, end + 1, step))


def _label(at: int, step: int) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    if step >= _DAY:
        return f"{moment.day} {moment:%b}"
    return f"{moment:%H:%M}" if at % _DAY else f"{moment.day} {moment:%b}"


def _months(start: int, end: int, most: int) -> Iterator[Tick]:
    first, last = (datetime.fromtimestamp(at, UTC) for at in (start, end))
    span = (last.year - first.year) * 12 + last.month - first.month
    years = (12 * number for number in count(1))
    step = next(step for step in (*_MONTHS, *(next(years) for _ in range(200))) if span // step < most)
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        moment = datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
        if number % step == 0 and start <= moment.timestamp() <= end:
            label = f"{moment.year}" if step >= 12 else f"{moment:%b %Y}"
            yield Tick(int(moment.timestamp()), label)
