"""The clock, passed in as a value so that a test can simulate time, and an interruptible wait."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final
from uuid import uuid4

from kardia_ctl.instant import Instant

FRESH: Final = 60.0
"""Seconds for which a look at the account counts as fresh: later, a write needs another one before it."""

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_TIME_NAMESPACE: Final = Path("/proc/self/ns/time")


@cache
def boot() -> str:
    """What tells this boot of this machine from all others.

    On Linux the kernel's random boot id (proc(5)), which containers share with their host, and the time
    namespace, because each may count CLOCK_BOOTTIME from another moment (time_namespaces(7)). Elsewhere, and
    where /proc is hidden, an id of this process alone: its own moments compare exactly, those of other
    processes by the wall clock.
    """
    try:
        boot_id = _BOOT_ID.read_text().strip()
    except (OSError, UnicodeError):
        boot_id = ""
    if not boot_id:
        return f"process {uuid4()}"
    try:
        return f"{boot_id} {_TIME_NAMESPACE.readlink()}"
    except OSError:  # a kernel without time namespaces
        return boot_id


def uptime() -> float:
    """Seconds since some moment of this boot, suspend included; setting the wall clock has no effect.

    CLOCK_BOOTTIME on Linux. On macOS CLOCK_MONOTONIC_RAW counts suspend as well (clock_gettime(3)).
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.clock_gettime(getattr(time, "CLOCK_MONOTONIC_RAW", time.CLOCK_MONOTONIC))


def system_instant() -> Instant:
    """This moment by the machine's clocks."""
    return Instant(time.time(), boot(), uptime())


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of one run. It advances by the uptime alone: suspend counts, setting the wall clock does not.

    Attributes:
        read: Reads the clocks of the machine.
        sleep: Waits for seconds; suspend may lengthen it.
        began: The moment at which the run began.
    """

    read: Callable[[], Instant] = system_instant
    sleep: Callable[[float], Awaitable[None]] = field(default_factory=lambda: asyncio.sleep)
    began: Instant = field(init=False)

    def __post_init__(self) -> None:
        """Take the wall clock once."""
        object.__setattr__(self, "began", self.read())

    def now(self) -> float:
        """Unix seconds that never run backwards within a run."""
        return self.began.wall + self._elapsed(self.read())

    def instant(self) -> Instant:
        """This moment, to compare recorded ones with.

        When the wall clock was set during the run, which time is right is not known: the earlier one, by
        which less time has passed, decides nothing too early.
        """
        read = self.read()
        elapsed = self._elapsed(read)
        return replace(read, wall=min(read.wall, self.began.wall + elapsed), elapsed=elapsed)

    def stamp(self) -> Instant:
        """This moment, to be recorded: for the same reason with the later one of the two times."""
        read = self.read()
        return replace(read, wall=max(read.wall, self.began.wall + self._elapsed(read)))

    def _elapsed(self, read: Instant) -> float:
        return max(0.0, read.uptime - self.began.uptime)


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
