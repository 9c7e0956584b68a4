"""One walk through the pages of the list of patients: what it showed, and whether the list ends."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.model.patient import LivePatient, PatientsPage

LIMITS: Final = (500, 499, 397)
"""Page sizes of the first walk and of its repetitions: another size moves the page edges (``limit_of``)."""

_MAX_PAGES: Final = 100_000
_MAX_PAGES_WITHOUT_TOTAL: Final = 4_000


def limit_of(limit: int, size: int) -> int:
    """One of ``LIMITS``, for a server whose pages hold ``size``: as large a part of that as it is of 500.

    Else the pages of a server that gives fewer than it is asked for would have the same edges in each walk.
    """
    return max(1, min(size, LIMITS[0]) * limit // LIMITS[0])


@dataclass(slots=True)
class Walk:
    """One walk from the head of the list to its end."""

    limit: int
    patients: dict[str, LivePatient] = field(default_factory=dict)
    rows: int = 0
    smallest: int = 0
    cursors: set[str] = field(default_factory=set)
    edges: set[str] = field(default_factory=set)
    """The last id of each page that another followed."""
    broken: str = ""

    def problem(self, page: PatientsPage) -> str:
        """Why the list cannot be followed beyond this page, which was not added yet; empty when it can."""
        if self.patients.keys() >= ids_of(page) or page.next_cursor in self.cursors:
            return "the list of patients does not end: a page repeats an earlier one"
        pages = len(self.cursors) + 1
        if pages > _allowance(page.total, self.smallest):
            return f"the list of patients does not end: {pages} pages for totalCount {page.total}"
        return ""

    def count(self, page: PatientsPage) -> None:
        """Count the rows of a page."""
        self.smallest = min(self.smallest or len(page.patients), len(page.patients))
        self.rows += len(page.patients)
        self.edges.update(patient.id for patient in page.patients[-1:])

    def add(self, patients: Iterable[LivePatient]) -> None:
        """Add a page's patients; a later page replaces an earlier one's."""
        by_id = self.patients
        for patient in patients:
            by_id[patient.id] = patient


def ids_of(page: PatientsPage) -> set[str]:
    """The ids of a page."""
    return {patient.id for patient in page.patients}


def _allowance(total: int | None, size: int) -> int:
    """The most pages of a list that ends, with ``size`` the smallest page so far."""
    if total is None:
        return _MAX_PAGES_WITHOUT_TOTAL
    return min(2 * -(-total // size) + 10, _MAX_PAGES)
