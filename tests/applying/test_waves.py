"""Bulk goes out in waves; one that goes wrong is the last."""

import asyncio

import pytest

from kardia_ctl.model.configuration import Waves
from kardia_ctl.model.errors import InDoubt, NotExecuted
from kardia_ctl.model.results import Status
from kardia_ctl.planning.apply_stages import in_waves
from kardia_ctl.planning.dependencies import chains
from tests.applying.test_executor import raising
from tests.applying.workshop import SET_CALLBACK, Bench, Hand, creates

DONE, FAILED, DOUBT, SKIPPED = Status.DONE, Status.FAILED, Status.IN_DOUBT, Status.SKIPPED
MRNS = tuple("ABCDEFGH")


@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 8), (3, [3, 3, 2]), (4, [4, 4]), (8, [8]), (9, [8])])
def test_a_wave_has_so_many_patients_and_the_last_has_the_rest(size: int, sizes: list[int]) -> None:
    _, changes = creates(*MRNS, codes=("year",))
    waves = list(in_waves(chains(changes), Waves(size)))
    assert [len(wave.chains) for wave in waves] == sizes
    assert [(wave.number, wave.of) for wave in waves] == [(n, len(sizes)) for n in range(1, len(sizes) + 1)]
    assert [change for wave in waves for chain in wave.chains for change in chain] == [
        change for chain in chains(changes) for change in chain
    ]


def test_what_belongs_to_no_patient_does_not_count() -> None:
    _, changes = creates("A", "B")
    waves = list(in_waves(chains([SET_CALLBACK, *changes]), Waves(1)))
    assert [len(wave.chains) for wave in waves] == [2, 1]
    alone = list(in_waves(chains([SET_CALLBACK]), Waves(1)))
    assert [len(wave.chains) for wave in alone] == [1]


def test_nothing_to_send_is_no_wave_that_goes_wrong() -> None:
    assert all(not wave.chains for wave in in_waves((), Waves(1)))


def test_the_next_wave_begins_when_the_last_has_ended() -> None:
    async def slow_first(name: str) -> None:
        await asyncio.sleep(0.01 if name.endswith(" A") else 0)

    bench = Bench(*creates(*MRNS, codes=("year",)), Hand(slow_first), waves=Waves(2))
    assert set(bench.run(8).values()) == {DONE}
    order = [name.split()[1].removeprefix("id-") for name in bench.hand.log]
    assert [sorted(order[n : n + 4]) for n in range(0, 16, 4)] == [
        list("AABB"),
        list("CCDD"),
        list("EEFF"),
        list("GGHH"),
    ]


@pytest.mark.parametrize("error", [NotExecuted("400"), InDoubt("lost")])
def test_a_wave_that_goes_wrong_is_the_last(error: Exception) -> None:
    hand = Hand(raising(error, "create C", "create D"))
    bench = Bench(*creates(*MRNS), hand, waves=Waves(4, stop_on_failures=2))
    results = bench.results(parallelism=4)
    assert [result.status for result in results[4:]] == [SKIPPED] * 4
    assert hand.log == [f"create {mrn}" for mrn in "ABCD"]
    assert "wave 1 of 2 stopped: 2 changes failed or are in doubt" in bench.stop_signal.reason
    assert results[-1].detail == bench.stop_signal.reason


def test_failures_of_two_waves_do_not_add_up() -> None:
    hand = Hand(raising(NotExecuted("400"), *(f"create {mrn}" for mrn in "ACEG")))
    bench = Bench(*creates(*MRNS), hand, waves=Waves(2, stop_on_failures=2))
    assert list(bench.run().values()).count(DONE) == 4
    assert bench.stop_signal.reason == ""


def test_what_is_skipped_because_of_a_failure_does_not_count() -> None:
    hand = Hand(raising(NotExecuted("400"), "create A"))
    bench = Bench(*creates("A", "B", codes=("year", "quarter")), hand, waves=Waves(2, stop_on_failures=2))
    assert list(bench.run().values()).count(SKIPPED) == 2
    assert bench.stop_signal.reason == ""


def test_the_rest_of_a_wave_that_goes_wrong_is_not_sent_and_what_is_under_way_ends() -> None:
    async def behave(name: str) -> None:
        await asyncio.sleep(0 if name == "create A" else 0.01)
        if name == "create A":
            raise NotExecuted("400")

    bench = Bench(*creates(*MRNS), Hand(behave), waves=Waves(8, stop_on_failures=1))
    assert list(bench.run(parallelism=3).values()) == [FAILED, DONE, DONE, *[SKIPPED] * 5]


def test_a_wave_that_goes_wrong_reaches_those_who_wait_to_send_again() -> None:
    bench = Bench(*creates("A"), Hand(raising(NotExecuted("400"), "create A")), waves=Waves(1, 1))
    halted: list[str] = []
    bench.stop_signal.on_set = halted.append
    bench.run()
    assert halted == [bench.stop_signal.reason]


def test_without_waves_failures_stop_nothing() -> None:
    names = [f"create {mrn}" for mrn in MRNS[:-1]]
    assert list(Bench(*creates(*MRNS), Hand(raising(NotExecuted("400"), *names))).run().values())[-1] == DONE
