"""Results as rows, as a Markdown table and as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from tests.benchmarks.machine import Machine
from tests.benchmarks.pairs import CALM, Spread


class Unit(Enum):
    """What a row's numbers are."""

    RATIO = ""
    BYTES = " bytes"


class Standing(Enum):
    """What a row's goal means now."""

    GOAL = "goal"
    LATER = "later goal"
    ORIENTATION = "for orientation"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured.

    Attributes:
        benchmark: the name that --only takes.
        what: what it is, and what it is divided by.
        spread: of the values, one for each round.
        unit: of the values and of the goal.
        goal: the most that the median may be; None where there is no goal.
        standing: whether the goal counts today.
        cpu: the same ratio of the processor's time, which a busy machine disturbs less.
        noise: slowest ÷ fastest of the divisor's own runs.
    """

    benchmark: str
    what: str
    spread: Spread
    unit: Unit = Unit.RATIO
    goal: float | None = None
    standing: Standing = Standing.GOAL
    cpu: Spread | None = None
    noise: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the median keeps the goal; None without one."""
        return None if self.goal is None else self.spread.median <= self.goal

    @property
    def fails(self) -> bool:
        """Whether a goal that counts today is missed."""
        return self.standing is Standing.GOAL and self.met is False


def markdown(rows: Sequence[Row], machine: Machine) -> str:
    """The table, and what it was measured on."""
    lines = [
        "# Measured",
        "",
        "Whole processes, measured in turn after a warm-up, each divided by its neighbour of the same round:",
        "ratios within one run, never promises of seconds. `make bench` writes this file and results.json.",
        "",
        f"{machine}.",
        "",
        "| what | median (least to most) | of processor time | goal | met | runs |",
        "|---|---|---|---|---|---|",
        *(_line(row) for row in rows),
        "",
        *_remarks(rows),
    ]
    return "\n".join(lines).rstrip() + "\n"


def as_json(rows: Sequence[Row], machine: Machine) -> str:
    """The same for programs."""
    content = {"machine": asdict(machine), "rows": [_plain(row) for row in rows]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _line(row: Row) -> str:
    spread = row.spread
    ends = "" if spread.count == 1 else f" ({_number(spread.least)} to {_number(spread.most)})"
    cpu = "" if row.cpu is None else _number(row.cpu.median)
    cells = (
        row.what,
        f"{_number(spread.median)}{row.unit.value}{ends}",
        cpu,
        _goal(row),
        _met(row),
        spread.count,
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _number(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def _goal(row: Row) -> str:
    if row.goal is None:
        return row.standing.value if row.standing is Standing.ORIENTATION else ""
    later = f" ({row.standing.value})" if row.standing is Standing.LATER else ""
    return f"≤ {row.goal:,g}{row.unit.value}{later}"


def _met(row: Row) -> str:
    return {None: "", True: "yes", False: "no"}[row.met]


def _remarks(rows: Iterable[Row]) -> Iterable[str]:
    most = max((row.noise for row in rows if row.noise is not None), default=0.0)
    if most > CALM:
        yield f"The machine was busy: the slowest run of one and the same process took {most:.2f} times as"
        yield "long as its fastest. Of two ratios, that of the processor's time is then the steadier."


def _plain(row: Row) -> Mapping[str, Any]:
    return {
        **asdict(row),
        "unit": row.unit.name.lower(),
        "standing": row.standing.value,
        "met": row.met,
    }
