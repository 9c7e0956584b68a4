"""The job of a pull request, ``ci``, ÷ a plan of the same account that has nothing to do."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.benchmarks.pairs import cpu_ratios, interleaved, noise, ratios, spread
from tests.benchmarks.processes import SCRIPT, Run, run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import Server, sandbox
from tests.benchmarks.table import Row
from tests.benchmarks.workload import NOTHING_TO_DO, Form, adopted, no_op_plan

NAME: Final = "ci"
_PLAN, _JOB = "plan", "ci"


def rows(scale: Scale) -> Iterator[Row]:
    """A no-op account, planned and then reported in every form."""
    patients = scale.most
    with TemporaryDirectory() as directory:
        place = Path(directory)
        with sandbox(place / "account", patients) as server:
            declared = adopted(server, Form.CSV, place / "declared").parent
            subjects = {
                _PLAN: partial(no_op_plan, server, declared),
                _JOB: partial(no_op_job, server, declared, place / "kardia-ci"),
            }
            found = interleaved(subjects, scale.least)
    over, under = found[_JOB], found[_PLAN]
    yield Row(
        NAME,
        f"ci of {patients:,} patients without changes ÷ plan",
        spread(ratios(over, under)),
        goal=1.1,
        cpu=spread(cpu_ratios(over, under)),
        noise=noise(under),
    )


def no_op_job(server: Server, directory: Path, out: Path) -> Run:
    """Run the job of what is as declared already."""
    command = [SCRIPT, "ci", str(directory), "--out", str(out), "--endpoint", server.url]
    return run(command, expect=NOTHING_TO_DO)
