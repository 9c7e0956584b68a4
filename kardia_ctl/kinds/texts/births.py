"""Birth dates that exist and cannot be right. Days are YYYY-MM-DD, so they compare as texts."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from kardia_ctl.kinds.texts.flaw import Flaw

_FIRST: Final = "1850-01-01"
_USUAL: Final = "1905-01-01"
"""Nobody who was born before it is known to have lived in 2026."""

_ZEROS: Final = {
    "1899-12-30": "a spreadsheet's day 0",
    "1899-12-31": "a spreadsheet's day 0",
    "1900-01-00": "a spreadsheet's day 0",
    "1900-01-01": "a spreadsheet's day 1",
    "1904-01-01": "a spreadsheet's day 0",
    "1753-01-01": "a database's first day",
    "0001-01-01": "a program's first day",
    "0000-00-00": "a database's empty date",
}
_WRITTEN: Final = date(2026, 1, 1)
_LAST: Final = date(9999, 12, 30)
_RETYPE: Final = "Look the birth date up, and correct it"


_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@lru_cache(maxsize=1 << 16)
def is_date_text(value: str) -> bool:
    """Whether a text is an existing day as YYYY-MM-DD. Cached: patients of a cohort share birth dates."""
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


_DATES: Final = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}\n)*+")


def are_date_texts(values: Sequence[str]) -> bool:
    """Whether ``is_date_text`` holds for every text. Checks all of them together, which is faster."""
    lines = "\n".join((*values, ""))
    if len(lines) != 11 * len(values) or not _DATES.fullmatch(lines):
        return False
    try:
        list(map(date.fromisoformat, values))
    except ValueError:
        return False
    return True


def latest_birth(today: date) -> str:
    """The last day on which somebody may be born: tomorrow, because somewhere it has begun.

    A clock that shows a day before this program was written is wrong, and not asked.
    """
    return (min(max(today, _WRITTEN), _LAST) + timedelta(days=1)).isoformat()


def are_usual_births(days: Sequence[str], latest: str) -> bool:
    """Whether nothing is wrong or odd about any of some existing days. An empty ``latest`` is no bound."""
    return not days or (min(days) >= _USUAL and (not latest or max(days) <= latest))


def birth_fault(day: str, latest: str) -> Flaw | None:
    """Why nobody can be born on an existing day."""
    if latest and day > latest:
        return Flaw("is in the future", _RETYPE)
    return Flaw(f"is before 1850{_zero(day)}", _RETYPE) if day < _FIRST else None


def birth_doubt(day: str) -> Flaw | None:
    """Why hardly anybody is born on an existing day."""
    return Flaw(f"is before 1905{_zero(day)}", _RETYPE) if _FIRST <= day < _USUAL else None


def zero_day(value: str) -> Flaw | None:
    """A text that is no day, but how a program writes an empty one."""
    zero = _ZEROS.get(value[:10])
    return Flaw(f"is not a valid YYYY-MM-DD date: {value[:10]} is {zero}", _RETYPE) if zero else None


def _zero(day: str) -> str:
    return f": {day} is {zero}" if (zero := _ZEROS.get(day)) else ""
