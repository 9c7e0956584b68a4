"""FHIR's Period: whether it includes a moment.

Both boundaries are inclusive, and a partial date is all of its year, month or day
(https://hl7.org/fhir/R4/datatypes.html#Period). A date without a time zone is read as a day of UTC.
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import lru_cache
from typing import Final

_DATE_TIME: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]+)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)


class Course(Enum):
    """Where a moment lies relative to a period."""

    BEFORE = auto()
    WITHIN = auto()
    AFTER = auto()


def course(start: str, end: str, now: float) -> Course:
    """Where ``now`` (Unix seconds) lies; an empty boundary is an open one.

    Raises:
        ValueError: a boundary is not a date that exists.
    """
    if end and bounds(end)[1] < now:
        return Course.AFTER
    return Course.BEFORE if start and bounds(start)[0] > now else Course.WITHIN


@lru_cache(maxsize=1 << 12)
def bounds(written: str) -> tuple[float, float]:
    """The first and the last moment, in Unix seconds, of a date or a time.

    Raises:
        ValueError: it is not a date, or does not exist.
    """
    match = _DATE_TIME.fullmatch(written)
    if match is None:
        raise ValueError("not a dateTime of FHIR")
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    second = min(int(match["second"] or 0), 59)  # FHIR allows the 60 of a leap second
    hour, minute = int(match["hour"] or 0), int(match["minute"] or 0)
    first = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    begins = first.timestamp() - _offset(match["zone"] or "Z")
    return begins, begins + _length(match).total_seconds() - 0.001


def _length(match: re.Match[str]) -> timedelta:
    year, month = int(match["year"]), int(match["month"] or 1)
    if match["second"]:
        return timedelta(seconds=1)
    if match["hour"]:
        return timedelta(minutes=1)
    if match["day"]:
        return timedelta(days=1)
    if match["month"]:
        return timedelta(days=monthrange(year, month)[1])
    return timedelta(days=monthrange(year, 2)[1] + 337)


def _offset(zone: str) -> float:
    """Seconds east of UTC."""
    if zone == "Z":
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
    return -seconds if zone[0] == "-" else seconds
