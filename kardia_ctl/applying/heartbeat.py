"""Signs of life of a request that is under way.

When a run dies, the window of what it had in flight counts from its last sign of life: a request may have
waited for its turn, for a Retry-After or for its answer for minutes when the run died.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

INTERVAL: Final = 2.0
"""Seconds from one sign to the next. The margin of ``planning.matching.due`` has to be longer."""


async def with_signs_of_life(
    request: Coroutine[Any, Any, T], show: Callable[[], asyncio.Future[None] | None]
) -> T:
    """The result of a request; ``show`` is called every ``INTERVAL`` seconds until it is there.

    ``show`` puts a sign in line at once, before anything that is written after the request has ended, and
    gives what tells whether it was written. One that cannot be written ends the connection: an answer could
    not be written either, and whoever looks for its effect has to count from a sign that is not older.

    Raises:
        StateError: a sign could not be written.
    """
    signs = _Signs(show)
    try:
        return await request
    except asyncio.CancelledError:
        if signs.failure is None:
            raise
        signs.worker.uncancel()
        raise signs.failure from None
    finally:
        signs.end()


class _Signs:
    """A timer, which costs a request next to nothing: nearly all are answered before it goes off."""

    def __init__(self, show: Callable[[], asyncio.Future[None] | None]) -> None:
        worker = asyncio.current_task()
        assert worker is not None  # noqa: S101  (whoever awaits is in a task)
        self.worker: asyncio.Task[Any] = worker
        self.failure: BaseException | None = None
        self._show = show
        self._loop = asyncio.get_running_loop()
        self._over = False
        self._timer = self._loop.call_later(INTERVAL, self._sign)

    def end(self) -> None:
        self._over = True
        self._timer.cancel()

    def _sign(self) -> None:
        shown = self._show()
        if shown is not None:
            shown.add_done_callback(self._heard)
        self._timer = self._loop.call_later(INTERVAL, self._sign)

    def _heard(self, shown: asyncio.Future[None]) -> None:
        error = None if shown.cancelled() else shown.exception()
        if error is not None and not self._over and self.failure is None:
            self.failure = error
            self.worker.cancel()
