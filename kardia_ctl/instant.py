"""A moment, as the clocks of one machine show it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Instant:
    """What the clocks of a machine say at one moment.

    A wall clock can be wrong, be corrected or be set; the seconds since the machine started cannot, but they
    compare only within one boot.

    Attributes:
        wall: Unix seconds by the wall clock.
        boot: What tells this boot of this machine from all others (``timing.boot``); empty when unknown.
        uptime: Seconds since the machine started, suspend included; 0 without a boot.
        elapsed: Seconds since the run that reads the clocks began, suspend included. Not stored.
    """

    wall: float
    boot: str = ""
    uptime: float = 0.0
    elapsed: float = field(default=0.0, compare=False)

    @property
    def day(self) -> date:
        """The day by the wall clock, in UTC; the nearest that exists when the clock is beyond all of them."""
        ordinal = _EPOCH + self.wall // _DAY
        return date.fromordinal(int(min(max(ordinal, date.min.toordinal()), date.max.toordinal())))

    def same_boot(self, other: "Instant") -> bool:
        """Whether ``uptime`` of both counts from one moment."""
        return bool(self.boot) and self.boot == other.boot

    def is_before(self, other: "Instant") -> bool:
        """Whether this moment is the earlier one; of two boots, as far as the wall clocks are right."""
        return self.uptime < other.uptime if self.same_boot(other) else self.wall < other.wall
