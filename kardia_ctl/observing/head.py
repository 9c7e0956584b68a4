"""Reads the head of the list of patients, which is newest first: who is new since an observation."""

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.model.observed import Observed
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.read_plan import PAGE
from kardia_ctl.observing.walk import LIMITS, limit_of

_MAX_PAGES: Final = 10_000
_WALKS: Final = (LIMITS[0], LIMITS[2], LIMITS[1])
"""The page sizes of the looks: 499 after 500 would move the first edges by one row."""


@dataclass(frozen=True, slots=True)
class Head:
    """The patients at the head of the list.

    Attributes:
        patients: By id.
        pages: The number of pages that were read.
        unseen: How many more newcomers totalCount says than were seen.
        first: The first page.
        stood_still: Whether one walk showed them, on each page of which totalCount was the same.
    """

    patients: dict[str, LivePatient] = field(default_factory=dict)
    pages: int = 0
    unseen: int = 0
    first: PatientsPage | None = None
    stood_still: bool = False


@dataclass(frozen=True, slots=True)
class Since:
    """What is compared with.

    Attributes:
        created: The ids that the run created since the observation.
        known: The ids that the observation showed.
        total: The totalCount of the observation; None without one that can be relied on.
        deleted: How many deletions of the run were accepted.
    """

    created: AbstractSet[str]
    known: Collection[str]
    total: int | None
    deleted: int = 0


@dataclass(slots=True)
class _HeadWalk:
    """One walk from the head.

    Attributes:
        first: The first page, and ``total`` its totalCount.
        fell: Whether a page had a smaller totalCount than the one before it; ``moved``: another one.
        page: How many rows the server gives, where it gives fewer than it is asked for.
    """

    seen: dict[str, LivePatient] = field(default_factory=dict)
    pages: int = 0
    total: int | None = None
    page: int = PAGE
    fell: bool = False
    moved: bool = False
    first: PatientsPage | None = None


async def read_head(reader: Reader, since: Since) -> Head:
    """Read pages from the head until they are past everybody who was created since an observation.

    That is: past all whom the run created, and past whoever somebody else created meanwhile. Nobody did when
    totalCount has grown by our own alone; otherwise it is read on until somebody who was known before. While
    nobody else creates these are ceil(created / page size) requests.

    A page shows everybody above somebody who was known. Between two pages somebody can be missing: an offset
    passes over a row when somebody above it leaves, which makes totalCount fall; a cursor of whole seconds
    passes over the rest of a second, so that fewer are seen than totalCount grew by. Then it is looked again
    with other page sizes, at most twice. One case cannot be told: the created fill their last page exactly,
    totalCount grew by them alone, and somebody known left while somebody else came right below them.

    Args:
        reader: Safe reads only.
        since: The observation, and what the run has done since.

    Raises:
        ApiError: a page could not be read.
    """
    seen: dict[str, LivePatient] = {}
    pages, size, unseen, walks = 0, PAGE, 0, 0
    for limit in _WALKS:
        walk = await _walk(reader, limit_of(limit, size), since)
        size = min(size, walk.page)
        seen.update(walk.seen)
        pages += walk.pages
        walks += 1
        if walk.total is None or since.total is None:
            break
        grown, new = walk.total - since.total, sum(patient_id not in since.known for patient_id in seen)
        unseen = max(0, grown - new)
        if not unseen and (walk.pages == 1 or (not walk.fell and new <= grown + since.deleted)):
            break
    stood_still = walks == 1 and walk.total is not None and not walk.moved
    return Head(seen, pages, unseen, walk.first, stood_still)


async def _walk(reader: Reader, limit: int, since: Since) -> _HeadWalk:
    walk, start, last = _HeadWalk(), None, 0
    while walk.pages < _MAX_PAGES:
        page = await reader.patients(limit, start)
        if walk.pages == 0:
            walk.first, walk.total, last = page, page.total, page.total or 0
            if page.next_cursor is not None and len(page.patients) < limit:
                walk.page = len(page.patients)
        walk.pages += 1
        walk.fell = walk.fell or page.total is None or page.total < last
        walk.moved = walk.moved or page.total != walk.total
        last = page.total or 0
        new = [live for live in page.patients if live.id not in walk.seen]
        walk.seen.update((live.id, live) for live in new)
        start = page.next_cursor
        if start is None or not new or _is_past(walk, new, since):
            break
    return walk


def _is_past(walk: _HeadWalk, new: list[LivePatient], since: Since) -> bool:
    """Whether the last page was past whoever is new."""
    grown = None if walk.total is None or since.total is None else walk.total - since.total
    alone = grown is not None and grown <= len(since.created)
    return any(live.id in since.known for live in new) or (alone and walk.seen.keys() >= since.created)


def shown(observed: Observed) -> Iterator[str]:
    """Every id that an observation shows; one may come twice."""
    yield from (live.id for live in observed.patients.values())
    yield from (live.id for several in observed.twins.values() for live in several)
    yield from observed.by_id
