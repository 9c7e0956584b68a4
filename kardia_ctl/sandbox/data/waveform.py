"""Invented ECGs: a P-QRS-T waveform in the units of the API reference, repeatable by seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import exp, pi, sin, sqrt
from random import Random

from kardia_ctl.sandbox.data.invented_ecg import FIBRILLATION, FREQUENCY, NOISY, UNITS_PER_MILLIVOLT, Trace

_REACH = 4
"""A wave is drawn up to this many spreads on either side of its middle."""


@dataclass(frozen=True, slots=True)
class _Wave:
    """One bump of a beat: millivolts in leads I and II, seconds after the R wave, seconds of spread."""

    first: float
    second: float
    at: float
    spread: float


@lru_cache(maxsize=16)
def samples(trace: Trace, *, enhanced: bool) -> dict[str, list[int]]:
    """Return the samples of each lead; enhanced ones are filtered, raw ones contain hum, drift and noise."""
    random = Random(f"ecg/{trace.seed}")  # noqa: S311 - repeatable on purpose
    count = max(1, trace.duration * FREQUENCY // 1000)
    first, second = [0.0] * count, [0.0] * count
    for beat in _beats(trace, random):
        for wave in beat:
            _add(wave, first, second)
    noise = Random(f"noise/{trace.seed}/{enhanced}")  # noqa: S311 - as above
    return _leads(
        _units(first, trace, noise, enhanced=enhanced),
        _units(second, trace, noise, enhanced=enhanced),
        trace.leads,
    )


def _beats(trace: Trace, random: Random) -> Iterator[list[_Wave]]:
    interval, at = 60 / max(20, trace.heart_rate), 0.4
    while at < trace.duration / 1000:
        early = "multiple_p" in trace.determination and random.random() < 0.2
        ectopic = early and "pvcs" in trace.determination
        yield [_Wave(w.first, w.second, at + w.at, w.spread) for w in _beat(trace, interval, ectopic=ectopic)]
        spread = 0.2 if trace.determination in FIBRILLATION else 0.02
        step = interval * (0.65 if early else max(0.45, random.gauss(1.0, spread)))
        at += step


def _beat(trace: Trace, interval: float, *, ectopic: bool) -> list[_Wave]:
    stretch = min(1.2, sqrt(interval))
    if ectopic:
        return [_Wave(1.0, 1.5, 0.0, 0.04), _Wave(-0.3, -0.45, 0.3 * stretch, 0.06)]
    width = 2.4 if "wide_qrs" in trace.determination else 1.0
    beat = [
        _Wave(-0.06, -0.09, -0.028 * width, 0.009 * width),
        _Wave(0.70, 1.10, 0.0, 0.011 * width),
        _Wave(-0.12, -0.20, 0.028 * width, 0.010 * width),
        _Wave(0.20, 0.30, 0.27 * stretch, 0.05 * stretch),
    ]
    if trace.determination not in FIBRILLATION:
        beat.append(_Wave(0.08, 0.13, -0.16 * stretch, 0.022))
    return beat


def _add(wave: _Wave, first: list[float], second: list[float]) -> None:
    start = max(0, int((wave.at - _REACH * wave.spread) * FREQUENCY))
    end = min(len(first), int((wave.at + _REACH * wave.spread) * FREQUENCY))
    for index in range(start, end):
        height = exp(-(((index / FREQUENCY - wave.at) / wave.spread) ** 2) / 2)
        first[index] += wave.first * height
        second[index] += wave.second * height


def _units(values: list[float], trace: Trace, noise: Random, *, enhanced: bool) -> list[int]:
    hiss = (0.25 if trace.determination in NOISY else 0.012) * (0.4 if enhanced else 1.0)
    hum, drift = (0.0, 0.0) if enhanced else (0.02, 0.08)
    flutter = 0.04 if trace.determination in FIBRILLATION else 0.0
    turn, gauss = 2 * pi / FREQUENCY, noise.gauss
    phase = noise.random() * 2 * pi
    return [
        round(
            UNITS_PER_MILLIVOLT
            * (
                value
                + gauss(0.0, hiss)
                + hum * sin(turn * trace.mains * index)
                + drift * sin(turn * 0.25 * index + phase)
                + flutter * sin(turn * 6.3 * index + phase)
            )
        )
        for index, value in enumerate(values)
    ]


def _leads(first: list[int], second: list[int], count: int) -> dict[str, list[int]]:
    """Return leads I, or all six: the others follow from I and II (Einthoven, Goldberger)."""
    if count == 1:
        return {"leadI": first}
    pairs = list(zip(first, second, strict=True))
    return {
        "leadI": first,
        "leadII": second,
        "leadIII": [two - one for one, two in pairs],
        "AVR": [-round((one + two) / 2) for one, two in pairs],
        "AVL": [round(one - two / 2) for one, two in pairs],
        "AVF": [round(two - one / 2) for one, two in pairs],
    }
