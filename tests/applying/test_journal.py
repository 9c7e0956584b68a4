"""Durable before it goes on, in order, and in as few commits as that allows."""

import asyncio
from collections.abc import Callable

import pytest

from kardia_ctl.applying.journal import Journal, in_thread
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.state import Entry, Note
from tests.applying.workshop import Memory


def note(number: int) -> Entry:
    return Note("n", str(number))


class Disk:
    """Work waits until it is let through."""

    def __init__(self) -> None:
        self.turn = asyncio.Semaphore(0)

    async def beside(self, work: Callable[[], None]) -> None:
        await self.turn.acquire()
        work()


def test_whoever_comes_while_a_commit_runs_shares_the_next() -> None:
    async def story() -> Memory:
        store, disk = Memory(), Disk()
        journal = Journal(store, disk.beside)
        asking = [asyncio.create_task(journal.commit([note(0)]))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking += [asyncio.create_task(journal.commit([note(number)])) for number in range(1, 9)]
        await asyncio.sleep(0)
        disk.turn.release()
        await asking[0]
        assert not any(one.done() for one in asking[1:])  # not before it is written
        disk.turn.release()
        await asyncio.gather(*asking)
        return store

    store = asyncio.run(story())
    assert [len(batch) for batch in store.batches] == [1, 8]
    assert store.entries == [note(number) for number in range(9)]


def test_all_who_share_a_commit_that_fails_are_told_and_the_next_is_tried() -> None:
    async def story() -> list[BaseException | None]:
        store = Memory(fails_after=0)
        journal = Journal(store)
        told = await asyncio.gather(*(journal.commit([note(n)]) for n in range(3)), return_exceptions=True)
        store.fails_after = None
        await journal.commit([note(3)])
        assert store.entries == [note(3)]
        return told

    assert [type(error) for error in asyncio.run(story())] == [StateError] * 3


def test_who_is_cancelled_has_it_written_all_the_same() -> None:
    async def story() -> Memory:
        store, disk = Memory(), Disk()
        journal = Journal(store, disk.beside)
        asking = asyncio.create_task(journal.commit([note(1)]))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        disk.turn.release()
        await journal.drain()
        return store

    assert asyncio.run(story()).entries == [note(1)]


def test_a_thread_keeps_the_order_and_leaves_the_loop_free() -> None:
    async def story() -> Memory:
        store = Memory()
        async with in_thread() as beside:
            journal = Journal(store, beside)
            for wave in range(0, 100, 10):
                await asyncio.gather(*(journal.commit([note(wave + n)]) for n in range(10)))
        return store

    store = asyncio.run(story())
    assert store.entries == [note(number) for number in range(100)]
    assert len(store.batches) < 100


def test_what_was_posted_and_could_not_be_written_is_told_to_whoever_rests() -> None:
    async def story() -> None:
        journal = Journal(Memory(fails_after=0))
        journal.post([note(1)])
        with pytest.raises(StateError):
            await journal.drain()
        await journal.drain()  # once

    asyncio.run(story())


def test_what_was_posted_stands_before_what_comes_later() -> None:
    async def story() -> Memory:
        store, disk = Memory(), Disk()
        journal = Journal(store, disk.beside)
        journal.post([note(1)])
        later = asyncio.create_task(journal.commit([note(2)]))
        for _ in range(2):
            disk.turn.release()
        await later
        return store

    assert asyncio.run(story()).entries == [note(1), note(2)]
