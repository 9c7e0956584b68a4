"""An ECG as CSV, and as a strip of ECG paper: 25 mm a second, 10 mm a millivolt."""

import io
from itertools import zip_longest
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from kardia_ctl.render.escape import escape
from kardia_ctl.render.files.csv import SafeCell, csv_text
from kardia_ctl.render.records.ecg import Ecg, Lead

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMS: Final = ("png", "pdf", "svg")
"""The kinds of picture that can be made."""

_MM: Final = 1 / 25.4
"""Inches."""
_MM_PER_SECOND: Final = 25.0
_MM_PER_MILLIVOLT: Final = 10.0
_ROW_SECONDS: Final = 10.0
_MARGIN_MM: Final = 10.0
_TITLE_MM: Final = 12.0
_MOST_MILLIVOLTS: Final = 5.0
"""The most that is drawn above and below zero: a loose electrode must not make the picture metres high."""
_MOST_STRIPS: Final = 240
_DOTS: Final = 100
_PAPER, _FINE, _INK = "#e8a0a0", "#f6d5d5", "#202020"


class CannotDraw(Exception):  # noqa: N818  (it names what happened)
    """No picture can be drawn; the text says why and what to do."""


def ecg_csv(ecg: Ecg) -> str:
    """A row for each sample, with the unit in the heading; empty where a lead is shorter than another."""
    unit = "mV" if ecg.unit == "mV" else "adc"
    names = [escape(lead.name).replace(",", " ").replace('"', " ") for lead in ecg.leads]
    samples = zip_longest(*(lead.samples for lead in ecg.leads))
    return csv_text(
        [
            ("time_s", *(f"{name}_{unit}" for name in names)),
            *((SafeCell(f"{at / ecg.frequency:.6f}"), *map(_number, row)) for at, row in enumerate(samples)),
        ]
    )


def _number(value: float | None) -> str:
    return SafeCell("" if value is None else f"{value:.7g}")


def ecg_picture(ecg: Ecg, title: str, form: str) -> bytes:
    """Every lead in rows of ten seconds, on a grid of 1 mm and 5 mm; ``form`` is one of ``FORMS``.

    Samples without a unit are drawn to a height of their own, and the title says so. ``title`` is printed as
    it is: it must not name anybody.

    Raises:
        CannotDraw: matplotlib is missing, or the recording is too long for a picture.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise CannotDraw("pictures need matplotlib: pip install 'kardia-ctl[plot]'") from None
    seconds = min(ecg.duration, _ROW_SECONDS)
    strips = [(lead, row * _ROW_SECONDS) for row in range(_rows(ecg)) for lead in ecg.leads]
    if len(strips) > _MOST_STRIPS:
        raise CannotDraw("the recording is too long for a picture: write its samples with --csv")
    low, high = _range(ecg)
    tall = (high - low) * _MM_PER_MILLIVOLT if ecg.unit == "mV" else 40.0
    width = seconds * _MM_PER_SECOND + 2 * _MARGIN_MM
    height = len(strips) * tall + 2 * _MARGIN_MM + _TITLE_MM
    figure = Figure(figsize=(width * _MM, height * _MM), dpi=_DOTS)
    FigureCanvasAgg(figure)
    # Dollars would begin a formula in matplotlib's own language.
    figure.text(
        _MARGIN_MM / width, 1 - _MARGIN_MM / height, escape(title).replace("$", r"\$"), va="top", fontsize=8
    )
    for place, (lead, start) in enumerate(strips):
        bottom = height - _MARGIN_MM - _TITLE_MM - (place + 1) * tall
        axes = figure.add_axes(
            (
                _MARGIN_MM / width,
                bottom / height,
                seconds * _MM_PER_SECOND / width,
                tall / height,
            )
        )
        _paper(axes, start, seconds, low, high, millivolts=ecg.unit == "mV")
        _trace(axes, lead, start, seconds, ecg.frequency)
    target = io.BytesIO()
    figure.savefig(target, format=form)
    return target.getvalue()


def _rows(ecg: Ecg) -> int:
    return max(1, ceil(ecg.duration / _ROW_SECONDS - 1e-9))


def _range(ecg: Ecg) -> tuple[float, float]:
    """The lower and upper limit of the drawing, rounded to half millivolts around zero."""
    low = min(min(lead.samples) for lead in ecg.leads)
    high = max(max(lead.samples) for lead in ecg.leads)
    if ecg.unit != "mV":
        return (low, high) if low < high else (low - 1, high + 1)
    low, high = max(low, -_MOST_MILLIVOLTS), min(high, _MOST_MILLIVOLTS)
    return min(floor(low * 2) / 2, -1.0), max(ceil(high * 2) / 2, 1.0)


def _paper(axes: "Axes", start: float, seconds: float, low: float, high: float, *, millivolts: bool) -> None:
    """The grid: 0.04 s and 0.1 mV are 1 mm, 0.2 s and 0.5 mV are 5 mm."""
    from matplotlib.ticker import MultipleLocator, NullLocator

    axes.set_xlim(start, start + seconds)
    axes.set_ylim(low, high)
    axes.xaxis.set_major_locator(MultipleLocator(0.2))
    axes.xaxis.set_minor_locator(MultipleLocator(0.04))
    axes.yaxis.set_major_locator(MultipleLocator(0.5) if millivolts else NullLocator())
    axes.yaxis.set_minor_locator(MultipleLocator(0.1) if millivolts else NullLocator())
    axes.grid(which="minor", color=_FINE, linewidth=0.3)
    axes.grid(which="major", color=_PAPER, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    for side in axes.spines.values():
        side.set_color(_PAPER)


def _trace(axes: "Axes", lead: Lead, start: float, seconds: float, frequency: float) -> None:
    first = int(start * frequency)
    samples = lead.samples[first : int((start + seconds) * frequency) + 1]
    times = [(first + index) / frequency for index in range(len(samples))]
    axes.plot(times, samples, color=_INK, linewidth=0.7)
    axes.text(
        0.004,
        0.96,
        f"{escape(lead.name)}  {start:g} s".replace("$", r"\$"),
        va="top",
        fontsize=7,
        transform=axes.transAxes,
    )
