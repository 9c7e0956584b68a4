"""How many writes are in flight at once, while the next ones are prepared.

An intent has to be on disk before its request is sent, which takes some milliseconds. So there are a few more
workers than slots: the extra workers commit their intents and wait here for a free slot. Their heartbeats run
meanwhile, so that an intent that survives a crash is never much older than its request.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from kardia_ctl.applying.run_context import StopSignal
from kardia_ctl.model.errors import Withheld


def workers_for(parallelism: int, *, commits_slowly: bool = False) -> int:
    """The number of workers for ``parallelism`` slots: a quarter more, rounded down.

    Where a commit takes as long as a request, a worker waits for the end of one commit and for the next one
    before it may send: three more for each slot keep all of them busy.
    """
    return 4 * parallelism if commits_slowly else parallelism + parallelism // 4


class Slots:
    """``parallelism`` slots, one for each request in flight; none is free once the stop signal is set."""

    def __init__(self, parallelism: int, stop_signal: StopSignal) -> None:
        self._free = asyncio.Semaphore(parallelism)
        self._stop_signal = stop_signal

    @asynccontextmanager
    async def acquire(self, refusal: Callable[[], str], started: Callable[[], None]) -> AsyncIterator[None]:
        """Wait for a free slot before sending a change; ``started`` is called when there is one.

        Raises:
            Withheld: the run stopped meanwhile, or ``refusal`` gives a reason not to send the change.
        """
        async with self._free:
            if reason := self._stop_signal.reason or refusal():
                raise Withheld(reason)
            started()
            yield
