"""What the cells of hospitals mean: words that a cohort declares, and those that everybody uses."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kardia_ctl.config.cohorts.dates import DayForm, has_time, without_midnight
from kardia_ctl.config.cohorts.formats.table import Batch
from kardia_ctl.config.schema.messages import Finding
from kardia_ctl.kinds import patient as kind

_SEXES: Final[Mapping[str, str]] = {
    **kind.SEX_DIGITS,
    "m": "1",
    "f": "2",
    "u": "0",
    "not applicable": "9",
}
"""The digit of each usual word for a sex, in small letters. O is none: what it means differs."""

_ANY_DAY: Final = "2000-01-01"
"""Stands for a day that is reported already, so that it is not reported twice."""


def sex_of(cell: str) -> str | None:
    """The digit of ISO/IEC 5218 that a cell means, in whatever case; None when that is not certain."""
    return _SEXES.get(cell) or _SEXES.get(cell.lower())


def read_day(written: str, days: DayForm | None) -> tuple[str, Finding | None]:
    """The birth date that a cell means, as YYYY-MM-DD where it is one, and what is wrong with it.

    Midnight after it is how programs write a date that is a moment to them. Another time is no part of it.
    """
    if has_time(written):
        message = "dob has a time of day that is not midnight: a time zone may have moved the date"
        return _ANY_DAY, Finding(("dob",), message, "Export the date alone")
    day = without_midnight(written)
    if days is None:
        return day, None
    if iso := days.iso(day):
        return iso, None
    message = f"dob is not a valid {days.notation} date"
    return _ANY_DAY, Finding(("dob",), message, "Correct the cell, or the format declared for the column")


def advised(finding: Finding, days: DayForm | None) -> Finding:
    """The finding, with what helps in a cohort: its own form of a date, its own words."""
    if days is not None and finding.message == "dob is missing":
        return replace(finding, remedy=f"Add it as {days.notation}, which the cohort declares")
    if finding.path != ("sex",):
        return finding
    remedy = f"{finding.remedy}; or say what the cell means, e.g. values: {{sex: {{o: unknown}}}}"
    return replace(finding, remedy=remedy)


class Meanings:
    """The values that a cohort declares for cells, by attribute."""

    def __init__(self, declared: Mapping[str, Mapping[str, str]]) -> None:
        self._exact = declared
        self._folded = {
            name: {cell.casefold(): value for cell, value in meanings.items()}
            for name, meanings in declared.items()
        }

    def applied(self, batch: Batch) -> Batch:
        """The batch with the value that is declared for a cell in its place."""
        named = self._exact.keys() & batch.columns.keys()
        if not named:
            return batch
        columns = {
            name: [self.meant(name, cell) for cell in cells] if name in named else cells
            for name, cells in batch.columns.items()
        }
        return replace(batch, columns=columns)

    def meant(self, name: str, cell: str) -> str:
        """The value that is declared for a cell; the cell itself where none is."""
        if name not in self._exact:
            return cell
        exact = self._exact[name].get(cell)
        return self._folded[name].get(cell.casefold(), cell) if exact is None else exact
