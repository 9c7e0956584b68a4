"""What else goes wrong in a story: each hazard is drawn by itself, so that a new one changes no other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hazards:
    """The hazards of a story; without one, all are absent."""


def hazards(seed: int) -> Hazards:
    """The hazards of a seed. Each is drawn from a ``Random`` of its own: ``Random(f"NAME/{seed}")``."""
    del seed
    return Hazards()
