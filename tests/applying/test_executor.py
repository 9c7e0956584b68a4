"""Sending the writes of a plan: what a failure stops, what stops a run, how much is under way."""

import asyncio

import msgspec
import pytest

from kardia_ctl.applying.executor import report
from kardia_ctl.applying.run_context import StopSignal
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.errors import InDoubt, NotExecuted, StateError, Unauthorized
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.model.results import Result, Status
from tests.applying.workshop import SET_CALLBACK, Behaviour, Bench, Hand, Memory, creates

DONE, FAILED, DOUBT, SKIPPED = Status.DONE, Status.FAILED, Status.IN_DOUBT, Status.SKIPPED


def raising(error: Exception, *names: str) -> Behaviour:
    async def behave(name: str) -> None:
        await asyncio.sleep(0)
        if name in names:
            raise error

    return behave


def test_an_empty_plan_does_nothing() -> None:
    assert Bench(*creates()).run() == {}


def test_a_patient_is_created_before_its_codes_and_they_get_its_id() -> None:
    bench = Bench(*creates("A", codes=("year", "quarter")))
    assert set(bench.run().values()) == {DONE}
    assert bench.hand.log == ["create A", "code id-A tpl-quarter", "code id-A tpl-year"]
    assert [(code.mrn, code.template) for code in bench.codes] == [("A", "quarter"), ("A", "year")]


@pytest.mark.parametrize(("error", "status"), [(NotExecuted("400"), FAILED), (InDoubt("lost"), DOUBT)])
def test_a_failed_patient_skips_its_codes_and_nothing_else(error: Exception, status: Status) -> None:
    bench = Bench(*creates("A", "B", codes=("year",)), Hand(raising(error, "create A")))
    assert bench.run() == {
        "patient/A": status,
        "patient/B": DONE,
        "connection_code/A/year": SKIPPED,
        "connection_code/B/year": DONE,
    }
    assert "code id-A tpl-year" not in bench.hand.log


def test_a_skipped_code_says_what_it_needs() -> None:
    bench = Bench(*creates("A", codes=("year",)), Hand(raising(NotExecuted("400"), "create A")))
    (skipped,) = (result for result in bench.results() if result.status is SKIPPED)
    assert skipped.detail == "it needs patient/A, which is failed"


@pytest.mark.parametrize(("error", "status"), [(NotExecuted("404"), FAILED), (InDoubt("lost"), DOUBT)])
def test_a_failed_code_stops_no_other_code(error: Exception, status: Status) -> None:
    bench = Bench(*creates("A", codes=("quarter", "year")), Hand(raising(error, "code id-A tpl-quarter")))
    assert bench.run() == {
        "patient/A": DONE,
        "connection_code/A/quarter": status,
        "connection_code/A/year": DONE,
    }


def test_a_failed_code_of_an_old_patient_stops_no_other_code() -> None:
    desired, changes = creates("A", codes=("quarter", "year"))
    bench = Bench(desired, changes[1:], Hand(raising(NotExecuted("404"), "code  tpl-quarter")))
    assert bench.run() == {"connection_code/A/quarter": FAILED, "connection_code/A/year": DONE}


def test_results_come_in_the_order_of_addresses_however_workers_finish() -> None:
    async def late_first(name: str) -> None:
        for _ in range(20 - int(name[-1])):
            await asyncio.sleep(0)

    bench = Bench(*creates("P1", "P2", "P3"), Hand(late_first))
    results = bench.results()
    assert [str(result.address) for result in results] == ["patient/P1", "patient/P2", "patient/P3"]
    assert [str(result.address) for result in bench.told] == ["patient/P3", "patient/P2", "patient/P1"]


@pytest.mark.parametrize("parallelism", [1, 3, 16])
def test_no_more_is_under_way_than_was_asked_for(parallelism: int) -> None:
    async def slow(_name: str) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    bench = Bench(*creates(*(f"P{number:02}" for number in range(20))), Hand(slow))
    assert set(bench.run(parallelism).values()) == {DONE}
    assert bench.hand.most_under_way == parallelism


