"""The funnel as SVG: a bar a stage, with its name and its number in words above it."""

from collections.abc import Iterator
from html import escape as html_escape
from typing import Final

from kardia_ctl.model.funnel import Counts
from kardia_ctl.render.status.labels import NAMES, share

REACHED: Final = ("declared", "created", "issued", "connected")
NOW: Final = ("pending", "expired", "unknown", "departed")
"""What is not on the way to a connection, or not yet."""

_ROW: Final = 40
_GAP: Final = 34


def bars(counts: Counts, name: str, width: int) -> str:
    """An SVG of ``width`` pixels. ``name`` begins the ids in it, which a page has once."""
    height = _ROW * (len(REACHED) + len(NOW)) + _GAP
    told = ", ".join(f"{NAMES[stage]} {getattr(counts, stage)}" for stage in NAMES)
    return (
        f'<svg class="bars" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">The funnel</title>'
        f'<desc id="{name}-desc">{html_escape(told)}.</desc>{"".join(_rows(counts, width))}</svg>'
    )


def _rows(counts: Counts, width: int) -> Iterator[str]:
    whole = max(counts.declared, counts.departed, 1)
    for number, stage in enumerate(REACHED):
        yield from _row(stage, counts, width, _ROW * number, whole)
    top = _ROW * len(REACHED)
    yield f'<text class="label quiet" x="0" y="{top + 20}">Not connected now</text>'
    yield f'<path class="grid" d="M0 {top + 28}H{width}"/>'
    for number, stage in enumerate(NOW):
        yield from _row(stage, counts, width, top + _GAP + _ROW * number, whole)


def _row(stage: str, counts: Counts, width: int, top: int, whole: int) -> Iterator[str]:
    count = getattr(counts, stage)
    part = "" if stage in ("declared", "departed") else share(count, counts.declared)
    number = f"{count:,}" + (f" ({part})" if part else "")
    yield f'<text class="label" x="0" y="{top + 14}">{html_escape(NAMES[stage])}</text>'
    yield f'<text class="label end strong" x="{width}" y="{top + 14}">{html_escape(number)}</text>'
    yield f'<rect class="track" x="0" y="{top + 20}" width="{width}" height="12" rx="3"/>'
    if count:
        length = max(3.0, count / whole * width)
        yield f'<rect class="bar {stage}" x="0" y="{top + 20}" width="{length:.1f}" height="12" rx="3"/>'
