"""Birth dates in other notations than YYYY-MM-DD, as a cohort declares them, and with a time after them.

The notation is that of date pickers and spreadsheets, in capitals: DD and MM are two digits, D and M one or
two, MMM an English month of three letters, YYYY four digits. Two-digit years are not supported: whether 21 is
1921 or 2021 decides a patient's age.
"""

import re
from datetime import date
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TOKENS: Final = {
    "YYYY": "(?P<year>[0-9]{4})",
    "MMM": f"(?P<month>{'|'.join(_MONTHS)})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "DD": "(?P<day>[0-9]{2})",
    "D": "(?P<day>[0-9]{1,2})",
}
_SPLIT: Final = re.compile("(YYYY|MMM|MM|M|DD|D)")

DAY_FORM: Final = r"^(?=[^Y]*YYYY[^Y]*$)(?=[^M]*M{1,3}[^M]*$)(?=[^D]*D{1,2}[^D]*$)[YMD]+([-./ ]?[YMD]+){0,2}$"
"""The pattern of a notation for the JSON Schema: year, month and day, each once."""

_TIME: Final = re.compile(
    r"(?P<day>\S.*?[0-9])(?:[Tt]|,?\s+)(?P<hour>[0-9]{1,2}):(?P<rest>[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?(?:\s*(?:[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?",
)
"""A date with a time of day after it, as databases and spreadsheets write a date that is a moment to them."""


def without_midnight(written: str) -> str:
    """The date alone where midnight follows it, in whatever time zone; otherwise what is written.

    Databases without a type for days write 1970-02-03 as 1970-02-03T00:00:00, Excel as 2/3/1970 12:00 AM.
    """
    match = _TIME.fullmatch(written.rstrip())
    return match["day"] if match and _is_midnight(match) else written


def has_time(written: str) -> bool:
    """Whether a time of day other than midnight follows a date.

    Such a time is no part of a birth date: a time zone may have moved the date to the day before or after.
    """
    match = _TIME.fullmatch(written.rstrip())
    return match is not None and not _is_midnight(match)


def _is_midnight(time: re.Match[str]) -> bool:
    half, hour = (time["half"] or "").lower(), int(time["hour"])
    return (hour, half) in {(0, ""), (0, "a"), (12, "a")} and not time["rest"].strip("0:.,")


class DayForm:
    """One way of writing days, such as DD.MM.YYYY; ``notation`` must match ``DAY_FORM``."""

    def __init__(self, notation: str) -> None:
        self.notation = notation
        parts = _SPLIT.split(notation)
        pattern = "".join(_TOKENS.get(part) or re.escape(part) for part in parts)
        self._pattern = re.compile(pattern, re.IGNORECASE | re.ASCII)
        self._parts = parts

    def iso(self, written: str) -> str | None:
        """The day as YYYY-MM-DD; None when it has another notation or does not exist."""
        match = self._pattern.fullmatch(written)
        if match is None:
            return None
        month = match["month"].lower()
        number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
        try:
            return date(int(match["year"]), number, int(match["day"])).isoformat()
        except ValueError:
            return None

    def written(self, day: date) -> str:
        """A day in this form."""
        texts = {
            "YYYY": f"{day.year:04}",
            "MMM": _MONTHS[day.month - 1],
            "MM": f"{day.month:02}",
            "M": str(day.month),
            "DD": f"{day.day:02}",
            "D": str(day.day),
        }
        return "".join(texts.get(part, part) for part in self._parts)
