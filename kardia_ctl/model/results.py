"""The results of an apply: one per address that it was to write, and counts; and the result of an import."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from kardia_ctl.model.address import Address
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import Action, Change


class Status(StrEnum):
    """How a write ended. The order is the order in which a report counts them.

    ``FAILED`` was certainly not executed, ``IN_DOUBT`` may have been, ``SKIPPED`` was never sent because
    something that it depends on did not succeed or the run stopped.
    """

    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """How the change at one address ended.

    ``detail`` is the reason and the next step; it holds no patient's values, no code and no key. It is empty
    when done, unless the look at the end of the run found something else than one patient. ``id`` is the live
    id when it is known.
    """

    address: Address
    action: Action
    status: Status
    detail: str = ""
    id: str = ""

    @property
    def is_well(self) -> bool:
        """Whether it is done, with nothing to say of it."""
        return self.status is Status.DONE and not self.detail


@dataclass(frozen=True, slots=True)
class Report:
    """What an apply did.

    Attributes:
        results: The results of the writes.
        adopted: The number of adoptions; they need no request.
        forgotten: The number of forgets; they need no request.
        accepted: The number of changes that are blocked, as a decision accepts.
        moved: The number of patients whose records followed a corrected mrn; they need no request.
        reads: The number of reads sent, retries included.
        writes: The number of writes sent, retries included.
        interrupted: Whether the run stopped before its end.
        blocked: The changes that are still blocked.
        left: The number of writes that ``--limit`` leaves for later runs.
        reason: Why the run was interrupted.
    """

    results: tuple[Result, ...] = ()
    adopted: int = 0
    forgotten: int = 0
    reads: int = 0
    writes: int = 0
    interrupted: bool = False
    blocked: tuple[Change, ...] = ()
    left: int = 0
    reason: str = ""
    moved: int = 0
    accepted: int = 0

    def count(self, status: Status, *actions: Action) -> int:
        """How many results have this status and one of these actions; without actions, any."""
        return sum(
            1
            for result in self.results
            if result.status is status and (not actions or result.action in actions)
        )

    @property
    def interruption(self) -> str:
        """What an interrupted run left undone, and why; empty for a run that came to its end."""
        if not self.interrupted:
            return ""
        undone = (
            "everything was sent, but the run stopped before its last checks (kardia-ctl plan makes them)"
        )
        if not self.results or self.count(Status.SKIPPED) or self.count(Status.IN_DOUBT):
            undone = "stopped before everything was sent"
        return f"{undone}: {self.reason}" if self.reason else undone

    @property
    def succeeded(self) -> bool:
        """Whether every change of the plan is done, and found to be, and nothing is blocked."""
        return not self.interrupted and not self.blocked and all(result.is_well for result in self.results)


def results_in_order(results: Iterable[Result]) -> tuple[Result, ...]:
    """The results sorted by address, so that a report does not depend on which worker finished first."""
    return tuple(sorted(results, key=lambda result: result.address.order))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A live patient who is not imported, and why.

    ``values`` are those that could be declared. ``reason`` and ``remedy`` name no patient's values.
    """

    live: LivePatient
    reason: str
    remedy: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file that was written, and how many patients it declares."""

    path: Path
    patients: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import.

    Attributes:
        main: The configuration's file.
        files: The files that were written.
        edited: The keys of the configuration's file that were added.
        lines: What a person has to add to it; empty when it was edited or nothing is to be added.
        templates: How many connection templates got a name.
        settings: The settings that were imported.
        unset: Settings that are not imported, each with the reason.
        left_out: Who is not imported.
        elsewhere: How many live patients are left to another workspace of the state.
        dropped: By attribute and reason, how many live values are not declared.
        ordered: How many of the imported patients have a code or are connected, by status.
        codes: The template, by its name in the YAML, of which their codes are declared; empty when none is.
        adopted: How many addresses were recorded in state; None when that was not asked for.
        requests: The number of requests sent.
    """

    main: Path
    files: Sequence[ImportedFile] = ()
    edited: Sequence[str] = ()
    lines: str = field(default="", repr=False)
    templates: int = 0
    settings: Sequence[Address] = ()
    unset: Mapping[Address, str] = field(default_factory=dict)
    left_out: Sequence[LeftOut] = ()
    elsewhere: int = 0
    dropped: Mapping[tuple[str, str], int] = field(default_factory=dict)
    ordered: Mapping[str, int] = field(default_factory=dict)
    codes: str = ""
    adopted: int | None = None
    requests: int = 0

    @property
    def patients(self) -> int:
        """How many patients were imported."""
        return sum(file.patients for file in self.files)
