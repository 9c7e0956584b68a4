"""Connections over time as SVG, drawn by hand: three lines, told apart by their strokes and not by colour."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape as html_escape
from typing import Final

from kardia_ctl.render.status.axes import Tick, count_ticks, time_ticks
from kardia_ctl.render.status.history import Point
from kardia_ctl.render.status.labels import NAMES
from kardia_ctl.render.text import iso_time

LINES: Final = ("declared", "issued", "connected")
"""What is drawn, the most important last: it lies on top."""

_LETTER: Final = 6.8
"""Pixels that a letter takes at most, on average, in 12 px text."""
_CAPITAL: Final = 7.6
"""The same in a text of digits and capitals."""

_LEGEND_ROW: Final = 20
_BELOW: Final = 26
_RIGHT: Final = 14


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a drawing in pixels, and the box in it that holds the lines."""

    width: int
    height: int
    left: float
    top: float

    @property
    def right(self) -> float:
        """Where the box ends."""
        return self.width - _RIGHT

    @property
    def bottom(self) -> float:
        """Where the box stands."""
        return self.height - _BELOW


def chart(points: Sequence[Point], title: str, name: str, width: int, height: int) -> str:
    """An SVG of ``width`` by ``height`` pixels. ``name`` begins the ids in it, which a page has once."""
    ticks = count_ticks(max((point.counts.declared for point in points), default=0))
    left = max(len(tick.label) for tick in ticks) * _CAPITAL + 8
    frame = Frame(width, height, left, _LEGEND_ROW * len(_legend_rows(width)) + 12)
    body = "".join((*_legend(width), *_drawn(points, frame, ticks)))
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{html_escape(title)}</title>'
        f'<desc id="{name}-desc">{html_escape(_told(points))}</desc>{body}</svg>'
    )


def _told(points: Sequence[Point]) -> str:
    """What the drawing shows, in a sentence."""
    if not points:
        return "No sample was kept yet."
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
        if rows[-1] and sum(_entry_width(one) for one in (*rows[-1], line)) > width:
            rows.append([])
        rows[-1].append(line)
    return rows


def _entry_width(line: str) -> float:
    return len(NAMES[line]) * _LETTER + 38


def _legend(width: int) -> Iterator[str]:
    for number, row in enumerate(_legend_rows(width)):
        x, y = 2.0, _LEGEND_ROW * number + 10
        for line in row:
            yield f'<path class="line {line}" d="M{x:.1f} {y}h22"/>'
            yield f'<text class="label" x="{x + 27:.1f}" y="{y + 4}">{html_escape(NAMES[line])}</text>'
            x += _entry_width(line)


def _drawn(points: Sequence[Point], frame: Frame, ticks: Sequence[Tick]) -> Iterator[str]:
    height = frame.bottom - frame.top

    def y(value: int) -> float:
        return frame.bottom - value / ticks[-1].at * height

    for tick in ticks:
        yield f'<path class="grid" d="M{frame.left:.1f} {y(tick.at):.1f}H{frame.right:.1f}"/>'
        yield f'<text class="tick end" x="{frame.left - 6:.1f}" y="{y(tick.at) + 4:.1f}">{tick.label}</text>'
    if not points:
        middle = (frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2
        yield f'<text class="label middle" x="{middle[0]:.1f}" y="{middle[1]:.1f}">no sample yet</text>'
        return
    x = _across(points, frame)
    yield from _time_axis(points, frame, x)
    for line in LINES:
        yield from _line(line, [(x(point.at), y(getattr(point.counts, line))) for point in points])


def _across(points: Sequence[Point], frame: Frame) -> Callable[[int], float]:
    """Times to the right; a single one stands in the middle."""
    start, end = points[0].at, points[-1].at
    if start == end:
        return lambda _: (frame.left + frame.right) / 2
    scale = (frame.right - frame.left) / (end - start)
    return lambda at: frame.left + (at - start) * scale


def _time_axis(points: Sequence[Point], frame: Frame, x: Callable[[int], float]) -> Iterator[str]:
    start, end = points[0].at, points[-1].at
    most = max(3, int((frame.right - frame.left) // 80))
    ticks = time_ticks(start, end, most) if start < end else ()
    if not ticks:  # nothing round lies between them
        ticks = (Tick(end, f"{iso_time(end)[:10]} {iso_time(end)[11:16]}"),)
    for tick in ticks:
        at, half = x(tick.at), len(tick.label) * _CAPITAL / 2
        middle = min(max(at, frame.left - 10 + half), frame.width - half)
        yield f'<path class="axis" d="M{at:.1f} {frame.bottom:.1f}v5"/>'
        yield f'<text class="tick middle" x="{middle:.1f}" y="{frame.bottom + 19:.1f}">{tick.label}</text>'
    yield f'<path class="axis" d="M{frame.left:.1f} {frame.bottom:.1f}H{frame.right:.1f}"/>'


def _line(line: str, places: Sequence[tuple[float, float]]) -> Iterator[str]:
    """The line; as a dot when there is one place alone."""
    if len(places) == 1:
        ((x, y),) = places
        yield f'<circle class="dot {line}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        return
    steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    yield f'<path class="line {line}" d="M{steps}"/>'
