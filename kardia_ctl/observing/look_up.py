"""Reads patients by id, a few at a time."""

import asyncio
from collections.abc import Iterable

from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.ports import Reader

_PARALLEL = 8


async def look_up(
    reader: Reader, patient_ids: Iterable[str]
) -> tuple[dict[str, LivePatient], frozenset[str]]:
    """Read patients by id. Returns the patients by id, and the ids that do not exist.

    Raises:
        ApiError: a read failed; the others are given up.
    """
    answers = await read_each(reader, patient_ids)
    found = {patient_id: live for patient_id, live in answers.items() if live is not None}
    return found, frozenset(answers.keys() - found.keys())


async def read_each(
    reader: Reader, patient_ids: Iterable[str], failed: dict[str, ApiError] | None = None
) -> dict[str, LivePatient | None]:
    """Read patients by id, in their order. Returns them by id, None for an id that does not exist.

    Args:
        reader: Safe reads only.
        patient_ids: Each is read once.
        failed: Receives the reads that failed, by id, which then stop no other; else the first does.

    Raises:
        ApiError: a read failed and there is no ``failed``, or the run has to stop.
    """
    waiting = iter(list(patient_ids))
    answers: dict[str, LivePatient | None] = {}

    async def work() -> None:
        for patient_id in waiting:
            try:
                answers[patient_id] = await reader.patient(patient_id)
            except ApiError as error:
                if error.stops or failed is None:
                    raise
                failed[patient_id] = error

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_PARALLEL):
                group.create_task(work())
    except* ApiError as failures:
        raise failures.exceptions[0] from failures
    return answers
