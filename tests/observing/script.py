"""A list of patients that moves while it is read, as the test wants it to."""

import asyncio
from collections.abc import Callable, Sequence

from kardia_ctl.model.configuration import ScanPolicy
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.template import LiveTemplate
from kardia_ctl.observing.scan import Scan, scan

Happening = Callable[["Moving"], None]


def live(number: int) -> LivePatient:
    return LivePatient(f"id-{number}", f"M-{number}", "2000-07-21", f"m{number}@example.com", status="none")


def crowd(count: int) -> list[LivePatient]:
    """So many patients, newest first."""
    return [live(number) for number in range(count, 0, -1)]


class Moving(Reader):
    """The ``Reader`` of a list; ``happenings`` come after the pages of their numbers.

    Cursors name the row after which a page begins (``exact``), or count rows (``offset``).
    """

    def __init__(
        self,
        people: Sequence[LivePatient],
        happenings: dict[int, Happening] | None = None,
        *,
        style: str = "exact",
        cap: int = 500,
        count: Callable[[int], int | None] = lambda total: total,
    ) -> None:
        self.people = list(people)
        self.hidden: dict[str, LivePatient] = {}
        self.log: list[str] = []
        self._happenings = happenings or {}
        self._style = style
        self._cap = cap
        self._count = count
        self._gone: dict[str, int] = {}

    def insert(self, number: int) -> None:
        """Somebody new, at the head."""
        self.people.insert(0, live(number))

    def delete(self, number: int) -> None:
        place = next(at for at, one in enumerate(self.people) if one.id == f"id-{number}")
        self._gone[f"id-{number}"] = place
        del self.people[place]

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        self.log.append(f"{limit}")
        begin = self._begin(start)
        size = min(limit, self._cap)
        rows = self.people[begin : begin + size]
        more = begin + size < len(self.people)
        cursor = (rows[-1].id if self._style == "exact" else str(begin + size)) if more else None
        page = PatientsPage(tuple(rows), self._count(len(self.people)), cursor)
        happening = self._happenings.get(len(self.log))
        if happening:
            happening(self)
        return page

    def _begin(self, start: str | None) -> int:
        if start is None:
            return 0
        if self._style == "offset":
            return int(start)
        known = {one.id: at + 1 for at, one in enumerate(self.people)}
        return known[start] if start in known else self._gone[start]

    async def patient(self, patient_id: str) -> LivePatient | None:
        self.log.append(patient_id)
        return next((one for one in [*self.people, *self.hidden.values()] if one.id == patient_id), None)

    async def setting(self, kind: Kind) -> str | None:
        self.log.append(kind.value)
        return None

    async def templates(self) -> tuple[LiveTemplate, ...]:
        self.log.append("templates")
        return ()


class Scripted(Moving):
    """Gives the pages that were written down, one after the other, whatever is asked for."""

    def __init__(self, *pages: PatientsPage) -> None:
        super().__init__(())
        self._pages = list(pages)

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        self.log.append(f"{limit} {start}")
        if not self._pages:
            raise ApiError("GET /v1/patients: there is no further page")
        return self._pages.pop(0) if len(self._pages) > 1 else self._pages[0]


def scanned(reader: Moving, policy: ScanPolicy = ScanPolicy.COUNT) -> Scan:
    """The scan of a list, whose requests were counted."""
    found = asyncio.run(scan(reader, policy))
    assert found.requests == len(reader.log)
    return found


def is_the_truth(found: Scan, reader: Moving) -> bool:
    """Whether a scan is proven and shows who is in the list now."""
    return found.proven and sorted(found.patients) == sorted(one.id for one in reader.people)
