"""How time and memory grow with the account, and what a patient takes in the largest.

The exponent is the slope of a least-squares line through log(more patients) and log(more seconds, or bytes),
each counted from the smallest account: what a start costs is in all of them and says nothing of growth.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.benchmarks.pairs import Runs, interleaved, spread
from tests.benchmarks.parts.memory import check_own
from tests.benchmarks.processes import BenchmarkError, Run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import sandbox
from tests.benchmarks.table import Row, Unit
from tests.benchmarks.workload import Form, adopted, no_op_plan

NAME: Final = "growth"
_STEEPEST: Final = 1.05


def rows(scale: Scale) -> Iterator[Row]:
    """No-op plans from CSV of four sizes."""
    sizes = (scale.few, scale.thousands, scale.most, scale.largest)
    found = _measured(sizes, scale.once)
    rounds = [dict(zip(sizes, runs, strict=True)) for runs in zip(*found.values(), strict=True)]
    smallest, largest = sizes[0], sizes[-1]
    each = [(runs[largest].peak_bytes - runs[smallest].peak_bytes) / (largest - smallest) for runs in rounds]
    what = f"no-op plan from CSV, {smallest:,} to {largest:,} patients"
    yield Row(NAME, f"peak memory per patient, {what}", spread(each), Unit.BYTES, goal=1000)
    seconds = [_exponent({size: run.seconds for size, run in runs.items()}) for runs in rounds]
    cpu = [_exponent({size: run.cpu_seconds for size, run in runs.items()}) for runs in rounds]
    yield Row(NAME, f"exponent of time, {what}", spread(seconds), goal=_STEEPEST, cpu=spread(cpu))
    peaks = [_exponent({size: float(run.peak_bytes) for size, run in runs.items()}) for runs in rounds]
    yield Row(NAME, f"exponent of peak memory, {what}", spread(peaks), goal=_STEEPEST)


def _exponent(costs: dict[int, float]) -> float:
    (first, base), *others = sorted(costs.items())
    points = [(math.log(size - first), math.log(cost - base)) for size, cost in others if cost > base]
    if len(points) < 2:
        raise BenchmarkError("the machine is too busy: a larger account took less than the smallest")
    return slope(points)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the least-squares line through some points."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    across = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / across


def _measured(sizes: Sequence[int], rounds: int) -> Runs:
    with TemporaryDirectory() as directory, ExitStack() as servers:
        plans = {}
        for patients in sizes:
            place = Path(directory, str(patients))
            server = servers.enter_context(sandbox(place / "account", patients))
            file = adopted(server, Form.CSV, place / "declared")
            plans[str(patients)] = partial(no_op_plan, server, file.parent)
        found = interleaved(plans, rounds)
    smallest: Sequence[Run] = found[str(sizes[0])]
    check_own(smallest)
    return found
