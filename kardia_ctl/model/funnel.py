"""How far patients have come on their way from the configuration to a connected device."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Final

import msgspec

from kardia_ctl.model.template import Template


class Stage(StrEnum):
    """Where one patient is. Everybody is at exactly one of them.

    =========  ==========================  ===============  ==================================================
    stage      in Kardia                   live status      codes on record
    =========  ==========================  ===============  ==================================================
    waiting    no, or not proven           —                any
    created    yes                         none, not known  none
    pending    yes                         pending          none; or one of 90 days at most, or of this run
    connected  yes                         connected        any
    expired    yes                         pending          all older than 90 days: a hint
    expired    yes                         none             any: it expired, or the patient was disconnected
    unknown    yes                         not known        any
    departed   not declared any more       —                a departure disconnected or deleted the patient
    =========  ==========================  ===============  ==================================================

    A patient counts as in Kardia when the plan's own matching finds one; a recorded id counts as existing
    until a read by id says otherwise; of several who carry the mrn each exists, and the status is not known.
    """

    WAITING = "waiting"
    CREATED = "created"
    PENDING = "pending"
    CONNECTED = "connected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    DEPARTED = "departed"


class Place(msgspec.Struct, frozen=True, gc=False):
    """One patient's stage. ``issued`` is when the latest code was recorded, in Unix seconds; 0 without one.

    A struct for the reason given in ``model.patient``.
    """

    mrn: str
    cohort: str
    stage: Stage
    issued: int = 0


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

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) - getattr(other, name) for name in STAGES))


STAGES: Final = tuple(one.name for one in fields(Counts))
"""The stages in their order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The counts of one cohort at one time, in Unix seconds. ``cohort`` is empty for patients in none."""

    at: int
    cohort: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Where everybody is now, and where they were.

    ``at`` is Unix seconds; ``cohorts`` by name, those in none under the empty one; ``templates`` those that
    are declared, each with how many codes are on record; ``incomplete`` says why not everybody could be
    read, and is empty when everybody was; ``reads`` is the number of requests; ``samples`` by time.
    ``told`` counts those who are where they are because a webhook event said so and nothing else: the API
    cannot be asked (pro).
    """

    at: int
    cohorts: Mapping[str, Counts] = field(default_factory=dict)
    templates: tuple[tuple[Template, int], ...] = ()
    incomplete: str = ""
    reads: int = 0
    samples: tuple[Sample, ...] = ()
    told: int = 0

    @property
    def total(self) -> Counts:
        """All cohorts together, and those in none."""
        return sum(self.cohorts.values(), start=Counts())
