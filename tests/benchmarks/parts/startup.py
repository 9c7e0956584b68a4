"""How long a person waits for what needs no account."""

from collections.abc import Iterator
from functools import partial

from tests.benchmarks.pairs import cpu_ratios, interleaved, noise, ratios, spread
from tests.benchmarks.processes import SCRIPT, python, run
from tests.benchmarks.scale import Scale
from tests.benchmarks.table import Row, Standing

NAME = "startup"
_BARE = "python -c pass"
_CLICK = 'python -c "import click"'


def rows(scale: Scale) -> Iterator[Row]:
    """The command's start ÷ the interpreter's."""
    subjects = {
        _BARE: partial(run, python("-c", "pass")),
        "--version": partial(run, [SCRIPT, "--version"], expect="kardia-ctl "),
        "--help": partial(run, [SCRIPT, "--help"], expect="Usage: kardia-ctl "),
        _CLICK: partial(run, python("-c", "import click")),
    }
    found = interleaved(subjects, scale.many)
    bare = found[_BARE]
    for name in ("--version", "--help", _CLICK):
        yield Row(
            NAME,
            f"`{name}` ÷ `{_BARE}`",
            spread(ratios(found[name], bare)),
            goal=None if name == _CLICK else 5,
            standing=Standing.ORIENTATION if name == _CLICK else Standing.GOAL,
            cpu=spread(cpu_ratios(found[name], bare)),
            noise=noise(bare),
        )
