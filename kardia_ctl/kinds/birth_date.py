"""The days that a text may name, when a server shows a birth date otherwise than it was sent."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Final

_HIDDEN: Final = re.compile(r"[*\u2022\u2026?#_]|xx", re.IGNORECASE)
"""Marks of a value of which a part is not shown."""

_FRACTION: Final = re.compile(r"^(\s*-?\d{8,})\.\d+\s*$")
"""Seconds with a fraction."""

_WEEK: Final = re.compile(r"\s*(\d{4}-W\d\d-[1-7])\s*")
"""A day of a week, as ISO 8601 writes it."""

_NIL: Final = frozenset({date(1, 1, 1), date(1900, 1, 1), date(1970, 1, 1), date(9999, 12, 31)})
"""The days that a server may show where it has none."""


def says_a_day(text: str) -> bool:
    """Whether a text tells a birth date from others: not a year, a month, a hidden or an empty one."""
    return bool(days(text) - _NIL)


def days(text: str) -> frozenset[date]:
    """The days that a text may name, in any usual notation. With a time of day, the days beside it too.

    None when a part of the date is missing or hidden.
    """
    if _HIDDEN.search(text):
        return frozenset()
    text = _FRACTION.sub(r"\1", text)
    numbers = [int(part) for part in re.findall(r"\d+", text)[:6]]
    found = set(_days(numbers, text))
    if re.search(r"\d[T ]\d", text) or re.fullmatch(r"\s*-?\d{8,}\s*", text):
        found |= {
            day + timedelta(days=step) for day in found for step in (-1, 1) if date.min < day < date.max
        }
    return frozenset(found)


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _days(numbers: list[int], text: str) -> Iterator[date]:
    month = next((place for place, name in enumerate(_MONTHS, 1) if name in text.casefold()), 0)
    week = _WEEK.fullmatch(text)
    match numbers:
        case _ if week:
            with suppress(ValueError):
                yield date.fromisoformat(week[1])
        case [one, two, *_] if month:
            yield from valid_days((one, month, two), (two, month, one))
        case [first, second, third, *_]:
            yield from valid_days((first, second, third), (third, second, first), (third, first, second))
        case [whole] if not month:
            digits = len(str(whole))
            if digits == 8:
                yield from valid_days((whole // 10000, whole // 100 % 100, whole % 100))
                yield from valid_days((whole % 10000, whole // 10000 % 100, whole // 1000000))
            if digits >= 8 or "-" in text:
                yield from _epoch(whole if "-" not in text else -whole)
        case _:
            pass


def valid_days(*dates: tuple[int, int, int]) -> Iterator[date]:
    """Those of (year, month, day) that exist; years below 100 of both centuries."""
    for year, month, day in dates:
        for century in (0,) if year > 99 else (1900, 2000):
            try:
                yield date(year + century, month, day)
            except ValueError:
                continue


def _epoch(value: int) -> Iterator[date]:
    """The day of Unix seconds or milliseconds."""
    for seconds in (value, value / 1000):
        try:
            yield (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).date()
        except OverflowError:
            continue
