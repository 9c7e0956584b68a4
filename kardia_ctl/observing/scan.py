"""Reads the whole list of patients, and proves that it was the whole list; or reads its head.

``closed_sum`` is the proof. Here are the requests: walks from the head to the end, each with another
limit, and the head once more at the end of a walk in which the list moved.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from kardia_ctl.model.configuration import ScanPolicy
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.closed_sum import ClosedSum
from kardia_ctl.observing.look_up import look_up

LIMITS: Final = (500, 499, 397)
"""Page sizes of the first walk and of its repetitions: another size moves the page edges."""

_MAX_HEAD_PAGES: Final = 200
_MAX_PAGES: Final = 100_000
_MAX_PAGES_WITHOUT_TOTAL: Final = 4_000
_TURNS_TO_SEND: Final = 8
"""Turns of the event loop after which a request on an open connection is sent: httpx takes 3."""

T = TypeVar("T")

Keep: TypeAlias = Callable[[Iterable[LivePatient]], Iterable[LivePatient]]
"""Maps a page's patients to equal ones that take less memory (see ``interning``)."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The patients found.

    Attributes:
        patients: By id: everybody when ``proven``, else those whom the last walk showed.
        proven: Whether these are everybody who was in the list when the scan began and is still in it.
        total: The last totalCount; None without one.
        detail: Why they are not proven.
        requests: How many requests it took.
        newest: The id at the head of the list when the head was last read, empty when the list was empty.
            Who is created later stands above it.
    """

    patients: dict[str, LivePatient]
    proven: bool
    total: int | None
    detail: str = ""
    requests: int = 0
    newest: str = ""


@dataclass(slots=True)
class _Walk:
    """One walk from the head of the list to its end."""

    limit: int
    patients: dict[str, LivePatient] = field(default_factory=dict)
    rows: int = 0
    smallest: int = 0
    cursors: set[str] = field(default_factory=set)
    broken: str = ""

    def problem(self, page: PatientsPage) -> str:
        """Why the list cannot be followed beyond this page, which was not added yet; empty when it can."""
        if self.patients.keys() >= _ids(page) or page.next_cursor in self.cursors:
            return "the list of patients does not end: a page repeats an earlier one"
        pages = len(self.cursors) + 1
        if pages > _allowance(page.total, self.smallest):
            return f"the list of patients does not end: {pages} pages for totalCount {page.total}"
        return ""

    def count(self, page: PatientsPage) -> None:
        """Count the rows of a page."""
        self.smallest = min(self.smallest or len(page.patients), len(page.patients))
        self.rows += len(page.patients)

    def add(self, patients: Iterable[LivePatient]) -> None:
        """Add a page's patients; a later page replaces an earlier one's."""
        by_id = self.patients
        for patient in patients:
            by_id[patient.id] = patient


def _ids(page: PatientsPage) -> set[str]:
    return {patient.id for patient in page.patients}


@dataclass(slots=True)
class _Scanner:
    """The requests of a scan, and what they showed.

    Attributes:
        earlier: Whom earlier walks showed and who was still there when this walk began.
    """

    reader: Reader
    policy: ScanPolicy
    keep: Keep
    sum: ClosedSum = field(default_factory=ClosedSum)
    walk: _Walk = field(default_factory=lambda: _Walk(0))
    earlier: dict[str, LivePatient] = field(default_factory=dict)
    requests: int = 0
    total: int | None = None
    newest: str = ""

    async def scan(self) -> Scan:
        """Walk until it is proven, at most once with each limit."""
        for limit in LIMITS:
            previous = self.walk.patients if limit != LIMITS[0] and not self.walk.broken else None
            await self._walk(limit, to_the_end=limit == LIMITS[-1] or self.policy is ScanPolicy.AGREE_TWICE)
            if not self.walk.broken and await self._is_closed():
                return self._result(proven=True)
            agrees = previous is not None and previous.keys() == self.walk.patients.keys()
            if self.policy is ScanPolicy.AGREE_TWICE and agrees and not self.walk.broken:
                return self._result(proven=True)
        return self._result(proven=False)

    def _result(self, *, proven: bool) -> Scan:
        detail = "" if proven else self._why()
        return Scan(self.walk.patients, proven, self.total, detail, self.requests, self.newest)

    def _why(self) -> str:
        if self.walk.broken:
            return self.walk.broken
        if self.total is None:
            return "the list of patients has no totalCount"
        if not self.sum.holds:
            return "patients were created or deleted while the list was being read"
        found = len(self.earlier.keys() | self.walk.patients.keys())
        return f"the list has {found} patients, but its totalCount is {self.total}"

    async def _page(self, start: str | None) -> PatientsPage:
        """Read a page; its rows are not added yet."""
        page = await self.reader.patients(self.walk.limit, start)
        self.requests += 1
        self.total = page.total
        if "" in _ids(page):
            raise ApiError("a patient in the list has no id, so it cannot be matched")
        if start is None:
            self.newest = page.patients[0].id if page.patients else ""
        return page

    async def _walk(self, limit: int, *, to_the_end: bool) -> None:
        """Read pages from the head to the end, or until they can prove nothing, if not ``to_the_end``.

        A page is added while the request for the next one is in flight.
        """
        before, self.walk = self.walk, _Walk(limit)
        page = await self._page(None)
        self.earlier.update(before.patients)
        if not self.sum.begin(page, self.earlier):
            self.earlier.clear()
        while page.next_cursor is not None and (to_the_end or self.sum.holds):
            walk = self.walk
            walk.count(page)
            walk.broken = walk.problem(page)
            if walk.broken:
                break
            walk.cursors.add(page.next_cursor)
            start = page.next_cursor
            if self.sum.wants_look:
                page = await self._add_during(page, None)
                if not self.sum.look(page, self.walk.patients) and not to_the_end:
                    break
            page = await self._add_during(page, start)
            self.sum.below(page, walk.rows)
        self.walk.add(self.keep(page.patients))

    async def _add_during(self, page: PatientsPage, start: str | None) -> PatientsPage:
        """Request a page, and add another one while the request is in flight."""
        async with _in_flight(self._page(start)) as request:
            self.walk.add(self.keep(page.patients))
            return await request

    async def _is_closed(self) -> bool:
        """Whether everybody is shown; then the walk's patients are completed with those of earlier walks."""
        unshown = self.earlier.keys() - self.walk.patients.keys()
        if not self.sum.closes(len(self.walk.patients) + len(unshown)):
            return False
        if self.sum.moved:
            head = await self._page(None)
            if not self.sum.look(head, self.earlier.keys() | self.walk.patients.keys()):
                return False
            self.walk.add(self.keep(head.patients))
        found, gone = await look_up(self.reader, unshown)
        self.requests += len(unshown)
        self.walk.patients.update(found)
        return not gone


