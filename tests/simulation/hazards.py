"""What else goes wrong in a story: each hazard is drawn by itself, so that a new one changes no other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import Final

ALTERATIONS: Final[Mapping[str, Callable[[str], str]]] = {
    "lower case": str.lower,
    "without its hyphen": lambda mrn: mrn.replace("-", ""),
    "full width": lambda mrn: "".join(chr(ord(mark) + 0xFEE0) for mark in mrn),
}
"""What a server makes of an mrn."""


class Meanwhile(Enum):
    """What happens to a patient who is to be deleted."""

    NOTHING = auto()
    CONNECTS = auto()
    IS_RECORDED = auto()
    """A recording comes."""
    SEEMS_GONE = auto()
    """The list does not show the patient until the second, and the first read by id answers 404."""
    DELETED_ELSEWHERE = auto()
    ODD_STATUS = auto()
    """Connected from the start, which the server spells CONNECTED."""


@dataclass(frozen=True, slots=True)
class Leaver:
    """A recorded patient whom a departure deletes unconfirmed, and what happens in that second."""

    mrn: str
    meanwhile: Meanwhile
    second: float


@dataclass(frozen=True, slots=True)
class Hazards:
    """The hazards of a story; without one, all are absent.

    Attributes:
        leaver: A patient who is to be deleted, and what happens to that patient meanwhile.
        busy: The most strangers who come or leave before a page of the list is read.
        saved: Whether the faulty runs apply saved plans, which send each write once.
        altered: How the server stores the mrn of a create whose answer is lost, a key of ``ALTERATIONS``.
        reused: How probably a create is answered with the id of somebody else, in the faulty runs.
        renamed: After which faulty run the workspace is renamed; 0 for none.
    """

    leaver: Leaver | None = None
    busy: int = 0
    saved: bool = False
    altered: str = ""
    reused: float = 0.0
    renamed: int = 0


def hazards(seed: int) -> Hazards:
    """The hazards of a seed. Each is drawn from a ``Random`` of its own: ``Random(f"NAME/{seed}")``."""
    busy, altered, reused, renamed = (
        Random(f"{name}/{seed}") for name in ("busy", "altered", "reused", "renamed")
    )
    return Hazards(
        leaver=_leaver(Random(f"leaver/{seed}")),
        busy=busy.randrange(2, 6) if busy.random() < 0.1 else 0,
        saved=Random(f"saved/{seed}").random() < 0.2,
        altered=altered.choice(tuple(ALTERATIONS)) if altered.random() < 0.06 else "",
        reused=0.15 if reused.random() < 0.06 else 0.0,
        renamed=1 if renamed.random() < 0.06 else 0,
    )


def _leaver(rng: Random) -> Leaver | None:
    if rng.random() >= 0.15:
        return None
    meanwhile = rng.choice(tuple(Meanwhile))
    second = rng.uniform(10, 40) if meanwhile is Meanwhile.SEEMS_GONE else rng.uniform(0, 6)
    return Leaver("H-0", meanwhile, second)
