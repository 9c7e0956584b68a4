"""How many writes are under way at once, with the next ones made ready meanwhile.

An intent has to be on disk before its request leaves, which takes some milliseconds. So a few more workers
than may send have theirs written, and wait here: whoever is done hands the slot on at once. They show signs
of life meanwhile, so that what they left behind in a crash counts from when it may have left at the latest.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from kardia_ctl.applying.stop import StopSignal
from kardia_ctl.model.errors import Withheld


def workers_for(parallelism: int) -> int:
    """How many are at work when so many may send: a quarter more, none more for one at a time."""
    return parallelism + parallelism // 4


class Slots:
    """So many slots; none is given out once the brake is pulled."""

    def __init__(self, parallelism: int, stop_signal: StopSignal) -> None:
        self._free = asyncio.Semaphore(parallelism)
        self._brake = stop_signal

    @asynccontextmanager
    async def one(self, refusal: Callable[[], str], taken: Callable[[], None]) -> AsyncIterator[None]:
        """Wait for a slot; ``taken`` is called when there is one.

        Raises:
            Withheld: the run has stopped meanwhile, or ``refusal`` says why this must not be sent any more.
        """
        async with self._free:
            if reason := self._brake.reason or refusal():
                raise Withheld(reason)
            taken()
            yield
