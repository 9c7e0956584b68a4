"""Results as rows, as Markdown tables and as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Final

from tests.benchmarks.machine import Machine
from tests.benchmarks.pairs import CALM, Spread


class Unit(Enum):
    """What a row's numbers are."""

    RATIO = ""
    BYTES = " bytes"
    SECONDS = " s"
    MEGABYTES = " MB"
    COUNT = " "


class Standing(Enum):
    """What a row's goal means now."""

    GOAL = "goal"
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
        at_least: the goal is the least instead.
        standing: whether there is a goal.
        cpu: the same ratio of the processor's time, which a busy machine disturbs less.
        noise: slowest ÷ fastest of the divisor's own runs.
        subject: whose row it is, where several are set beside each other.
    """

    benchmark: str
    what: str
    spread: Spread
    unit: Unit = Unit.RATIO
    goal: float | None = None
    at_least: bool = False
    standing: Standing = Standing.GOAL
    cpu: Spread | None = None
    noise: float | None = None
    subject: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the median keeps the goal; None without one."""
        if self.goal is None:
            return None
        return self.spread.median >= self.goal if self.at_least else self.spread.median <= self.goal

    @property
    def fails(self) -> bool:
        """Whether a goal is missed."""
        return self.met is False


@dataclass(frozen=True, slots=True)
class Section:
    """What one benchmark found, and on which machine and day: benchmarks may be run one by one."""

    machine: Machine
    rows: tuple[Row, ...]


_HEAD: Final = """# Measured

Whole processes, measured in turn after a warm-up, each divided by its neighbour of the same round:
ratios within one run, never promises of seconds. `make bench` writes this file and results.json;
`python -m tests.benchmarks --only NAME` measures one part anew and leaves the others.
"""


def markdown(sections: Mapping[str, Section]) -> str:
    """The tables, and what they were measured on."""
    rows = [row for section in sections.values() for row in section.rows]
    lines = [
        _HEAD,
        *_machines(sections),
        "",
        "| what | median (least to most) | of processor time | goal | met | runs |",
        "|---|---|---|---|---|---|",
        *(_line(row) for row in rows if not row.subject),
        "",
        *_compared([row for row in rows if row.subject]),
        *_remarks(rows),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _machines(sections: Mapping[str, Section]) -> Iterator[str]:
    known: dict[str, list[str]] = {}
    for name, section in sections.items():
        known.setdefault(str(section.machine), []).append(name)
    for machine, names in known.items():
        yield f"- {', '.join(names)}: {machine}."


def _compared(rows: Sequence[Row]) -> Iterator[str]:
    """Rows with a subject as a table of subjects."""
    if not rows:
        return
    whats = tuple(dict.fromkeys(row.what for row in rows))
    found = {(row.subject, row.what): row for row in rows}
    yield "## Peers"
    yield ""
    yield "| who | " + " | ".join(whats) + " |"
    yield "|---" * (len(whats) + 1) + "|"
    for subject in dict.fromkeys(row.subject for row in rows):
        cells = (found.get((subject, what)) for what in whats)
        yield f"| {subject} | " + " | ".join("" if row is None else _value(row) for row in cells) + " |"
    yield ""


def _value(row: Row) -> str:
    number = f"{row.spread.median:,.0f}" if row.unit is Unit.COUNT else _number(row.spread.median)
    return f"{number}{row.unit.value}".rstrip()


def as_json(sections: Mapping[str, Section]) -> str:
    """The same for programs."""
    content = {
        name: {"machine": asdict(section.machine), "rows": [_plain(row) for row in section.rows]}
        for name, section in sections.items()
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> dict[str, Section]:
    """What ``as_json`` wrote."""
    return {
        name: Section(Machine(**found["machine"]), tuple(_row(row) for row in found["rows"]))
        for name, found in json.loads(text).items()
    }


def _row(plain: Mapping[str, Any]) -> Row:
    cpu = plain["cpu"]
    values = {name: plain[name] for name in Row.__slots__ if name in plain}
    return Row(
        **{
            **values,
            "spread": Spread(**plain["spread"]),
            "cpu": None if cpu is None else Spread(**cpu),
            "unit": Unit[plain["unit"].upper()],
            "standing": Standing(plain["standing"]),
        }
    )


def _line(row: Row) -> str:
    spread = row.spread
    ends = "" if spread.count == 1 else f" ({_number(spread.least)} to {_number(spread.most)})"
    cpu = "" if row.cpu is None else _number(row.cpu.median)
    cells = (
        row.what,
        f"{_number(spread.median)}{row.unit.value.rstrip()}{ends}",
        cpu,
        _goal(row),
        _met(row),
        spread.count,
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _number(value: float) -> str:
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def _goal(row: Row) -> str:
    if row.goal is None:
        return row.standing.value if row.standing is Standing.ORIENTATION else ""
    return f"{'≥' if row.at_least else '≤'} {row.goal:,g}{row.unit.value.rstrip()}"


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
