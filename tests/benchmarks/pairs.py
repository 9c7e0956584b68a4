"""Subjects measured in turn (A B C A B C …), so that what disturbs the machine disturbs them alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, TypeAlias

from tests.benchmarks.processes import Run

Subject: TypeAlias = Callable[[], Run]
Runs: TypeAlias = Mapping[str, Sequence[Run]]

CALM: Final = 1.25
"""Above this slowest ÷ fastest, a subject's own runs say that the machine was busy with something else."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several measurements, and their ends."""

    median: float
    least: float
    most: float
    count: int


def interleaved(subjects: Mapping[str, Subject], rounds: int) -> Runs:
    """Run every subject once to warm up, and then each in turn for so many rounds."""
    for subject in subjects.values():
        subject()
    found: dict[str, list[Run]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            found[name].append(subject())
    return found


def ratios(over: Sequence[Run], under: Sequence[Run]) -> list[float]:
    """Seconds ÷ seconds, round by round."""
    return [one.seconds / other.seconds for one, other in zip(over, under, strict=True)]


def cpu_ratios(over: Sequence[Run], under: Sequence[Run]) -> list[float]:
    """The same of the time that the processes themselves spent."""
    return [one.cpu_seconds / other.cpu_seconds for one, other in zip(over, under, strict=True)]


def noise(runs: Sequence[Run]) -> float:
    """Slowest ÷ fastest of one subject's runs."""
    seconds = [run.seconds for run in runs]
    return max(seconds) / min(seconds)


def spread(values: Sequence[float]) -> Spread:
    """The median of values, their least and their greatest."""
    return Spread(median(values), min(values), max(values), len(values))