def test_a_key_that_is_refused_stops_the_run_and_drains_it() -> None:
    """What is under way gets its answer; nothing that got one is in doubt; the rest is never sent."""
    other, refused = asyncio.Event(), asyncio.Event()

    async def behave(name: str) -> None:
        if name == "create P0":
            await other.wait()
            refused.set()
            raise Unauthorized("401", status=401)
        other.set()
        await refused.wait()
        await asyncio.sleep(0)

    bench = Bench(*creates(*(f"P{number}" for number in range(6))), Hand(behave))
    found = bench.run(parallelism=2)
    assert found == {
        "patient/P0": FAILED,
        "patient/P1": DONE,
        **dict.fromkeys((f"patient/P{number}" for number in range(2, 6)), SKIPPED),
    }
    assert len(bench.hand.log) == 2
    assert bench.stop_signal.reason == "the key was refused"
    assert not bench.store.intents()


@pytest.mark.parametrize("answer", [{"mrn": "OTHER"}, {"dob": "1999-01-01"}], ids=str)
def test_an_answer_that_names_another_mrn_or_birth_date_stops_the_run(answer: dict[str, str]) -> None:
    hand = Hand(echo=lambda live: msgspec.structs.replace(live, **answer))
    bench = Bench(*creates("A", "B", codes=("year",)), hand)
    results = {str(result.address): result for result in bench.results(parallelism=1)}
    assert results["patient/A"].status is DOUBT
    assert results["patient/A"].id == "id-A"
    assert {results[name].status for name in results if name != "patient/A"} == {SKIPPED}
    assert hand.log == ["create A"]
    assert [kept.record.id for kept in bench.store.remembered()] == ["id-A"], "the id is recorded first"


@pytest.mark.parametrize(
    "answer",
    [{"dob": "2000-07-21T00:00:00Z"}, {"dob": None}, {"mrn": ""}, {"email": "OTHER@example.com"}],
    ids=str,
)
def test_an_answer_that_means_what_was_sent_is_no_objection(answer: dict[str, str | None]) -> None:
    bench = Bench(*creates("A"), Hand(echo=lambda live: msgspec.structs.replace(live, **answer)))
    assert bench.run() == {"patient/A": DONE}


def test_a_brake_that_is_pulled_before_the_first_write_sends_nothing() -> None:
    bench = Bench(*creates("A", codes=("year",)), stop_signal=StopSignal("stopped by a person"))
    assert set(bench.run().values()) == {SKIPPED}
    assert not bench.hand.log
    assert {result.detail for result in bench.told} == {"stopped by a person"}


def test_a_brake_waits_for_what_is_under_way_and_sends_nothing_more() -> None:
    stop_signal = StopSignal()

    async def behave(name: str) -> None:
        if name == "create A":
            stop_signal.set("stopped by a person")
        await asyncio.sleep(0)

    bench = Bench(*creates("A", "B", "C", codes=("year",)), Hand(behave), stop_signal=stop_signal)
    found = bench.run(parallelism=1)
    assert found["patient/A"] is DONE
    assert sum(status is SKIPPED for status in found.values()) == 5
    assert bench.hand.log == ["create A"]


def test_the_first_reason_of_a_brake_stays() -> None:
    stop_signal = StopSignal()
    stop_signal.set("first")
    stop_signal.set("second")
    assert stop_signal.reason == "first"


def test_an_intent_is_durable_before_its_request_leaves() -> None:
    bench = Bench(*creates("A", "B", codes=("year",)))
    seen: list[tuple[str, set[str]]] = []

    async def look(name: str) -> None:
        seen.append((name, {str(address) for address in bench.store.intents()}))

    bench.hand = Hand(look)
    bench.run(parallelism=1)
    assert dict(seen) == {
        "create A": {"patient/A"},
        "code id-A tpl-year": {"connection_code/A/year"},
        "create B": {"patient/B"},
        "code id-B tpl-year": {"connection_code/B/year"},
    }
    assert not bench.store.intents()


def test_no_intent_is_written_for_what_may_be_sent_again() -> None:
    bench = Bench(creates()[0], [SET_CALLBACK])
    assert bench.run() == {"callback": DONE}
    assert len(bench.store.batches) == 1


