"""The observed part of the live account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.refresh import ListHead, Refresh
from kardia_ctl.model.configuration import Setting
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.template import LiveTemplate


class Coverage(StrEnum):
    """Which patients were read, and whether a patient that is missing among them does not exist.

    With ``HEAD`` one page of the list and some patients by id were read, with ``STATE`` nothing. Declared
    patients of whom nothing was read then stand there as they were last applied.
    """

    NOT_READ = "not read"
    BY_ID = "by id"
    PROVEN = "proven"
    INCOMPLETE = "incomplete"
    HEAD = "head"
    STATE = "state"

    @property
    def refresh(self) -> Refresh:
        """How much was read: all that the plan needs, or less."""
        return {Coverage.HEAD: Refresh.HEAD, Coverage.STATE: Refresh.OFF}.get(self, Refresh.FULL)


@dataclass(frozen=True, slots=True, repr=False)
class Observed:
    """The live account.

    Attributes:
        patients: By mrn.
        twins: By mrn, all patients with an mrn that several patients have.
        by_id: By id, patients with a recorded or pinned id that ``patients`` does not have under their mrn.
        missing: Recorded or pinned ids that a read by id did not find.
        coverage: Which patients were read.
        detail: Why a scan is incomplete; empty otherwise.
        total: The last totalCount; None without one.
        newest: The id at the head of the list when its last walk began; empty without a scan, or when the
            list was empty. Who is created later stands above it.
        page: How many patients a page of the list holds.
        above: By the ``newest`` of each create in doubt that the list still shows, the ids above it: they are
            new since that create was first sent.
        settings: By address, the settings that were read; None for one that is not set.
        refused: The addresses that the key may not read (403).
        templates: None when they were not read.
        reads: The number of requests that an observation like this one needs.
        recordings: By id, the number of recordings of patients to delete; None where it is not known.
        head: The head of the list at the moment of which the scan is proven by its counts; None without.
        read_by_id: How many patients were read by id.
        instead: Why everything was read although less was asked for; empty otherwise.
    """

    patients: Mapping[str, LivePatient] = field(default_factory=dict)
    twins: Mapping[str, tuple[LivePatient, ...]] = field(default_factory=dict)
    by_id: Mapping[str, LivePatient] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    coverage: Coverage = Coverage.NOT_READ
    detail: str = ""
    total: int | None = None
    newest: str = ""
    page: int = 500
    above: Mapping[str, frozenset[str]] = field(default_factory=dict)
    settings: Mapping[Address, Setting | None] = field(default_factory=dict)
    refused: frozenset[Address] = frozenset()
    templates: tuple[LiveTemplate, ...] | None = None
    reads: int = 0
    recordings: Mapping[str, int | None] = field(default_factory=dict)
    head: ListHead | None = None
    read_by_id: int = 0
    instead: str = ""
