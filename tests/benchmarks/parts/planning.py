"""A plan that has nothing to do ÷ the bare fetch of the pages that it has to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from kardia_ctl.sandbox.data.invented import API_KEY
from tests.benchmarks.pairs import Runs, cpu_ratios, interleaved, noise, ratios, spread
from tests.benchmarks.processes import run, script
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import Server, sandbox
from tests.benchmarks.table import Row, Standing
from tests.benchmarks.workload import Form, adopted, no_op_plan

NAME = "plan"
_FETCH = "bare fetch"
_FETCH_AND_EVENTS = "libyaml's events and bare fetch"


@dataclass(frozen=True, slots=True)
class _Pair:
    """One row of a size: a form of declaring, what it is divided by, and what is asked of the ratio."""

    form: Form
    under: str
    goal: float | None
    standing: Standing


_SMALL = (
    _Pair(Form.CSV, _FETCH, 2, Standing.GOAL),
    _Pair(Form.YAML, _FETCH, None, Standing.ORIENTATION),
)
_LARGE = (
    _Pair(Form.CSV, _FETCH, 1.5, Standing.GOAL),
    _Pair(Form.YAML, _FETCH, None, Standing.ORIENTATION),
    _Pair(Form.YAML, _FETCH_AND_EVENTS, 2, Standing.GOAL),
)


def rows(scale: Scale) -> Iterator[Row]:
    """No-op plans of two sizes, from both forms."""
    for patients, rounds, pairs in (
        (scale.thousands, scale.rounds, _SMALL),
        (scale.most, scale.least, _LARGE),
    ):
        found = _measured(patients, rounds)
        yield from (_row(patients, pair, found) for pair in pairs)


def _row(patients: int, pair: _Pair, found: Runs) -> Row:
    over, under = found[pair.form.value], found[pair.under]
    return Row(
        NAME,
        f"no-op plan of {patients:,} patients from {pair.form.value} ÷ {pair.under}",
        spread(ratios(over, under)),
        goal=pair.goal,
        standing=pair.standing,
        cpu=spread(cpu_ratios(over, under)),
        noise=noise(under),
    )


def _measured(patients: int, rounds: int) -> Runs:
    with TemporaryDirectory() as directory:
        place = Path(directory)
        with sandbox(place / "account", patients) as server:
            files = {form: adopted(server, form, place / form.value) for form in Form}
            plans = {form.value: partial(no_op_plan, server, file.parent) for form, file in files.items()}
            fetches = {
                _FETCH: partial(run, fetch(server), expect=str(patients)),
                _FETCH_AND_EVENTS: partial(run, fetch(server, str(files[Form.YAML])), expect=str(patients)),
            }
            return interleaved({**fetches, **plans}, rounds)


def fetch(server: Server, *files: str) -> list[str]:
    """The command line of a bare fetch, after libyaml's events of some files."""
    return script("bare_fetch.py", server.url, API_KEY, *files)
