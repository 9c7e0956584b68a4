"""What state keeps of ``decisions``: each is used at most once."""

from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.address import Address

UNDER_WAY: Final = 0
"""The time of a use whose outcome is not known."""

SEEN: Final = -2
"""The time of a decision that was there in an earlier run, and had nothing to do."""

UNKNOWN: Final = -1
"""The time of a use of which nobody knows whether there was one: state was lost, or is new."""


@dataclass(frozen=True, slots=True)
class DecisionUse:
    """Which entry it is. The same decision until another day is another entry; ``kind`` is its name."""

    kind: str
    address: Address
    until: str


@dataclass(frozen=True, slots=True)
class UseDecision:
    """Record that a decision was used at a time (Unix seconds, ``UNDER_WAY``, ``UNKNOWN`` or ``SEEN``).

    Once it was used that stays so, with its first time.
    """

    use: DecisionUse
    at: int = UNDER_WAY


def later_use(before: int | None, at: int) -> int:
    """The time of a use once another one is recorded."""
    if before is None or (before <= UNDER_WAY and at > before):
        return at
    return before
