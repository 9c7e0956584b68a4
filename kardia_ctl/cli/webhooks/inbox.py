"""Where webhook deliveries go between the web server and whoever follows the funnel."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.model.events import Event, Heard

_EARLY: Final = 10_000
"""Events that are held while the account is read for the first time."""


@dataclass(slots=True)
class Inbox:
    """Where deliveries go, from the first moment on. It is quick: who delivers is waiting for an answer."""

    heard: Heard = field(default_factory=Heard)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _early: list[Event] = field(default_factory=list)
    _hear: Callable[[Event], None] | None = None

    def hear(self, event: Event) -> None:
        """An event arrived."""
        self.heard.kinds[event.kind] += 1
        self.arrived.set()
        if self._hear is not None:
            self._hear(event)
        elif len(self._early) < _EARLY:
            self._early.append(event)

    def refuse(self) -> None:
        """A request was not taken."""
        self.heard.refused += 1
        self.arrived.set()

    def open(self, hear: Callable[[Event], None]) -> None:
        """From now on somebody hears; and now, what came before."""
        self._hear = hear
        for event in self._early:
            hear(event)
        self._early.clear()
