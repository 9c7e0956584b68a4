"""Reads patients by id, a few at a time."""

import asyncio
from collections.abc import Collection

from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.ports import Reader

_PARALLEL = 8


async def look_up(
    reader: Reader, patient_ids: Collection[str]
) -> tuple[dict[str, LivePatient], frozenset[str]]:
    """Read patients by id, a few at a time. Returns the patients by id, and the ids that do not exist."""
    waiting = list(patient_ids)
    found: dict[str, LivePatient] = {}
    missing: set[str] = set()

    async def work() -> None:
        while waiting:
            patient_id = waiting.pop()
            live = await reader.patient(patient_id)
            if live is None:
                missing.add(patient_id)
            else:
                found[patient_id] = live

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_PARALLEL, len(waiting))):
                group.create_task(work())
    except* ApiError as failures:
        raise failures.exceptions[0] from failures
    return found, frozenset(missing)
