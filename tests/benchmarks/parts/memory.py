"""What one patient more costs in memory: the difference between two sizes, so that libraries do not count."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory

from tests.benchmarks.pairs import Runs, interleaved, spread
from tests.benchmarks.processes import UNITS_OF_PEAK, BenchmarkError, Run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import sandbox
from tests.benchmarks.table import Row, Standing, Unit
from tests.benchmarks.workload import Form, adopted, no_op_plan

NAME = "memory"


def rows(scale: Scale) -> Iterator[Row]:
    """Peak memory per patient of a no-op plan, from both forms."""
    small, large = scale.few, scale.most
    for form in Form:
        found = _measured(form, small, large, max(3, scale.least // 2))
        per_patient = [
            (more.peak_bytes - less.peak_bytes) / (large - small)
            for more, less in zip(found[str(large)], found[str(small)], strict=True)
        ]
        yield Row(
            NAME,
            f"peak memory per patient, no-op plan from {form.value}, {small:,} to {large:,} patients",
            spread(per_patient),
            Unit.BYTES,
            standing=Standing.ORIENTATION,
        )


def _measured(form: Form, small: int, large: int, rounds: int) -> Runs:
    with TemporaryDirectory() as directory, ExitStack() as servers:
        plans = {}
        for patients in (small, large):
            place = Path(directory, str(patients))
            server = servers.enter_context(sandbox(place / "account", patients))
            file = adopted(server, form, place / form.value)
            plans[str(patients)] = partial(no_op_plan, server, file.parent)
        found = interleaved(plans, rounds)
    check_own(found[str(small)])
    return found


def check_own(smallest: Sequence[Run]) -> None:
    """The kernel counts the starter's peak as its child's: this process has to have stayed smaller."""
    own = getrusage(RUSAGE_SELF).ru_maxrss * UNITS_OF_PEAK
    if own >= min(run.peak_bytes for run in smallest):
        raise BenchmarkError(f"the benchmark itself held {own:,} bytes, which hides what a plan holds")
