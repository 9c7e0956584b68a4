"""Reads the whole list of patients, and proves that it was the whole list; or reads its head.

``closed_sum`` is the proof. Here are the requests: walks from the head to the end, each with another
limit, and the head once more at the end of a walk in which the list moved.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias, TypeVar

from kardia_ctl.model.amounts.refresh import ListHead
from kardia_ctl.model.configuration import ScanPolicy
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.closed_sum import ClosedSum
from kardia_ctl.observing.look_up import look_up
from kardia_ctl.observing.walk import LIMITS, Walk, ids_of, limit_of

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
        head: The head of the list at the moment of which it is proven by counts; None without such a proof.
    """

    patients: dict[str, LivePatient]
    proven: bool
    total: int | None
    detail: str = ""
    requests: int = 0
    newest: str = ""
    head: ListHead | None = None


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
    walk: Walk = field(default_factory=lambda: Walk(0))
    earlier: dict[str, LivePatient] = field(default_factory=dict)
    requests: int = 0
    total: int | None = None
    newest: str = ""
    size: int = LIMITS[0]
    """What a page of the server holds at most."""
    shown: list[tuple[frozenset[str], set[str]]] = field(default_factory=list)
    """Of each walk that may agree with another: the ids that it showed, and its edges."""

    async def scan(self) -> Scan:
        """Walk until it is proven, at most once with each limit."""
        for limit in LIMITS:
            last = limit == LIMITS[-1]
            await self._walk(
                limit_of(limit, self.size), to_the_end=last or self.policy is ScanPolicy.AGREE_TWICE
            )
            if not self.walk.broken and await self._is_closed():
                return replace(self._result(proven=True), head=self.sum.head)
            if self.policy is ScanPolicy.AGREE_TWICE and not self.walk.broken and self._agrees():
                return self._result(proven=True)
        return self._result(proven=False)

    def _agrees(self) -> bool:
        """Whether earlier walks showed the same ids, and no edge of a page was one of all of them.

        Whom cursors pass over at an edge, of one second with the row before, is shown by a walk without it.
        """
        ids = frozenset(self.walk.patients)
        edges = [self.walk.edges, *(others for shown, others in self.shown if shown == ids)]
        self.shown.append((ids, self.walk.edges))
        return len(edges) > 1 and not set.intersection(*edges)

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
        if "" in ids_of(page):
            raise ApiError("a patient in the list has no id, so it cannot be matched")
        if start is None:
            self.newest = page.patients[0].id if page.patients else ""
        return page

    async def _walk(self, limit: int, *, to_the_end: bool) -> None:
        """Read pages from the head to the end, or until they can prove nothing, if not ``to_the_end``.

        A page is added while the request for the next one is in flight.
        """
        before, self.walk = self.walk, Walk(limit)
        page = await self._page(None)
        self.earlier.update(before.patients)
        if page.next_cursor is not None and len(page.patients) < limit:
            self.size = min(self.size, len(page.patients))
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
