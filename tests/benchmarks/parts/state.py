"""State: a durable commit for each step ÷ one transaction for all of them, at three sizes of state.

The steps are those of an apply: so many abreast, each of which waits until its entry is on disk. Those that
wait at the same time share a commit, as they do in an apply.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.applying.journal import Journal, in_thread
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import PatientRecord, Remember
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.benchmarks.pairs import spread
from tests.benchmarks.scale import Scale
from tests.benchmarks.table import Row, Standing

NAME: Final = "state"
_STEPS: Final = 1_000
_ABREAST: Final = 32


def rows(scale: Scale) -> Iterator[Row]:
    """The ratio at each size, and whether a step costs the same in the largest state as in the smallest."""
    costs: dict[int, list[float]] = {}
    for size in (scale.few, scale.most, scale.largest):
        found = _measured(size, scale.least)
        costs[size] = [each for each, _ in found]
        yield Row(
            NAME,
            f"a durable commit per step, {_ABREAST} in flight ÷ one transaction of {_STEPS:,}, "
            f"{size:,} records in state",
            spread([each / together for each, together in found]),
            goal=12,
        )
    flat = [most / few for few, most in zip(costs[scale.few], costs[scale.largest], strict=True)]
    yield Row(
        NAME,
        f"a durable commit with {scale.largest:,} records in state ÷ with {scale.few:,}",
        spread(flat),
        standing=Standing.ORIENTATION,
    )


def _measured(size: int, rounds: int) -> Sequence[tuple[float, float]]:
    """Of each round the seconds of all steps, committed one by one and committed together."""
    with TemporaryDirectory() as directory:
        store = SqliteStore(Path(directory, "state.db"), "default")
        with store.lock("apply"):
            for part in range(size // _STEPS):
                store.commit(_records(f"old{part}", _STEPS))
            found = []
            for number in range(rounds + 1):
                each = asyncio.run(_step_by_step(store, _records(f"a{number}", _STEPS)))
                together = _together(store, _records(f"b{number}", _STEPS))
                found.append((each, together))
    return found[1:]


async def _step_by_step(store: SqliteStore, steps: Iterator[Remember]) -> float:
    async def work(journal: Journal) -> None:
        for step in steps:
            await journal.commit([step])

    async with in_thread() as beside:
        journal = Journal(store, beside)
        began = time.perf_counter()
        await asyncio.gather(*(work(journal) for _ in range(_ABREAST)))
        return time.perf_counter() - began


def _together(store: SqliteStore, steps: Iterator[Remember]) -> float:
    began = time.perf_counter()
    store.commit(steps)
    return time.perf_counter() - began


def _records(prefix: str, count: int) -> Iterator[Remember]:
    for number in range(count):
        record = PatientRecord(f"{prefix}{number:030}", b"\0" * 20, 1_700_000_000)
        yield Remember(Kind.PATIENT, f"{prefix}-{number:07}", "", record)
