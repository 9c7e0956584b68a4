"""What the page of a large plan takes, as Markdown and HTML together, once there is the plan."""

import json
from collections.abc import Iterator
from typing import Final

from tests.benchmarks.pairs import spread
from tests.benchmarks.processes import run, script
from tests.benchmarks.scale import Scale
from tests.benchmarks.table import Row, Standing, Unit

NAME: Final = "page"
_MEGABYTE: Final = 1e6


def rows(scale: Scale) -> Iterator[Row]:
    """Both pages of a plan that creates patients with a code each: time, memory, and their sizes."""
    patients = scale.most // 2
    program = script("make_pages.py", str(patients))
    found = [json.loads(run(program, expect="{").out) for _ in range(scale.least)]
    what = f"both pages of a plan of {2 * patients:,} creates"
    seconds, cpu = [one["seconds"] for one in found], [one["cpu"] for one in found]
    yield Row(NAME, f"{what}: time", spread(seconds), Unit.SECONDS, goal=2, cpu=spread(cpu))
    memory = [one["bytes"] / _MEGABYTE for one in found]
    yield Row(NAME, f"{what}: peak memory, the plan included", spread(memory), Unit.MEGABYTES, goal=200)
    for place, form in enumerate(("Markdown", "HTML")):
        sizes = [one["lengths"][place] for one in found]
        yield Row(
            NAME,
            f"{what}: {form}",
            spread(sizes),
            Unit.BYTES,
            goal=65_536 if form == "Markdown" else None,
            standing=Standing.GOAL if form == "Markdown" else Standing.ORIENTATION,
        )
