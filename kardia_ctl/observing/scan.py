"""Reading the whole list of patients, and proving that it was the whole list.

The list is newest first, has no filter and moves while it is paged; cursors are opaque, and rows with equal
times can fall between two pages. So a scan is only used for what it proves: ids unique and as many as
totalCount said last.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from kardia_ctl.model.configuration import ScanPolicy
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.ports import Reader

LIMITS: Final = (500, 499, 397)
"""Page sizes of the first scan and of its repetitions: other sizes put the page edges elsewhere."""

_HEAD_ROUNDS: Final = 20
_MOST_PAGES: Final = 100_000
_MOST_PAGES_UNCOUNTED: Final = 4_000
_TURNS_TO_LEAVE: Final = 8
"""Turns of the event loop after which a request on an open connection has left: httpx takes 3 of them."""

T = TypeVar("T")

Keep: TypeAlias = Callable[[Iterable[LivePatient]], Iterable[LivePatient]]
"""Makes of a page's patients those that are held: equal ones (see ``sharing``)."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The patients that were found, by id; whether they are all there are; and if not, why not."""

    patients: dict[str, LivePatient]
    proven: bool
    total: int | None
    detail: str = ""
    pages: int = 0


@dataclass(slots=True)
class _Walk:
    """One walk from the head of the list to its end, with what was new at the head since."""

    patients: dict[str, LivePatient] = field(default_factory=dict)
    total: int | None = None
    moved: bool = False
    shrunk: bool = False
    pages: int = 0
    broken: str = ""

    @property
    def fits(self) -> bool:
        """Whether this walk alone proves that it saw everything.

        When the list shrank on the way, somebody who was seen may be gone and somebody else not seen: then
        the right number proves nothing.
        """
        return not self.broken and not self.shrunk and self.total == len(self.patients)

    def look_at(self, page: PatientsPage) -> bool:
        """Count a page that is about to be added; whether it shows anybody new."""
        if self.pages > 0 and page.total != self.total:
            self.moved = True
            self.shrunk = self.shrunk or _is_less(page.total, self.total)
        self.pages += 1
        self.total = page.total
        ids = {patient.id for patient in page.patients}
        if "" in ids:
            raise ApiError("a patient in the list has no id; nothing can be matched to it")
        return not self.patients.keys() >= ids

    def add(self, patients: Iterable[LivePatient]) -> None:
        """Hold a page's patients; of two pages that show somebody the later one counts."""
        held = self.patients
        for patient in patients:
            held[patient.id] = patient


def _is_less(total: int | None, earlier: int | None) -> bool:
    """Whether a totalCount fell."""
    return total is not None and earlier is not None and total < earlier


async def scan(reader: Reader, policy: ScanPolicy, keep: Keep = tuple) -> Scan:
    """Scan until the result is proven, at most once with each of ``LIMITS``. ``keep`` says what is held.

    Raises:
        ApiError: a page could not be had at all.
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
            return Scan(walk.patients, True, walk.total, pages=pages)
        union.update(walk.patients)
        if grown and not walk.broken and walk.total == len(union):
            return Scan(union, True, walk.total, pages=pages)
        ids = frozenset(walk.patients)
        if policy is ScanPolicy.AGREE_TWICE and not walk.broken and ids == previous:
            return Scan(walk.patients, True, walk.total, pages=pages)
        previous = ids
    return Scan(union, False, walk.total, _why(walk, len(union)), pages)


def _why(walk: _Walk, seen: int) -> str:
    if walk.broken:
        return walk.broken
    if walk.total is None:
        return "the list of patients came without totalCount"
    if walk.shrunk:
        return "patients were deleted while the list was read"
    return f"the list showed {seen} patients and its totalCount is {walk.total}"


async def _walk(reader: Reader, limit: int, keep: Keep) -> _Walk:
    walk = _Walk()
    await _follow(reader, limit, walk, keep)
    for _ in range(_HEAD_ROUNDS):
        if walk.broken or not walk.moved:
            break
        walk.moved = False  # what is new stands at the head
        await _follow(reader, limit, walk, keep, until_known=True)
    return walk


async def _follow(reader: Reader, limit: int, walk: _Walk, keep: Keep, *, until_known: bool = False) -> None:
    """Read pages from the head; to the end, or until one shows nothing new.

    A page is kept while the next one is under way: whether there is a next one is known before.
    """
    cursors: set[str] = set()
    smallest = limit
    page = await reader.patients(limit, None)
    while True:
        anybody_new = walk.look_at(page)
        start = page.next_cursor
        if start is None or (until_known and not anybody_new):
            break
        if not anybody_new or start in cursors:
            walk.broken = "the list of patients has no end: a page repeats what an earlier one showed"
            break
        cursors.add(start)
        smallest = min(smallest, len(page.patients))
        if len(cursors) > _allowance(page.total, smallest):
            walk.broken = f"the list of patients has no end: {len(cursors)} pages for totalCount {page.total}"
            break
        async with _under_way(reader.patients(limit, start)) as coming:
            walk.add(keep(page.patients))
            page = await coming
    walk.add(keep(page.patients))


@asynccontextmanager
async def _under_way(request: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """A request that has left, as far as that is up to us, when the block begins."""
    coming = asyncio.create_task(request)
    try:
        for _ in range(_TURNS_TO_LEAVE):
            await asyncio.sleep(0)
        yield coming
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def _allowance(total: int | None, size: int) -> int:
    """Pages after which a list is taken for endless; counted with the page size actually seen."""
    if total is None:
        return _MOST_PAGES_UNCOUNTED
    return min(2 * -(-total // size) + 10, _MOST_PAGES)
