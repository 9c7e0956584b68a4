"""``python -m tests.benchmarks [--quick] [--only NAME]``: measure, and write results.md and results.json."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.benchmarks import memory, planning, scenarios, startup
from tests.benchmarks.machine import this_machine
from tests.benchmarks.scale import FULL, QUICK, Scale
from tests.benchmarks.table import Row, as_json, markdown

BENCHMARKS: Final[Mapping[str, Callable[[Scale], Iterable[Row]]]] = {
    startup.NAME: startup.rows,
    planning.NAME: planning.rows,
    memory.NAME: memory.rows,
    scenarios.NAME: scenarios.rows,
}
"""What --only takes, and what gives its rows. A new benchmark is one module and one line here."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 when a goal that counts today is missed.

    Only a whole run at full size writes the results, because a row is worth what its neighbours are.
    """
    options = _options(arguments)
    machine = this_machine()
    names = options.only or list(BENCHMARKS)
    rows = list(_measured(names, QUICK if options.quick else FULL))
    table = markdown(rows, machine)
    print(table)  # noqa: T201 - a command's result
    if not options.quick and not options.only:
        here = Path(__file__).parent
        (here / "results.md").write_text(table, encoding="utf-8")
        (here / "results.json").write_text(as_json(rows, machine), encoding="utf-8")
    return int(any(row.fails for row in rows))


def _measured(names: Iterable[str], scale: Scale) -> Iterator[Row]:
    for name in names:
        for row in BENCHMARKS[name](scale):
            print(f"{row.what}: {row.spread.median:,.2f}", file=sys.stderr, flush=True)  # noqa: T201 - progress
            yield row


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds; writes no file")
    parser.add_argument(
        "--only", action="append", choices=BENCHMARKS, metavar="NAME", help=f"of {', '.join(BENCHMARKS)}"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
