"""Moments of a simulated machine: its wall clock and its uptime count the same seconds."""

from collections.abc import Callable
from typing import Final

from kardia_ctl.instant import Instant

BOOT: Final = "a boot"


def at(seconds: float) -> Instant:
    """The moment at which both clocks show these seconds."""
    return Instant(seconds, BOOT, seconds)


def reading(seconds: Callable[[], float]) -> Callable[[], Instant]:
    """Reads a machine's clocks, which show what ``seconds`` gives."""
    return lambda: at(seconds())
