"""More workers than may send, so that the next write is durable when a slot is free."""

import asyncio

import pytest

from kardia_ctl.applying.concurrency import Slots, workers_for
from kardia_ctl.applying.run_context import StopSignal
from kardia_ctl.model.errors import Withheld


def test_one_at_a_time_is_one_worker() -> None:
    assert [workers_for(parallelism) for parallelism in (1, 4, 32)] == [1, 5, 40]
    assert workers_for(32, commits_slowly=True) == 128


def test_nobody_gets_a_slot_once_the_brake_is_pulled() -> None:
    taken: list[str] = []

    async def story() -> None:
        stop_signal = StopSignal()
        slots = Slots(1, stop_signal)

        async def worker() -> None:
            async with slots.acquire(str, lambda: taken.append("next")):
                raise AssertionError("it was sent")

        async with slots.acquire(str, lambda: taken.append("first")):
            waiting = asyncio.create_task(worker())
            await asyncio.sleep(0)
            stop_signal.set("enough")
        with pytest.raises(Withheld, match="enough"):
            await waiting

    asyncio.run(story())
    assert taken == ["first"]
