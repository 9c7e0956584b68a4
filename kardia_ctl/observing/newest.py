"""Reads the newest patients of the list, while what is in doubt may still appear among them."""

from collections.abc import Collection
from typing import Final

from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.walk import LIMITS

_MAX_HEAD_PAGES: Final = 200


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
