"""How far patients have come on their way from the configuration to a connected device."""

from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Counts:
    """How many patients are at each stage, reached and present.

    =========== ======================================================================================
    declared    in the configuration now
    created     of those, in Kardia
    issued      of those, with a connection code that was ordered: ``pending + connected + expired +
                unknown``, so each of them is in exactly one of these four
    ----------- --------------------------------------------------------------------------------------
    pending     the code is given out and not used yet
    connected   the patient's device is connected
    expired     a hint: the code is unused for 90 days, or was ended (expired or disconnected: the API
                does not tell which)
    unknown     Kardia did not say: it could not all be read, or the code is fresh from this run
    ----------- --------------------------------------------------------------------------------------
    departed    beside all of those: not declared any more, a departure was carried out
    =========== ======================================================================================

    So ``declared >= created >= issued``, whoever is declared is counted once, and so is who departed.
    """

    declared: int = 0
    created: int = 0
    issued: int = 0
    pending: int = 0
    connected: int = 0
    expired: int = 0
    unknown: int = 0
    departed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in STAGES))


STAGES: Final = tuple(field.name for field in fields(Counts))
"""The stages in their order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The counts of one cohort at one time, in Unix seconds. ``cohort`` is empty for patients in none."""

    at: int
    cohort: str
    counts: Counts
