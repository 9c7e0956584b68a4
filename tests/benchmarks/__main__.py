"""``python -m tests.benchmarks [--quick] [--only NAME]``: measure, and write results.md and results.json."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.benchmarks.machine import Machine, this_machine
from tests.benchmarks.parts import (
    engines,
    growth,
    importing,
    job,
    latency,
    memory,
    obvious,
    onboarding,
    pages,
    peers,
    planning,
    refresh,
    scenarios,
    startup,
    state,
)
from tests.benchmarks.scale import FULL, QUICK, Scale
from tests.benchmarks.table import Row, Section, as_json, from_json, markdown

BENCHMARKS: Final[Mapping[str, Callable[[Scale], Iterable[Row]]]] = {
    module.NAME: module.rows
    for module in (
        startup,
        planning,
        latency,
        refresh,
        job,
        importing,
        obvious,
        memory,
        growth,
        scenarios,
        state,
        engines,
        onboarding,
        pages,
        peers,
    )
}
"""What --only takes, and what gives its rows. A new benchmark is one module in parts/ and one line here."""

_HERE: Final = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 when a goal is missed.

    Each benchmark's rows are put into the results when it ends, at full size: a run that breaks off loses
    one benchmark and no more, and one can be measured anew alone.
    """
    options = _options(arguments)
    sections = {} if options.quick else _earlier()
    for name in options.only or BENCHMARKS:
        sections[name] = _measured(name, QUICK if options.quick else FULL, this_machine())
        if not options.quick:
            _write({known: sections[known] for known in BENCHMARKS if known in sections})
    print(markdown(sections))  # noqa: T201 - a command's result
    return int(any(row.fails for section in sections.values() for row in section.rows))


def _measured(name: str, scale: Scale, machine: Machine) -> Section:
    began = time.monotonic()
    rows = []
    for row in BENCHMARKS[name](scale):
        who = f"{row.subject}: " if row.subject else ""
        print(f"{who}{row.what}: {row.spread.median:,.2f}", file=sys.stderr, flush=True)  # noqa: T201 - progress
        rows.append(row)
    print(f"{name} took {time.monotonic() - began:,.0f} s", file=sys.stderr, flush=True)  # noqa: T201 - progress
    return Section(machine, tuple(rows))


def _earlier() -> dict[str, Section]:
    file = _HERE / "results.json"
    return from_json(file.read_text(encoding="utf-8")) if file.exists() else {}


def _write(sections: Mapping[str, Section]) -> None:
    (_HERE / "results.md").write_text(markdown(sections), encoding="utf-8")
    (_HERE / "results.json").write_text(as_json(sections), encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds; writes no file")
    parser.add_argument(
        "--only", action="append", choices=BENCHMARKS, metavar="NAME", help=f"of {', '.join(BENCHMARKS)}"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
