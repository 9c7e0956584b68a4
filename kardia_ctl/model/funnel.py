"""The stages of patients between the configuration and a connected device, and their counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Final

import msgspec

from kardia_ctl.model.template import Template


class Stage(StrEnum):
    """The stage of a patient. Every patient is at exactly one.

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

    A patient is in Kardia when the plan's matching finds a live patient. A recorded id counts as existing
    until a read by id answers 404. When several live patients have the mrn, the patient exists, and its
    status is not known.
    """

    WAITING = "waiting"
    CREATED = "created"
    PENDING = "pending"
    CONNECTED = "connected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    DEPARTED = "departed"


class Place(msgspec.Struct, frozen=True, gc=False):
    """A patient's place in the funnel. ``issued`` is when its latest code was issued, in Unix seconds, or 0.

    A struct for the reason given in ``model.patient``.
    """

    mrn: str
    cohort: str
    stage: Stage
    issued: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many patients reached a stage (the first three), and how many are at one now.

    =========== ======================================================================================
    declared    in the configuration now
    created     of those, in Kardia
    issued      of those, with a connection code that was ordered: ``pending + connected + expired +
                unknown``, so each of them is in exactly one of these four
    ----------- --------------------------------------------------------------------------------------
    pending     the code was issued and is not used yet
    connected   the patient's device is connected
    expired     a hint: the code is unused for 90 days, or it ended (expired or disconnected: the API
                does not distinguish them)
    unknown     the status is not known: not everything could be read, or this run issued the code
    ----------- --------------------------------------------------------------------------------------
    departed    not part of the above: no longer declared, and disconnected or deleted by a departure
    =========== ======================================================================================

    So ``declared >= created >= issued``. Each declared patient is counted once, and so is each departed one.
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
        return Counts(*(getattr(self, name) + getattr(other, name) for name in COUNT_NAMES))

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) - getattr(other, name) for name in COUNT_NAMES))


COUNT_NAMES: Final = tuple(count.name for count in fields(Counts))
"""The names of the counts, in their order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The counts of one cohort at one time, in Unix seconds. ``cohort`` is empty for patients in none."""

    at: int
    cohort: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The funnel now, and its history.

    Attributes:
        at: Unix seconds.
        cohorts: The counts by cohort name; the empty name is for patients in no cohort.
        templates: The declared templates, each with the number of codes on record.
        incomplete: Why not every patient could be read; empty when all were.
        reads: The number of requests sent.
        samples: Earlier counts, in the order of their times.
        unverified: How many patients are counted by a webhook event alone, because the API cannot be read
            (pro).
        undeclared: How many live patients no file declares; None when not everybody was read.
    """

    at: int
    cohorts: Mapping[str, Counts] = field(default_factory=dict)
    templates: tuple[tuple[Template, int], ...] = ()
    incomplete: str = ""
    reads: int = 0
    samples: tuple[Sample, ...] = ()
    unverified: int = 0
    undeclared: int | None = None

    @property
    def total(self) -> Counts:
        """The sum of all cohorts and of the patients in none."""
        return sum(self.cohorts.values(), start=Counts())
