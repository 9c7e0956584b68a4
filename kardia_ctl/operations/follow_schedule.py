"""Who is to be looked at, and when. Times are seconds of one clock; nothing here waits."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.model.events import Event

GATHER: Final = 1.0
"""Seconds for which events gather before they are acted on together."""

AGAIN: Final = (5.0, 30.0)
"""Seconds after which a patient is looked at again whom the API does not show as the event said: reads may
lag behind what they are told about. After that the API is right."""

LATER: Final = 30.0
"""Seconds after which a read that failed is tried again."""


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """One patient to look at: because of which event, when, and how often the API did not agree with it."""

    event: Event
    due: float
    tries: int = 0


@dataclass(slots=True)
class Agenda:
    """Looks by the patient's name: an id, or an mrn. The same patient twice is one look, for the later event.

    Only known patients are put here, so that there are never more looks than declared patients.
    """

    _looks: dict[str, Look] = field(default_factory=dict)
    _gathered: float = float("-inf")

    def hear(self, name: str, event: Event, now: float) -> None:
        """An event arrived about a patient. Those of one second are due together."""
        if now >= self._gathered:
            self._gathered = now + GATHER
        self._looks[name] = Look(event, self._gathered)

    def disagree(self, name: str, look: Look, now: float) -> None:
        """The API does not show what the event said: look again, a bounded number of times."""
        if look.tries < len(AGAIN):
            self._looks.setdefault(name, Look(look.event, now + AGAIN[look.tries], look.tries + 1))

    def postpone(self, looks: Iterable[tuple[str, Look]], now: float) -> None:
        """These reads failed: try them again later, unless a newer event asks for it sooner."""
        for name, look in looks:
            self._looks.setdefault(name, Look(look.event, now + LATER, look.tries))

    def take(self, now: float) -> dict[str, Look]:
        """Those whose time has come, in the order of their events; they wait no longer."""
        due = {name: look for name, look in self._looks.items() if look.due <= now}
        for name in due:
            del self._looks[name]
        return due

    @property
    def next(self) -> float | None:
        """When the next look is due; None when nobody waits."""
        return min((look.due for look in self._looks.values()), default=None)
