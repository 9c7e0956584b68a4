"""Who may send when, in a world in which time jumps."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.api.limits.pacer import Halted, Pace
from tests.api import skipping


def make_pace(parallelism: int) -> Pace:
    return Pace(
        parallelism,
        clock=asyncio.get_running_loop().time,
        sleep=asyncio.sleep,
        draw=float,
    )


@dataclass
class Log:
    """Who sent, and when."""

    sent: list[tuple[str, float]] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    async def send(
        self, pace: Pace, name: str, status: int | None = 200, takes: float = 1.0, wait: float | None = None
    ) -> None:
        async with pace.slot() as slot:
            self.sent.append((name, slot.began))
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            try:
                await asyncio.sleep(takes)
            finally:
                self.under_way -= 1
            pace.record(slot, status, wait)


def test_turns_come_in_the_order_of_asking() -> None:
    async def main() -> Log:
        log, pace = Log(), make_pace(2)
        await asyncio.gather(*(log.send(pace, f"{number}") for number in range(6)))
        return log

    log = skipping.run(main())
    assert log.sent == [("0", 0), ("1", 0), ("2", 1), ("3", 1), ("4", 2), ("5", 2)]
    assert log.most == 2


def test_after_a_throttle_half_as_many_are_under_way() -> None:
    async def main() -> tuple[Log, Log]:
        before, after, pace = Log(), Log(), make_pace(8)
        await asyncio.gather(*(before.send(pace, "before", 429) for _ in range(8)))
        await asyncio.gather(*(after.send(pace, "after", 500) for _ in range(12)))
        return before, after

    before, after = skipping.run(main())
    assert (before.most, after.most) == (8, 4)


@pytest.mark.parametrize("status", [429, 503])
def test_nobody_sends_before_a_named_pause_has_passed(status: int) -> None:
    async def main() -> Log:
        log, pace = Log(), make_pace(4)
        first = [log.send(pace, "first", status, wait=30.0), log.send(pace, "beside", takes=2)]
        await asyncio.gather(*first, *(log.send(pace, "later") for _ in range(4)))
        return log

    log = skipping.run(main())
    assert [when for name, when in log.sent if name != "later"] == [0, 0]
    assert sorted(when for name, when in log.sent if name == "later") == [0, 0, 31, 31]


def test_the_longest_of_several_pauses_counts() -> None:
    async def main() -> Log:
        log, pace = Log(), make_pace(3)
        await asyncio.gather(
            log.send(pace, "a", 503, takes=1, wait=10),
            log.send(pace, "b", 503, takes=2, wait=20),
            log.send(pace, "c", 503, takes=3, wait=1),
            log.send(pace, "d"),
        )
        return log

    assert skipping.run(main()).sent[-1] == ("d", 22)


@pytest.mark.parametrize(
    ("statuses", "times"),
    [
        ([429, 429, 429, 429], [0, 1, 3, 6]),
        ([429, 200, 429, 429], [0, 1, 2, 3]),
        ([503, 500, 503, 503], [0, 1, 2, 4]),
        ([503, None, 503, 503], [0, 1, 2, 4]),
        ([500, 502, None, 404], [0, 1, 2, 3]),
    ],
)
def test_only_throttles_in_a_row_make_a_pause_that_nobody_named(
    statuses: list[int | None], times: list[float]
) -> None:
    async def main() -> Log:
        log, pace = Log(), make_pace(1)
        for status in statuses:
            await log.send(pace, "", status)
        return log

    assert [when for _, when in skipping.run(main()).sent] == times


def test_a_wait_of_nothing_is_no_pause() -> None:
    async def main() -> Log:
        log, pace = Log(), make_pace(1)
        for _ in range(3):
            await log.send(pace, "", 429, wait=0.0)
        return log

    assert [when for _, when in skipping.run(main()).sent] == [0, 1, 2]


def test_a_pause_ends_for_a_sleep_that_no_clock_shows() -> None:
    """Such as a test's, which returns at once."""

    async def main() -> list[float]:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        pace = Pace(1, clock=lambda: 0.0, sleep=sleep, draw=float)
        await Log().send(pace, "", 429, wait=9.0)
        await Log().send(pace, "")
        await Log().send(pace, "")
        return slept

    assert skipping.run(main()) == [9.0]


