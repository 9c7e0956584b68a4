"""Durable before it leaves, and together: steps that wait at the same time share one commit.

A commit waits for the disk, some milliseconds each time. One for each step, one after the other and in the
event loop, would bound an apply far below what the API allows. So a commit runs beside the loop, and what
comes meanwhile goes into the next one: whoever waits is woken when their entries are on disk, as before.
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
"""Runs a blocking piece of work, one at a time."""


async def at_once(work: Callable[[], None]) -> None:
    """Run it here and now: for stores that wait for nothing."""
    work()


@asynccontextmanager
async def in_thread() -> AsyncIterator[RunBlocking]:
    """Run the work in one thread of its own, which ends with the block."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "state") as thread:

        async def run_blocking(work: Callable[[], None]) -> None:
            await loop.run_in_executor(thread, work)

        yield run_blocking


@dataclass(slots=True)
class Journal:
    """Writes to the store in the order in which it was asked to, in as few commits as that allows."""

    store: Store
    run_blocking: RunBlocking = at_once
    _waiting: list[tuple[tuple[Entry, ...], asyncio.Future[None]]] = field(default_factory=list)
    _writing: asyncio.Task[None] | None = None
    _failure: BaseException | None = None

    async def commit(self, entries: Iterable[Entry]) -> None:
        """Return when the entries are durable. Who is cancelled meanwhile has them written all the same.

        Raises:
            StateError: they could not be written, nor what shared their commit; or what was posted before
                could not.
        """
        try:
            await self.post(entries)
        except Exception:
            self._failure = None  # it is told here
            raise
        self._raise()

    def post(self, entries: Iterable[Entry]) -> asyncio.Future[None]:
        """Put entries in line, before whatever comes later; what it gives is done when they are durable.

        For what may be lost in a crash: the record of what an intent, which is durable, is about. That it
        could not be written is raised by whoever comes next, or by ``rest``.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(self._hear)
        self._waiting.append((tuple(entries), done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return done

    async def rest(self) -> None:
        """Return when nothing is left to write, whoever asked for it and is gone.

        Raises:
            StateError: something that was posted could not be written, and nobody was told yet.
        """
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
        self._raise()

    def _hear(self, done: asyncio.Future[None]) -> None:
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
            except BaseException as found:  # noqa: BLE001  (it is theirs who wait)
                error = found
            for _, done in together:
                if not done.done():
                    done.set_result(None) if error is None else done.set_exception(error)
