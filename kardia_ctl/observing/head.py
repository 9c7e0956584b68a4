"""The head of the list of patients: the list is newest first, so what is new stands there."""

from collections.abc import Collection
from typing import Final

from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.ports import Reader

_LIMIT: Final = 500
_MOST_PAGES: Final = 200


async def newest(reader: Reader, known: Collection[str]) -> tuple[LivePatient, ...]:
    """Patients at the head of the list whose ids are not known, past every page that shows a new one.

    This can show that somebody exists; it never proves that somebody does not.

    Raises:
        ApiError: a page could not be had.
    """
    found: dict[str, LivePatient] = {}
    start: str | None = None
    for _ in range(_MOST_PAGES):
        page = await reader.patients(_LIMIT, start)
        new = [live for live in page.patients if live.id and live.id not in known and live.id not in found]
        found.update((live.id, live) for live in new)
        start = page.next_cursor
        if start is None or not new:
            break
    return tuple(found.values())
