"""Birth dates in notations other than YYYY-MM-DD, as a cohort's columns declare them.

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
