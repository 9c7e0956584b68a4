"""State: a durable commit for each step ÷ one transaction for all of them, at three sizes of state."""

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.model.address import Kind
from kardia_ctl.model.state import Record, Remember
from kardia_ctl.state.sqlite import SqliteStore
from tests.benchmarks.pairs import spread
from tests.benchmarks.scale import Scale
from tests.benchmarks.table import Row, Standing

NAME: Final = "state"
_STEPS: Final = 1_000


def rows(scale: Scale) -> Iterator[Row]:
    """The ratio at each size, and whether a step costs the same in the largest state as in the smallest."""
    costs: dict[int, list[float]] = {}
    for size in (scale.few, scale.most, scale.largest):
        found = _measured(size, scale.least)
        costs[size] = [each for each, _ in found]
        yield Row(
            NAME,
            f"a durable commit per step ÷ one transaction of {_STEPS:,}, {size:,} records in state",
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
                each = _seconds(store, ([step] for step in _records(f"a{number}", _STEPS)))
                together = _seconds(store, [_records(f"b{number}", _STEPS)])
                found.append((each, together))
    return found[1:]


def _seconds(store: SqliteStore, batches: Iterable[Iterable[Remember]]) -> float:
    began = time.perf_counter()
    for batch in batches:
        store.commit(batch)
    return time.perf_counter() - began


def _records(prefix: str, count: int) -> Iterator[Remember]:
    for number in range(count):
        record = Record(f"{prefix}{number:030}", "", b"\0" * 20, 1_700_000_000)
        yield Remember(Kind.PATIENT, f"{prefix}-{number:07}", "", record)
