"""Schedules the reads that webhook events lead to. Times are seconds of one clock; nothing here waits."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.model.events import Event

GATHER: Final = 1.0
"""Seconds for which events are gathered before they are handled together."""

DISAGREEMENT_DELAYS: Final = (5.0, 30.0)
"""Seconds before each retry of a read that does not agree with its event: reads may lag behind events.
After the last retry the API's answer counts."""

FAILURE_DELAY: Final = 30.0
"""Seconds before the retry of a failed read."""


@dataclass(frozen=True, slots=True, repr=False)
class PendingRead:
    """A pending read of one patient: its event, when it is due, and how often the API disagreed."""

    event: Event
    due: float
    tries: int = 0


@dataclass(slots=True)
class Agenda:
    """The pending reads, one a patient, by the patient's id or mrn. Two events of a patient lead to one read.

    Only declared patients are added, so the number of reads is bounded.
    """

    _reads: dict[str, PendingRead] = field(default_factory=dict)
    _gathered: float = float("-inf")

    def add(self, name: str, event: Event, now: float) -> None:
        """Add the read that an event leads to. Reads added within ``GATHER`` seconds are due together."""
        if now >= self._gathered:
            self._gathered = now + GATHER
        self._reads[name] = PendingRead(event, self._gathered)

    def retry(self, name: str, read: PendingRead, now: float) -> None:
        """Retry a read whose answer disagrees with its event, a bounded number of times."""
        if read.tries < len(DISAGREEMENT_DELAYS):
            self._reads.setdefault(
                name, PendingRead(read.event, now + DISAGREEMENT_DELAYS[read.tries], read.tries + 1)
            )

    def postpone(self, reads: Iterable[tuple[str, PendingRead]], now: float) -> None:
        """Retry failed reads later, unless a newer event has added an earlier read."""
        for name, read in reads:
            self._reads.setdefault(name, PendingRead(read.event, now + FAILURE_DELAY, read.tries))

    def take(self, now: float) -> dict[str, PendingRead]:
        """Remove and return the reads that are due, in the order of their events."""
        due = {name: read for name, read in self._reads.items() if read.due <= now}
        for name in due:
            del self._reads[name]
        return due

    @property
    def next(self) -> float | None:
        """When the next read is due; None when none is pending."""
        return min((read.due for read in self._reads.values()), default=None)