@pytest.mark.parametrize("paused", [False, True], ids=["in line", "in a pause"])
def test_a_halt_ends_all_waiting_at_once_and_leaves_what_is_under_way(*, paused: bool) -> None:
    async def main() -> None:
        log, pace = Log(), make_pace(1)
        if paused:
            await log.send(pace, "first", 429, takes=0.0, wait=100.0)
        else:
            first = asyncio.create_task(log.send(pace, "first", takes=5.0))
        waiting = [asyncio.create_task(log.send(pace, "later")) for _ in range(3)]
        sleeper = asyncio.create_task(pace.sleep(100.0))
        await asyncio.sleep(1)
        pace.halt("enough")
        pace.halt("more than enough")
        results = await asyncio.gather(*waiting, sleeper, return_exceptions=True)
        assert [str(result) for result in results] == ["enough"] * 3 + ["None"]
        assert asyncio.get_running_loop().time() == 1
        if not paused:
            await first
        with pytest.raises(Halted, match="enough"):
            await log.send(pace, "after")
        assert [name for name, _ in log.sent] == ["first"]

    skipping.run(main())


def test_an_error_of_the_sleep_comes_through() -> None:
    async def broken(_: float) -> None:
        raise OSError("no clock")

    async def main() -> None:
        pace = Pace(1, clock=lambda: 0.0, sleep=broken, draw=float)
        with pytest.raises(OSError, match="no clock"):
            await pace.sleep(1)

    skipping.run(main())


SENDING = st.fixed_dictionaries(
    {
        "starts": st.integers(0, 5),
        "takes": st.integers(0, 3),
        "status": st.sampled_from([200, 200, 404, 429, 503, 500, None]),
        "wait": st.sampled_from([None, None, 0.0, 2.0, 5.0]),
        "leaves": st.none() | st.integers(0, 8),
    }
)


@settings(deadline=None)
@given(st.integers(1, 6), st.lists(SENDING, max_size=25))
def test_however_workers_come_fail_and_leave_nobody_starves(
    parallelism: int, sendings: list[dict[str, int]]
) -> None:
    """Never more than the window are let in, never more than asked for, and nobody waits for ever."""

    async def main() -> None:
        pace, log = make_pace(parallelism), Log()

        async def send(one: dict[str, int]) -> None:
            await asyncio.sleep(one["starts"])
            async with pace.slot() as slot:
                log.under_way += 1
                try:
                    assert log.under_way <= pace._window.size <= parallelism
                    assert slot.began >= (pace._paused_until or 0)
                    await asyncio.sleep(one["takes"])
                finally:
                    log.under_way -= 1
                pace.record(slot, one["status"], one["wait"])

        tasks = [asyncio.create_task(send(one)) for one in sendings]
        for task, one in zip(tasks, sendings, strict=True):
            if one["leaves"] is not None:
                asyncio.get_running_loop().call_later(one["leaves"], task.cancel)
        results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 100_000)
        assert not [each for each in results if isinstance(each, Exception)]
        assert log.under_way == pace._in_flight == 0
        await asyncio.wait_for(log.send(pace, "one more"), 1_000)

    skipping.run(main())


def test_no_turn_is_lost_when_its_owner_leaves_in_the_moment_of_getting_it() -> None:
    async def main() -> None:
        pace, log = make_pace(1), Log()
        first = pace.slot()
        await first.__aenter__()
        second = asyncio.create_task(log.send(pace, "second"))
        await asyncio.sleep(0.5)
        await first.__aexit__(None, None, None)  # second has its turn now, and does not know yet
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        await asyncio.wait_for(log.send(pace, "third"), 10)
        assert [name for name, _ in log.sent] == ["third"]

    skipping.run(main())


def test_who_was_given_a_place_that_a_throttle_took_away_waits_in_front() -> None:
    async def main() -> None:
        pace, log = make_pace(2), Log()
        first, second = pace.slot(), pace.slot()
        await first.__aenter__()
        slot = await second.__aenter__()
        later = [asyncio.create_task(log.send(pace, name)) for name in "ab"]
        await asyncio.sleep(1)
        await first.__aexit__(None, None, None)  # a has its place now, and does not know yet
        pace.record(slot, 429)
        await asyncio.sleep(5)
        assert not log.sent
        await second.__aexit__(None, None, None)
        await asyncio.gather(*later)
        assert log.sent == [("a", 6), ("b", 7)]

    skipping.run(main())
