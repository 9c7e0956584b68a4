"""What the stages are called, by whoever shows them."""

from typing import Final

from kardia_ctl.model.funnel import Counts
from kardia_ctl.render.escape import escape
from kardia_ctl.render.text import count_of

NAMES: Final = {
    "declared": "declared",
    "created": "created",
    "issued": "code issued",
    "pending": "pending",
    "connected": "connected",
    "expired": "expired?",
    "unknown": "unknown",
    "departed": "departed",
}
"""The heading of each stage, in their order."""

MEANINGS: Final = {
    "declared": "in the configuration now",
    "created": "of those, in Kardia",
    "issued": "of those, with a connection code: pending + connected + expired? + unknown",
    "pending": "the code is given out and not used yet",
    "connected": "the device is connected",
    "expired": "a hint: unused for 90 days, or expired or disconnected (Kardia does not tell which)",
    "unknown": "Kardia did not say",
    "departed": "left by an entry under departures; not among the declared",
}


def cohort_name(name: str) -> str:
    """A cohort's name, harmless; patients may be in none."""
    return escape(name) or "(no cohort)"


def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent, rounded down so that 100 % is everybody; empty of nothing."""
    return f"{part * 100 // whole} %" if whole else ""


def row(counts: Counts) -> tuple[int, ...]:
    """The counts in the order of the stages."""
    return tuple(getattr(counts, stage) for stage in NAMES)


def told_line(told: int) -> str:
    """That some of the counts rest on webhook events alone, which anybody may have sent."""
    return f"Told by events and not verified: {count_of(told, 'patient')}. This API cannot be asked."
