"""An import of a whole account ÷ the bare fetch of its pages, and the memory that one patient takes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.pairs import Runs, cpu_ratios, interleaved, noise, ratios, spread
from tests.benchmarks.parts.memory import check_own
from tests.benchmarks.parts.planning import fetch
from tests.benchmarks.processes import SCRIPT, Run, run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import Server, sandbox
from tests.benchmarks.table import Row, Standing, Unit

NAME = "import"
_FETCH = "bare fetch"
_FORMS = ("yaml", "csv")


def rows(scale: Scale) -> Iterator[Row]:
    """Time at the large size, in both forms; memory between the small and the large one."""
    few, many = scale.few, scale.most
    with TemporaryDirectory() as directory, ExitStack() as servers:
        found = {
            size: _measured(
                servers.enter_context(sandbox(Path(directory, str(size)), size)), size, scale.least
            )
            for size in (few, many)
        }
    for form in _FORMS:
        over, under = found[many][form], found[many][_FETCH]
        yield Row(
            NAME,
            f"import of {many:,} patients as {form} ÷ {_FETCH}",
            spread(ratios(over, under)),
            goal=2,
            standing=Standing.GOAL,
            cpu=spread(cpu_ratios(over, under)),
            noise=noise(under),
        )
        check_own(found[few][form])
        per_patient = [
            (more.peak_bytes - less.peak_bytes) / (many - few)
            for more, less in zip(found[many][form], found[few][form], strict=True)
        ]
        yield Row(
            NAME,
            f"peak memory per patient, import as {form}, {few:,} to {many:,} patients",
            spread(per_patient),
            Unit.BYTES,
            goal=1024,
            standing=Standing.GOAL,
        )


def _measured(server: Server, size: int, rounds: int) -> Runs:
    with TemporaryDirectory() as directory:
        imports = {form: _imports(server, form, Path(directory)) for form in _FORMS}
        return interleaved({_FETCH: partial(run, fetch(server), expect=str(size)), **imports}, rounds)


def _imports(server: Server, form: str, directory: Path) -> Callable[[], Run]:
    """Imports into a new configuration each time."""
    numbers = count()

    def once() -> Run:
        place = directory / f"{form}-{next(numbers)}"
        place.mkdir()
        (place / "kardia.yaml").write_text("version: 1\n")
        command = [SCRIPT, "import", str(place), "--format", form, "--endpoint", server.url]
        return run(command, expect="Wrote ")

    return once
