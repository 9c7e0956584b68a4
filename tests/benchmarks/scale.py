"""How large and how often."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of patients, and of rounds.

    Attributes:
        few, thousands, most, largest: patients, each ten times as many in the full size.
        onboarded: patients that are created.
        played: patients that the Ansible playbook creates, which takes a second for each.
        peers: patients that each other peer creates.
        many, rounds, least, once: rounds for what is quick, what takes a second, what takes several, and
            what takes minutes.
    """

    few: int
    thousands: int
    most: int
    largest: int
    onboarded: int
    played: int
    peers: int
    many: int
    rounds: int
    least: int
    once: int


FULL: Final = Scale(
    few=1_000,
    thousands=10_000,
    most=100_000,
    largest=1_000_000,
    onboarded=10_000,
    played=200,
    peers=2_000,
    many=31,
    rounds=15,
    least=7,
    once=3,
)
QUICK: Final = Scale(
    few=500,
    thousands=1_000,
    most=10_000,
    largest=30_000,
    onboarded=500,
    played=5,
    peers=200,
    many=7,
    rounds=3,
    least=3,
    once=1,
)
