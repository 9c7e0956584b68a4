"""A plan from the head of the list ÷ a plan of everything, 50 ms away: time, and requests."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.benchmarks.pairs import cpu_ratios, interleaved, noise, ratios, spread
from tests.benchmarks.parts.latency import SECONDS
from tests.benchmarks.processes import SCRIPT, Run, run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import Server, sandbox
from tests.benchmarks.table import Row
from tests.benchmarks.workload import Form, adopted, no_op_plan

NAME: Final = "refresh"
_FULL, _HEAD = "full", "head"
_EMPTY: Final = "What this plan read, and what it cannot know:"
_CHANGES: Final = "kardia-ctl will do the following:"
"""How the two plans begin; one that had to read everything says No changes."""
_NEW: Final = "NEW-1,1990-01-02,new1@example.com,Ada,Newcome,2\n"


def rows(scale: Scale) -> Iterator[Row]:
    """A no-op plan of a large account, and one that creates somebody; goals are of 100,000 patients."""
    patients = scale.most
    with TemporaryDirectory() as directory:
        place = Path(directory)
        with sandbox(place / "account", patients, latency=SECONDS) as server:
            file = adopted(server, Form.CSV, place / "declared")
            subjects = {
                _FULL: partial(no_op_plan, server, file.parent),
                _HEAD: partial(from_head, server, file.parent),
            }
            found = interleaved(subjects, scale.least)
            no_op = counted(server, subjects[_HEAD])
            with file.open("a", encoding="utf-8") as opened:
                opened.write(_NEW)
            one_new = counted(server, partial(from_head, server, file.parent, _CHANGES))
    over, under = found[_HEAD], found[_FULL]
    what = f"no-op plan of {patients:,} patients from CSV, --refresh head ÷ full, 50 ms latency"
    yield Row(
        NAME,
        what,
        spread(ratios(over, under)),
        goal=0.2,
        cpu=spread(cpu_ratios(over, under)),
        noise=noise(under),
    )
    yield _requests(f"no-op plan of {patients:,} patients, --refresh head: requests ÷ 5", no_op / 5)
    yield _requests(f"one new among {patients:,} patients, --refresh head: requests ÷ 6", one_new / 6)


def _requests(what: str, share: float) -> Row:
    return Row(NAME, what, spread([share]), goal=1.0)


def from_head(server: Server, directory: Path, expect: str = _EMPTY) -> Run:
    """Plan from the head of the list."""
    command = [SCRIPT, "plan", str(directory), "--refresh", "head", "--endpoint", server.url]
    return run(command, expect=expect)


def counted(server: Server, subject: Callable[[], object]) -> int:
    """How many requests the server saw of it."""
    before = len(server.requests())
    subject()
    return len(server.requests()) - before
