"""When a run is interrupted: seeded points, so that a seed names one sequence of crashes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from signal import SIGINT, SIGKILL, SIGTERM, Signals
from typing import Final

_SETTLING: Final = 0.12
"""The share of kills, the last of a wave, that come with little left to send: while doubts settle."""
_STARTING: Final = 0.15
"""The share that comes early: starting, locking, scanning. Later, a quick server would have it all."""
_EVERY: Final = 15
"""Among so many kills one loses the state, one finds a second run beside it, one is a stop and no kill."""
_MARGIN: Final = 5
"""What a run adds to the window of what a crashed one left."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """A point in a run, and what happens there.

    Attributes:
        signal: SIGKILL, or a stop that the run may answer.
        requests: so many requests have arrived since the run began, and after that
        seconds: so many seconds have passed.
        creates: so many creates have arrived too.
        rival: a second apply is started just before, while the run is held still.
        loses_state: the state is gone afterwards, and the settle window is waited out.
    """

    signal: Signals
    requests: int
    seconds: float
    creates: int = 0
    rival: bool = False
    loses_state: bool = False


def interruptions(
    random: Random, kills: int, pace: Callable[[int], float], settle: int, *, log: bool
) -> Iterator[Interruption]:
    """So many kills, and a few stops among them. Each is drawn when it is needed.

    Args:
        random: draws everything.
        kills: how many.
        pace: how many requests a run may send on average before it is killed, by how many kills are left.
        settle: the window in seconds.
        log: whether the server's log can be read; without it points depend on time alone.
    """
    among = max(1, min(_EVERY, kills))
    losing, rivalled, stopped = (random.randrange(among) for _ in range(3))
    for number in range(kills):
        place, requests = number % among, pace(kills - number)
        if log and place == stopped:
            stop = random.choice((SIGINT, SIGTERM))
            yield Interruption(stop, 0, random.uniform(0, 0.1), creates=random.randint(1, 1 + int(requests)))
        count, seconds = _point(random, number / kills, requests, settle, log=log)
        rival = log and place == rivalled  # whoever has sent a request holds the lock
        yield Interruption(SIGKILL, max(int(rival), count), seconds, rival=rival, loses_state=place == losing)


def _point(random: Random, progress: float, requests: float, settle: int, *, log: bool) -> tuple[int, float]:
    if progress >= 1 - _SETTLING:
        return 0, random.uniform(0.5, settle + _MARGIN)
    if random.random() < _STARTING:
        return 0, random.uniform(0, 0.35)
    if not log:
        return 0, random.uniform(0.2, 1.2)
    return random.randint(1, 1 + int(2 * requests)), random.random() ** 2 * 0.02
