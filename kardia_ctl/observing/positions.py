"""Where patients stand in the list, which is newest first: who stands above an id is newer."""

from collections.abc import Collection, Mapping

from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.read_plan import PAGE


class Positions(Reader):
    """Reads pages of patients for somebody else, and notes where each id stands.

    Attributes:
        page: How many patients a page holds: 500, or what the server gives of them.
    """

    def __init__(self, reader: Reader, marks: Collection[str]) -> None:
        self._reader = reader
        self._marks = frozenset(marks)
        self._above: dict[str, set[str]] = {mark: set() for mark in marks}
        self._reached: set[str] = set()
        self._passed: dict[str | None, frozenset[str]] = {None: frozenset()}
        self.page = PAGE

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        """One page, as the reader gives it. It stands below what the page before it has passed."""
        page = await self._reader.patients(limit, start)
        if self._marks:
            self._passed[page.next_cursor or ""] = self._note(page, self._passed.get(start, frozenset()))
        if limit == PAGE and start is None and page.next_cursor is not None:
            self.page = max(1, len(page.patients))
        return page

    async def patient(self, patient_id: str) -> LivePatient | None:
        """One patient, as the reader gives it."""
        return await self._reader.patient(patient_id)

    def above(self) -> Mapping[str, frozenset[str]]:
        """By each mark that is in the list, the ids that were seen above it."""
        return {mark: frozenset(self._above[mark]) for mark in self._reached}

    def _note(self, page: PatientsPage, passed: frozenset[str]) -> frozenset[str]:
        for live in page.patients:
            for mark in self._marks - passed:
                if live.id == mark:
                    passed |= {mark}
                    self._reached.add(mark)
                else:
                    self._above[mark].add(live.id)
        return passed
