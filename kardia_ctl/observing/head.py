"""Reads the head of the list of patients, which is newest first: who is new since an observation."""

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.model.observed import Observed
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.read_plan import PAGE

_MAX_PAGES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Head:
    """The patients at the head of the list, by id, and the number of pages that were read."""

    patients: dict[str, LivePatient] = field(default_factory=dict)
    pages: int = 0


async def read_head(
    reader: Reader, created: AbstractSet[str], known: Collection[str], total: int | None
) -> Head:
    """Read pages from the head until they are past everybody who was created since an observation.

    That is: past all of ``created``, and past whoever somebody else created meanwhile. Nobody did when
    totalCount has grown by our own alone; otherwise it is read on until somebody who was known before. While
    nobody else creates these are ceil(created / page size) requests.

    Args:
        reader: Safe reads only.
        created: The ids that this run created.
        known: The ids that the observation showed.
        total: The totalCount of the observation; None without one.

    Raises:
        ApiError: a page could not be read.
    """
    seen: dict[str, LivePatient] = {}
    start: str | None = None
    for pages in range(1, _MAX_PAGES + 1):
        page = await reader.patients(PAGE, start)
        new = [live for live in page.patients if live.id not in seen]
        seen.update((live.id, live) for live in new)
        start = page.next_cursor
        grown = None if page.total is None or total is None else page.total - total
        alone = grown is not None and grown <= len(created)
        past = any(live.id in known for live in new) or (alone and seen.keys() >= created)
        if start is None or past or not new:
            return Head(seen, pages)
    return Head(seen, _MAX_PAGES)


def shown(observed: Observed) -> Iterator[str]:
    """Every id that an observation shows; one may come twice."""
    yield from (live.id for live in observed.patients.values())
    yield from (live.id for several in observed.twins.values() for live in several)
    yield from observed.by_id
