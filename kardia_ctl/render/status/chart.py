"""The layout, in pixels, of the chart of connections over time; the page's template draws it.

Three lines, distinguished by their strokes and not by colour alone. Times are in UTC.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.funnel import Counts, Sample
from kardia_ctl.render.status.axes import Tick, count_ticks, time_ticks
from kardia_ctl.render.status.text import NAMES
from kardia_ctl.render.text import iso_time

LINES: Final = ("declared", "issued", "connected")
"""The stages that are drawn, the most important last: its line is on top."""

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_FINE: Final = 7 * _DAY

_LETTER: Final = 6.8
"""Pixels of a letter, on average at most, in 12 px text."""
_CAPITAL: Final = 7.6
"""The same in a text of digits and capitals."""

_LEGEND_ROW: Final = 20
_BELOW: Final = 26
_RIGHT: Final = 14


@dataclass(frozen=True, slots=True)
class Point:
    """The counts at one time, in Unix seconds."""

    at: int
    counts: Counts


def history(samples: Iterable[Sample], cohort: str | None = None) -> tuple[Point, ...]:
    """The points of one cohort, or of all together, by time.

    Cohorts are sampled together and thinned out separately. So the samples of one hour, or of one day once
    they are a week old, make one point: it counts the last sample of each cohort.
    """
    chosen = [sample for sample in samples if cohort is None or sample.cohort == cohort]
    newest = max((sample.at for sample in chosen), default=0)
    moments: dict[tuple[int, int], dict[str, Sample]] = {}
    for sample in sorted(chosen, key=lambda sample: sample.at):
        span = _HOUR if sample.at >= newest - _FINE else _DAY
        moments.setdefault((span, sample.at // span), {})[sample.cohort] = sample
    return tuple(sorted(_points(moments.values()), key=lambda point: point.at))


def _points(moments: Iterable[dict[str, Sample]]) -> Iterator[Point]:
    for together in moments:
        counts = sum((sample.counts for sample in together.values()), start=Counts())
        yield Point(max(sample.at for sample in together.values()), counts)


@dataclass(frozen=True, slots=True)
class Box:
    """The size of a drawing, and the box in it that holds the lines."""

    width: int
    height: int
    left: float
    top: float

    @property
    def right(self) -> float:
        """The right edge of the box."""
        return self.width - _RIGHT

    @property
    def bottom(self) -> float:
        """The lower edge of the box."""
        return self.height - _BELOW


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """The name of a line and where it stands."""

    line: str
    name: str
    x: float
    y: int


@dataclass(frozen=True, slots=True)
class AxisLabel:
    """A tick's place on its axis, its text, and the x to which that text is aligned."""

    at: float
    text: str
    middle: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing. ``lines`` holds the places of each line, none at all without samples."""

    title: str
    description: str
    box: Box
    legend: Sequence[LegendEntry]
    counts: Sequence[AxisLabel]
    times: Sequence[AxisLabel]
    lines: Mapping[str, Sequence[tuple[float, float]]]


def chart(points: Sequence[Point], title: str, width: int, height: int) -> Chart:
    """The drawing of these points in ``width`` by ``height`` pixels."""
    ticks = count_ticks(max((point.counts.declared for point in points), default=0))
    left = max(len(tick.label) for tick in ticks) * _CAPITAL + 8
    rows = _legend_rows(width)
    box = Box(width, height, left, _LEGEND_ROW * len(rows) + 12)

    def y(value: int) -> float:
        return box.bottom - value / ticks[-1].at * (box.bottom - box.top)

    x = _time_scale(points, box)
    return Chart(
        title,
        _description(points),
        box,
        tuple(_legend(rows)),
        tuple(AxisLabel(y(tick.at), tick.label, box.left - 6) for tick in ticks),
        tuple(_times(points, box, x)) if points else (),
        {
            line: [(x(point.at), y(getattr(point.counts, line))) for point in points]
            for line in (LINES if points else ())
        },
    )


def _description(points: Sequence[Point]) -> str:
    """What the drawing shows, in a sentence."""
    if not points:
        return "No sample has been recorded yet."
    first, last = points[0], points[-1]
    of = f"{last.counts.connected} of {last.counts.declared}"
    now = f"{of} declared patients connected at {iso_time(last.at)}"
    if len(points) == 1:
        return f"{now}. There is one sample so far."
    return f"{now}; {first.counts.connected} of {first.counts.declared} at {iso_time(first.at)}."


def _legend_rows(width: int) -> list[list[str]]:
    """The lines' names in rows that fit the width."""
    rows: list[list[str]] = [[]]
    for line in reversed(LINES):
        if rows[-1] and sum(map(_entry_width, (*rows[-1], line))) > width:
            rows.append([])
        rows[-1].append(line)
    return rows


def _entry_width(line: str) -> float:
    return len(NAMES[line]) * _LETTER + 38


def _legend(rows: Sequence[Sequence[str]]) -> Iterator[LegendEntry]:
    for number, row in enumerate(rows):
        x = 2.0
        for line in row:
            yield LegendEntry(line, NAMES[line], x, _LEGEND_ROW * number + 10)
            x += _entry_width(line)


def _time_scale(points: Sequence[Point], box: Box) -> Callable[[int], float]:
    """From a time to its x; a single time stands in the middle."""
    if not points or points[0].at == points[-1].at:
        return lambda _: (box.left + box.right) / 2
    start, end = points[0].at, points[-1].at
    scale = (box.right - box.left) / (end - start)
    return lambda at: box.left + (at - start) * scale


def _times(points: Sequence[Point], box: Box, x: Callable[[int], float]) -> Iterator[AxisLabel]:
    start, end = points[0].at, points[-1].at
    most = max(3, int((box.right - box.left) // 80))
    ticks = time_ticks(start, end, most) if start < end else ()
    if not ticks:  # no round time lies between them
        ticks = (Tick(end, f"{iso_time(end)[:10]} {iso_time(end)[11:16]}"),)
    for tick in ticks:
        at, half = x(tick.at), len(tick.label) * _CAPITAL / 2
        yield AxisLabel(at, tick.label, min(max(at, box.left - 10 + half), box.width - half))
