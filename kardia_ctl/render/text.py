"""How counts, durations, times, prices and tables are written as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.template import Template
from kardia_ctl.render.escape import escape

_CENT: Final = Decimal("0.01")


def count_of(number: int, noun: str) -> str:
    """``1 read``, ``2 reads``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def kind_count(number: int, kind: Kind) -> str:
    """``1 patient``, ``480 connection codes``."""
    return f"{number} {kind.facts.singular if number == 1 else kind.facts.plural}"


def duration(seconds: float) -> str:
    """A duration, rounded: ``35 seconds``, ``12 minutes``, ``3 hours 20 minutes``."""
    if seconds < 90:
        return count_of(max(1, round(seconds)), "second")
    minutes = round(seconds / 60)
    if minutes < 90:
        return count_of(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    return f"{count_of(hours, 'hour')} {count_of(rest, 'minute')}" if rest else count_of(hours, "hour")


def short_duration(seconds: float) -> str:
    """The same, abbreviated: ``35 s``, ``12 min``, ``3 h 20 min``."""
    text = duration(seconds)
    for long, short in (("seconds", "s"), ("second", "s"), ("minutes", "min"), ("minute", "min")):
        text = text.replace(long, short)
    return text.replace("hours", "h").replace("hour", "h")


def iso_time(seconds: int) -> str:
    """Unix seconds as ISO 8601 in UTC: ``2026-03-02T10:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount: Decimal) -> str:
    """An amount with at least two decimals; the API names no currency."""
    exponent = amount.as_tuple().exponent
    coarse = isinstance(exponent, int) and exponent > -2
    return f"{amount.quantize(_CENT) if coarse else amount:f}"


def terms_text(terms: Template) -> str:
    """``one-year: "Kardia 12 months", 365 days, 99.00``: the configuration's name, then what is known live.

    The live name is omitted where it is the same or not known.
    """
    label, name = escape(terms.label), escape(terms.name)
    facts = []
    if name and name != label:
        facts.append('"' + name.replace('"', r"\"") + '"')
    if terms.duration is not None:
        facts.append(count_of(terms.duration, "day"))
    facts.append("no known price" if terms.price is None else money(terms.price))
    return f"{label}: {', '.join(facts)}"


@dataclass(frozen=True, slots=True)
class Columns:
    """The layout of a table: the width of each column, in characters.

    The first ``words`` columns are aligned left, the others (numbers) right.
    """

    widths: Sequence[int]
    words: int = 1

    def line(self, cells: Sequence[str]) -> str:
        """One row. A cell wider than its column is printed whole."""
        padded = (
            cell.ljust(width) if place < self.words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, self.widths, strict=True))
        )
        return "  ".join(padded).rstrip()


def column_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """The width of the widest cell of each column."""
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def table(rows: Sequence[Sequence[str]], *, words: int = 1) -> list[str]:
    """Rows of cells as lines with aligned columns; ``words`` as in ``Columns``."""
    columns = Columns(column_widths(rows), words)
    return [columns.line(row) for row in rows]
