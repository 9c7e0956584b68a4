"""A no-op plan from YAML ÷ the stack that one would write first, in time and in memory."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.sandbox.data.invented import API_KEY
from tests.benchmarks.pairs import cpu_ratios, interleaved, noise, ratios, spread
from tests.benchmarks.processes import run, script
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import sandbox
from tests.benchmarks.table import Row
from tests.benchmarks.workload import Form, adopted, no_op_plan

NAME: Final = "obvious"
_STACK: Final = "the obvious stack (CSafeLoader, jsonschema and DeepDiff for each)"


def rows(scale: Scale) -> Iterator[Row]:
    """Time and peak memory of a large account."""
    patients = scale.most
    with TemporaryDirectory() as directory:
        place = Path(directory)
        with sandbox(place / "account", patients) as server:
            file = adopted(server, Form.YAML, place / "declared")
            stack = script("obvious_stack.py", server.url, API_KEY, str(file))
            subjects = {
                "stack": partial(run, stack, expect="0"),
                "plan": partial(no_op_plan, server, file.parent),
            }
            found = interleaved(subjects, scale.once)
    over, under = found["plan"], found["stack"]
    what = f"no-op plan of {patients:,} patients from YAML ÷ {_STACK}"
    yield Row(
        NAME,
        f"{what}: time",
        spread(ratios(over, under)),
        goal=0.10,
        cpu=spread(cpu_ratios(over, under)),
        noise=noise(under),
    )
    shares = [one.peak_bytes / other.peak_bytes for one, other in zip(over, under, strict=True)]
    yield Row(NAME, f"{what}: peak memory", spread(shares), goal=0.35)
