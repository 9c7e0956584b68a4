"""What is live, as far as it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Resource
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.template import LiveTemplate


class Coverage(StrEnum):
    """How much of the account's patients was seen, and whether absence from it means anything."""

    NOT_READ = "not read"
    BY_ID = "by id"
    PROVEN = "proven"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, repr=False)
class Observed:
    """What is live.

    ``patients`` by mrn; ``twins`` holds all patients of an mrn that several carry. ``by_id`` holds the
    patients of recorded or pinned ids that ``patients`` does not show under their mrn; ``missing`` are such
    ids that a read by id did not find.
    ``refused`` are addresses that the key may not read.
    ``settings`` has an entry, possibly None (not set), for each other readable address that was read.
    ``templates`` is None when they were not read. ``total`` is totalCount as the server said it last.
    ``recordings`` counts the recordings of patients who are to be deleted, by id; None where nobody says.
    ``reads`` is the number of requests that an observation like this one needs; ``detail`` says why a scan
    is incomplete.
    """

    patients: Mapping[str, LivePatient] = field(default_factory=dict)
    twins: Mapping[str, tuple[LivePatient, ...]] = field(default_factory=dict)
    by_id: Mapping[str, LivePatient] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    coverage: Coverage = Coverage.NOT_READ
    detail: str = ""
    total: int | None = None
    settings: Mapping[Address, Resource | None] = field(default_factory=dict)
    refused: frozenset[Address] = frozenset()
    templates: tuple[LiveTemplate, ...] | None = None
    reads: int = 0
    recordings: Mapping[str, int | None] = field(default_factory=dict)
