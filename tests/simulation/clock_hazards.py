"""What the clocks of the machine do in a story: they are set, the machine boots again, or it is suspended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

MINUTES: Final = 300.0
HOUR: Final = 3600.0
YEAR: Final = 365 * 86_400.0

_MOVES: Final = (MINUTES, HOUR, YEAR)
_RUNS: Final = 8
"""The runs whose clocks are drawn; those that follow have the last one's, and nothing happens to it."""

_DRIFT: Final = 25.0
"""Seconds by which the wall clock of a later boot may be ahead: less than the program allows for."""


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody sets the wall clock: ``after`` seconds of a run, by ``seconds``, until the run ends."""

    after: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RunClock:
    """The clocks of the machine during one run.

    Attributes:
        boot: The number of the boot.
        offset: Seconds by which the wall clock is ahead of the server's when the run begins.
        step: What happens to the wall clock during the run.
        suspend: After how many seconds of the run the machine is suspended, and for how many.
    """

    boot: int
    offset: float = 0.0
    step: Step | None = None
    suspend: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of each run.

    Within one boot the wall clock may be set to anything. From one boot to the next it is set back, or ahead
    by less than the program allows for: by a clock that was behind and is right now, nobody can tell how much
    time has passed.
    """

    runs: tuple[RunClock, ...]

    def of(self, run: int) -> RunClock:
        """The clocks of a run."""
        if run < len(self.runs):
            return self.runs[run]
        return RunClock(self.runs[-1].boot, self.runs[-1].offset)


def clocks(rng: Random) -> Clocks | None:
    """Draw them; most stories have right clocks."""
    if rng.random() >= 0.15:
        return None
    drawn = _of_many_boots(rng) if rng.random() < 0.5 else _of_one_boot(rng)
    return Clocks(tuple(drawn))


def of_one_boot(rng: Random) -> Clocks:
    """The clocks of a story in which the machine does not boot again."""
    return Clocks(tuple(_of_one_boot(rng)))


def of_many_boots(rng: Random, moves: Sequence[float] = _MOVES) -> Clocks:
    """The clocks of a story in which it does; ``moves`` are what the wall clock may be set by, in seconds."""
    return Clocks(tuple(_of_many_boots(rng, moves)))


def _of_one_boot(rng: Random) -> Iterator[RunClock]:
    for _ in range(_RUNS):
        offset = rng.choice((-1, 1)) * rng.choice((0.0, *_MOVES))
        yield RunClock(0, offset, _step(rng), _suspend(rng))


def _of_many_boots(rng: Random, moves: Sequence[float] = _MOVES) -> Iterator[RunClock]:
    boot, lowest = 0, 0.0
    for _ in range(_RUNS):
        yield RunClock(boot, lowest + rng.uniform(0, _DRIFT), _step(rng, moves), _suspend(rng))
        boot += rng.random() < 0.6
        lowest -= rng.choice((0.0, 0.0, *moves))


def _step(rng: Random, moves: Sequence[float] = _MOVES) -> Step | None:
    if rng.random() < 0.6:
        return None
    return Step(rng.uniform(0, 90), rng.choice((-1, 1)) * rng.choice(moves))


def _suspend(rng: Random) -> tuple[float, float] | None:
    return (rng.uniform(0, 90), rng.uniform(20, 2 * HOUR)) if rng.random() < 0.3 else None
