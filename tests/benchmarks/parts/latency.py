"""The same plan ÷ the same fetch on a server that is far away: every answer takes 50 ms longer."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.benchmarks.pairs import cpu_ratios, interleaved, noise, ratios, spread
from tests.benchmarks.parts.planning import fetch
from tests.benchmarks.processes import run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import sandbox
from tests.benchmarks.table import Row
from tests.benchmarks.workload import Form, adopted, no_op_plan

NAME: Final = "latency"
SECONDS: Final = 0.05
_FETCH: Final = "bare fetch"


def rows(scale: Scale) -> Iterator[Row]:
    """The no-op plan of a large account from CSV."""
    patients = scale.most
    with TemporaryDirectory() as directory:
        place = Path(directory)
        with sandbox(place / "account", patients, latency=SECONDS) as server:
            file = adopted(server, Form.CSV, place / "declared")
            subjects = {
                _FETCH: partial(run, fetch(server), expect=str(patients)),
                "plan": partial(no_op_plan, server, file.parent),
            }
            found = interleaved(subjects, scale.least)
    over, under = found["plan"], found[_FETCH]
    yield Row(
        NAME,
        f"no-op plan of {patients:,} patients from CSV ÷ {_FETCH}, 50 ms latency",
        spread(ratios(over, under)),
        goal=1.1,
        cpu=spread(cpu_ratios(over, under)),
        noise=noise(under),
    )
