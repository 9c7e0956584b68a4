"""Stopping a run from outside or inside."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field


def _nobody(_: str) -> None:
    """There is nobody to tell."""


@dataclass(slots=True)
class StopSignal:
    """When pulled, nothing more is sent; what is under way is waited for. ``reason`` is empty until then.

    ``halt`` is told the reason: it reaches those who wait for their turn, or to send again.
    """

    reason: str = ""
    halt: Callable[[str], None] = _nobody
    _pulled: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, reason: str) -> None:
        """Stop sending; the first reason stays."""
        self.reason = self.reason or reason
        self._pulled.set()
        self.halt(self.reason)

    async def wait(self) -> None:
        """Return when it is pulled: a long wait for a window ends at once."""
        await self._pulled.wait()
