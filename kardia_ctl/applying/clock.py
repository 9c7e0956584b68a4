"""Time, as far as applying needs it. Passed in, so that a test can run the real code in a simulated world."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """``now`` gives Unix seconds that never run backwards within a run; ``sleep`` waits for seconds."""

    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


def steady() -> Clock:
    """The wall clock of the start, moved on by the monotonic clock: setting the clock changes no window."""
    wall, start = time.time(), time.monotonic()
    return Clock(lambda: wall + time.monotonic() - start, asyncio.sleep)
