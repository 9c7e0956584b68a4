"""How large and how often."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of patients; and of rounds for what is quick, what takes a second and what takes several."""

    few: int
    thousands: int
    most: int
    many: int
    rounds: int
    least: int


FULL: Final = Scale(few=1_000, thousands=10_000, most=100_000, many=31, rounds=15, least=7)
QUICK: Final = Scale(few=500, thousands=1_000, most=10_000, many=7, rounds=3, least=3)
