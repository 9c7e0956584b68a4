"""Which patients are to be read, and when. Times are seconds of one clock; nothing here waits."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.model.events import Event

GATHER: Final = 1.0
"""Seconds for which events are gathered before they are handled together."""

AGAIN: Final = (5.0, 30.0)
"""Seconds before each retry of a read that does not agree with its event: reads may lag behind events.
After the last one the API counts."""

LATER: Final = 30.0
"""Seconds before the retry of a failed read."""


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """A pending read of one patient: its event, when it is due, and how often the API disagreed."""

    event: Event
    due: float
    tries: int = 0


@dataclass(slots=True)
class Agenda:
    """Pending reads by the patient's name: an id, or an mrn. Two events of a patient lead to one read.

    Only known patients are added, so that there are never more reads than declared patients.
    """

    _looks: dict[str, Look] = field(default_factory=dict)
    _gathered: float = float("-inf")

    def hear(self, name: str, event: Event, now: float) -> None:
        """Add the read that an event leads to. Those of one second are due together."""
        if now >= self._gathered:
            self._gathered = now + GATHER
        self._looks[name] = Look(event, self._gathered)

    def disagree(self, name: str, look: Look, now: float) -> None:
        """The API disagrees with the event: read again, a bounded number of times."""
        if look.tries < len(AGAIN):
            self._looks.setdefault(name, Look(look.event, now + AGAIN[look.tries], look.tries + 1))

    def postpone(self, looks: Iterable[tuple[str, Look]], now: float) -> None:
        """Retry failed reads later, unless a newer event leads to an earlier one."""
        for name, look in looks:
            self._looks.setdefault(name, Look(look.event, now + LATER, look.tries))

    def take(self, now: float) -> dict[str, Look]:
        """Remove and return the reads that are due, in the order of their events."""
        due = {name: look for name, look in self._looks.items() if look.due <= now}
        for name in due:
            del self._looks[name]
        return due

    @property
    def next(self) -> float | None:
        """When the next read is due; None when none is pending."""
        return min((look.due for look in self._looks.values()), default=None)
