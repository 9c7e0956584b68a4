"""Stopping a run from outside or inside."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Brake:
    """When pulled, nothing more is sent; what is under way is waited for. ``reason`` is empty until then."""

    reason: str = ""
    _pulled: asyncio.Event = field(default_factory=asyncio.Event)

    def pull(self, reason: str) -> None:
        """Stop sending; the first reason stays."""
        self.reason = self.reason or reason
        self._pulled.set()

    async def wait(self) -> None:
        """Return when it is pulled: a long wait for a window ends at once."""
        await self._pulled.wait()