def test_an_intent_in_doubt_stays_with_the_moment_its_connection_ended() -> None:
    bench = Bench(*creates("A"), Hand(raising(InDoubt("lost"), "create A")))
    bench.run()
    (intent,) = bench.store.intents().values()
    assert intent.ended is not None
    assert intent.ended.uptime > intent.at.uptime > 0
    assert not bench.store.remembered()


def test_an_intent_whose_request_was_not_executed_is_settled() -> None:
    bench = Bench(*creates("A"), Hand(raising(NotExecuted("409"), "create A")))
    bench.run()
    assert not bench.store.intents()


def test_what_was_done_and_its_intent_are_settled_in_one_batch() -> None:
    bench = Bench(*creates("A"))
    bench.run()
    assert [len(batch) for batch in bench.store.batches] == [1, 2]


def test_state_that_cannot_be_written_before_a_request_keeps_it_from_being_sent() -> None:
    bench = Bench(*creates("A", "B"), store=Memory(fails_after=0))
    with pytest.raises(StateError, match="disk is full"):
        bench.run()
    assert not bench.hand.log


def test_state_that_fails_after_a_request_leaves_its_intent_and_sends_nothing_more() -> None:
    bench = Bench(*creates("A", "B", "C"), store=Memory(fails_after=1))
    with pytest.raises(StateError, match="disk is full"):
        bench.run(parallelism=1)
    assert bench.hand.log == ["create A"]
    assert [str(address) for address in bench.store.intents()] == ["patient/A"]


def test_state_that_fails_waits_for_what_is_under_way() -> None:
    ended: list[str] = []

    async def behave(name: str) -> None:
        for _ in range(1 if name == "create A" else 10):
            await asyncio.sleep(0)
        ended.append(name)

    bench = Bench(*creates("A", "B"), Hand(behave), Memory(fails_after=1))
    with pytest.raises(StateError):
        bench.run(parallelism=2)
    assert ended == ["create A", "create B"]
    assert {str(address) for address in bench.store.intents()} == {"patient/A", "patient/B"}


def test_an_error_that_nobody_foresaw_waits_for_what_is_under_way() -> None:
    """Such as a codes file that cannot be written: no request is cut off in the middle."""
    ended: list[str] = []

    async def behave(name: str) -> None:
        for _ in range(30 if name == "create B" else 1):
            await asyncio.sleep(0)
        ended.append(name)

    def full(_: IssuedCode) -> None:
        raise OSError("the disk is full")

    bench = Bench(*creates("A", "B", codes=("year",)), Hand(behave), hand_out=full)
    with pytest.raises(OSError, match="disk is full"):
        bench.run(parallelism=2)
    assert "create B" in ended
    assert "patient/B" not in {str(address) for address in bench.store.intents()}


def leaving(action: Action) -> Change:
    return Change(patient_address("A"), action, Cause.DEPARTURE, "left", id="id-A")


def test_a_disconnect_of_who_is_gone_is_failed() -> None:
    bench = Bench(
        creates()[0],
        [leaving(Action.DISCONNECT)],
        Hand(raising(NotExecuted("404", status=404), "disconnect id-A")),
    )
    assert bench.run() == {"patient/A": FAILED}


def test_a_departure_is_recorded_with_its_id() -> None:
    bench = Bench(creates()[0], [leaving(Action.DISCONNECT)])
    assert bench.run() == {"patient/A": DONE}
    assert bench.store.departed() == [("id-A", "disconnect")]


def test_a_report_counts_what_cost_no_request_too() -> None:
    desired, changes = creates("A")
    results = Bench(desired, changes).results()
    found = report(Plan(changes=tuple(changes)), results, StopSignal("stopped"), reads=2, writes=1)
    assert found.interrupted
    assert not found.succeeded
    assert (found.reads, found.writes, found.count(DONE)) == (2, 1, 1)
    assert report(Plan(), (), StopSignal(), reads=0, writes=0).succeeded
    assert isinstance(found.results[0], Result)