async def scan(reader: Reader, policy: ScanPolicy, keep: Keep = tuple) -> Scan:
    """Scan until the result is proven, at most once with each of ``LIMITS``. ``keep`` maps each page.

    Raises:
        ApiError: a page could not be read.
    """
    return await _Scanner(reader, policy, keep).scan()


@asynccontextmanager
async def _in_flight(request: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """A request that is sent, as far as we can tell, before the block starts."""
    task = asyncio.create_task(request)
    try:
        for _ in range(_TURNS_TO_SEND):
            await asyncio.sleep(0)
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _allowance(total: int | None, size: int) -> int:
    """The most pages of a list that ends, with ``size`` the smallest page so far."""
    if total is None:
        return _MAX_PAGES_WITHOUT_TOTAL
    return min(2 * -(-total // size) + 10, _MAX_PAGES)


async def newest(reader: Reader, known: Collection[str]) -> tuple[LivePatient, ...]:
    """The patients at the head of the list whose ids are not known, up to the first page without one.

    This can show that a patient exists; it never proves that a patient does not.

    Raises:
        ApiError: a page could not be read.
    """
    patients: dict[str, LivePatient] = {}
    start: str | None = None
    for _ in range(_MAX_HEAD_PAGES):
        page = await reader.patients(LIMITS[0], start)
        new = [live for live in page.patients if live.id and live.id not in known and live.id not in patients]
        patients.update((live.id, live) for live in new)
        start = page.next_cursor
        if start is None or not new:
            break
    return tuple(patients.values())
