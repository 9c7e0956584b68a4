"""Samples as the points of a line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.funnel import Counts, Sample

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_FINE: Final = 7 * _DAY


@dataclass(frozen=True, slots=True)
class Point:
    """The counts at one time, in Unix seconds."""

    at: int
    counts: Counts


def history(samples: Iterable[Sample], cohort: str | None = None) -> tuple[Point, ...]:
    """The points of one cohort, or of all together, by time.

    Cohorts are sampled together and thinned out each on its own, so those of an hour belong together, and
    those of a day once they are a week old: each cohort counts once in them, as it was last.
    """
    chosen = [sample for sample in samples if cohort is None or sample.cohort == cohort]
    newest = max((sample.at for sample in chosen), default=0)
    moments: dict[tuple[int, int], dict[str, Sample]] = {}
    for sample in sorted(chosen, key=lambda one: one.at):
        span = _HOUR if sample.at >= newest - _FINE else _DAY
        moments.setdefault((span, sample.at // span), {})[sample.cohort] = sample
    return tuple(sorted(_points(moments.values()), key=lambda point: point.at))


def _points(moments: Iterable[dict[str, Sample]]) -> Iterator[Point]:
    for together in moments:
        counts = sum((sample.counts for sample in together.values()), start=Counts())
        yield Point(max(sample.at for sample in together.values()), counts)
