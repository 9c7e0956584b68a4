"""Heartbeat for an in-flight request.

When a run dies, the settle window of its requests in flight counts from their last heartbeat: a request may
have waited minutes for its turn, for a Retry-After or for its response when the run died.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

INTERVAL: Final = 2.0
"""Seconds from one heartbeat to the next. The margin of ``planning.matching.due`` has to be longer."""


class Heartbeat:
    """Calls ``beat`` every ``INTERVAL`` seconds while the block of a task runs.

    ``beat`` queues a state write at once, before any write that follows the block, and returns the future of
    that write, or None. If the write fails, the block is cancelled and the write's error is raised instead:
    the response could not be recorded either, and the settle window of a crash would begin too early. Nearly
    all requests end before the first heartbeat, so it costs next to nothing.

    Raises:
        StateError: a heartbeat could not be written.
    """

    def __init__(self, beat: Callable[[], asyncio.Future[None] | None]) -> None:
        self._beat = beat
        self._failure: BaseException | None = None
        self._over = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (an async caller is in a task)
        self._task: asyncio.Task[Any] = task
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._fire)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self._timer.cancel()
        if isinstance(error, asyncio.CancelledError) and self._failure is not None:
            self._task.uncancel()
            raise self._failure from None

    def _fire(self) -> None:
        written = self._beat()
        if written is not None:
            written.add_done_callback(self._check)
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._fire)

    def _check(self, written: asyncio.Future[None]) -> None:
        error = None if written.cancelled() else written.exception()
        if error is not None and not self._over and self._failure is None:
            self._failure = error
            self._task.cancel()
