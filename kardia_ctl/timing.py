"""The clock, passed in as a value so that a test can simulate time, and an interruptible wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """``now`` gives Unix seconds that never run backwards within a run; ``sleep`` waits for seconds."""

    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


def monotonic_clock() -> Clock:
    """The wall clock at the start, advanced by the monotonic clock; setting the wall clock has no effect."""
    wall, start = time.time(), time.monotonic()
    return Clock(lambda: wall + time.monotonic() - start, asyncio.sleep)


async def wait_for_any(*waits: Awaitable[object]) -> None:
    """Wait until the first of several awaitables is done, and cancel the others.

    Raises:
        Exception: the error of the first.
    """
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
