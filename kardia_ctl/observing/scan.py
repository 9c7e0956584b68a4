"""Reads the whole list of patients, and proves that it was the whole list; or reads its head.

The list is newest first, has no filter and changes while it is paged; cursors are opaque, and rows with equal
times can fall between two pages. So a scan only counts as proven when its ids are unique and as many as the
last totalCount.
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

LIMITS: Final = (500, 499, 397)
"""Page sizes of the first walk and of its repetitions: another size moves the page edges."""

_HEAD_ROUNDS: Final = 20
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
    """The patients found, by id; whether these are proven to be all; if not, ``detail`` is the reason.

    ``newest`` is the id at the head of the list when the last walk began, empty when the list was empty. Who
    is created later stands above it.
    """

    patients: dict[str, LivePatient]
    proven: bool
    total: int | None
    detail: str = ""
    pages: int = 0
    newest: str = ""


@dataclass(slots=True)
class _Walk:
    """One walk from the head of the list to its end, and the pages of the head read after it."""

    patients: dict[str, LivePatient] = field(default_factory=dict)
    total: int | None = None
    moved: bool = False
    shrunk: bool = False
    pages: int = 0
    newest: str = ""
    broken: str = ""

    @property
    def fits(self) -> bool:
        """Whether this walk alone proves that it returned every patient.

        When the list shrank during the walk, a patient that was read may be gone and another one missed:
        then the right number proves nothing.
        """
        return not self.broken and not self.shrunk and self.total == len(self.patients)

    def look_at(self, page: PatientsPage) -> bool:
        """Count a page before it is added. Returns whether it has a new patient."""
        if self.pages == 0 and page.patients:
            self.newest = page.patients[0].id
        if self.pages > 0 and page.total != self.total:
            self.moved = True
            self.shrunk = self.shrunk or _is_less(page.total, self.total)
        self.pages += 1
        self.total = page.total
        ids = {patient.id for patient in page.patients}
        if "" in ids:
            raise ApiError("a patient in the list has no id, so it cannot be matched")
        return not self.patients.keys() >= ids

    def add(self, patients: Iterable[LivePatient]) -> None:
        """Add a page's patients; a later page replaces an earlier one's."""
        by_id = self.patients
        for patient in patients:
            by_id[patient.id] = patient


def _is_less(total: int | None, earlier: int | None) -> bool:
    """Whether a totalCount fell."""
    return total is not None and earlier is not None and total < earlier


async def scan(reader: Reader, policy: ScanPolicy, keep: Keep = tuple) -> Scan:
    """Scan until the result is proven, at most once with each of ``LIMITS``. ``keep`` maps each page.

    Raises:
        ApiError: a page could not be read.
    """
    union: dict[str, LivePatient] = {}
    previous: frozenset[str] | None = None
    pages = 0
    walk = _Walk()
    grown = True
    for limit in LIMITS:
        earlier, walk = walk.total, await _walk(reader, limit, keep)
        pages += walk.pages
        grown = grown and not walk.shrunk and not _is_less(walk.total, earlier)
        if walk.fits:
            return Scan(walk.patients, True, walk.total, pages=pages, newest=walk.newest)
        union.update(walk.patients)
        if grown and not walk.broken and walk.total == len(union):
            return Scan(union, True, walk.total, pages=pages, newest=walk.newest)
        ids = frozenset(walk.patients)
        if policy is ScanPolicy.AGREE_TWICE and not walk.broken and ids == previous:
            return Scan(walk.patients, True, walk.total, pages=pages, newest=walk.newest)
        previous = ids
    return Scan(union, False, walk.total, _why(walk, len(union)), pages, walk.newest)


def _why(walk: _Walk, count: int) -> str:
    if walk.broken:
        return walk.broken
    if walk.total is None:
        return "the list of patients has no totalCount"
    if walk.shrunk:
        return "patients were deleted while the list was being read"
    return f"the list has {count} patients, but its totalCount is {walk.total}"


async def _walk(reader: Reader, limit: int, keep: Keep) -> _Walk:
    walk = _Walk()
    await _follow(reader, limit, walk, keep)
    for _ in range(_HEAD_ROUNDS):
        if walk.broken or not walk.moved:
            break
        walk.moved = False  # new patients are at the head
        await _follow(reader, limit, walk, keep, until_known=True)
    return walk


async def _follow(reader: Reader, limit: int, walk: _Walk, keep: Keep, *, until_known: bool = False) -> None:
    """Read pages from the head; to the end, or until one shows nothing new.

    A page is added while the request for the next one is in flight.
    """
    cursors: set[str] = set()
    smallest = limit
    page = await reader.patients(limit, None)
    while True:
        any_new = walk.look_at(page)
        start = page.next_cursor
        if start is None or (until_known and not any_new):
            break
        if not any_new or start in cursors:
            walk.broken = "the list of patients does not end: a page repeats an earlier one"
            break
        cursors.add(start)
        smallest = min(smallest, len(page.patients))
        if len(cursors) > _allowance(page.total, smallest):
            walk.broken = (
                f"the list of patients does not end: {len(cursors)} pages for totalCount {page.total}"
            )
            break
        async with _in_flight(reader.patients(limit, start)) as next_page:
            walk.add(keep(page.patients))
            page = await next_page
    walk.add(keep(page.patients))


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
