"""Group commit: an intent is durable before its request is sent, and waiting changes share one commit.

A commit waits some milliseconds for the disk. One commit for each change, in the event loop, would make an
apply slower than the API allows. So a commit runs in a thread, and entries that arrive meanwhile go into the
next one. A caller continues when its own entries are on disk.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from kardia_ctl.model.ports import Store
from kardia_ctl.model.state import Entry

RunBlocking = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs one blocking call at a time."""


async def in_place(work: Callable[[], None]) -> None:
    """Run the call in the event loop: for stores that never block."""
    work()


@asynccontextmanager
async def in_thread() -> AsyncIterator[RunBlocking]:
    """Run the calls in one thread, which ends with the block."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "state") as thread:

        async def run_blocking(work: Callable[[], None]) -> None:
            await loop.run_in_executor(thread, work)

        yield run_blocking


@dataclass(slots=True)
class Journal:
    """Writes entries to the store in the order of the calls, in as few commits as possible."""

    store: Store
    run_blocking: RunBlocking = in_place
    _waiting: list[tuple[tuple[Entry, ...], asyncio.Future[None]]] = field(default_factory=list)
    _writing: asyncio.Task[None] | None = None
    _failure: BaseException | None = None

    async def commit(self, entries: Iterable[Entry]) -> None:
        """Write entries, and return once they are durable. Cancelling the caller does not cancel the write.

        Raises:
            StateError: this commit, or an earlier posted one, could not be written.
        """
        try:
            await self.post(entries)
        except Exception:
            self._failure = None  # raised here
            raise
        self._raise()

    def post(self, entries: Iterable[Entry]) -> asyncio.Future[None]:
        """Queue entries without waiting; the future is done when they are durable.

        Only for entries that a crash may lose, such as the outcome of an intent that is durable itself. A
        failed write is raised by the next ``commit``, or by ``drain``.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(self._note_failure)
        self._waiting.append((tuple(entries), done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return done

    async def drain(self) -> None:
        """Wait until all queued entries are written, those of cancelled callers included.

        Raises:
            StateError: posted entries could not be written, and no earlier call raised it.
        """
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
        self._raise()

    def _note_failure(self, done: asyncio.Future[None]) -> None:
        if not done.cancelled() and (error := done.exception()):
            self._failure = error

    def _raise(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            error: BaseException | None = None
            try:
                entries = [entry for batch, _ in together for entry in batch]
                await self.run_blocking(partial(self.store.commit, entries))
            except BaseException as failure:  # noqa: BLE001  (raised where it is awaited)
                error = failure
            for _, done in together:
                if not done.done():
                    done.set_result(None) if error is None else done.set_exception(error)
