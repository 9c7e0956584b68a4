"""Whatever happens at any request: what was acknowledged is there, batches are whole, a next run works."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Entry, Intend, Intent, PatientRecord, Remember, Resolve, State
from kardia_ctl.state.objects import object_run, sure_writes
from kardia_ctl.state.objects.object_store import ObjectStore
from kardia_ctl.state.objects.objects_port import Existing, Unanswered
from tests.moments import at
from tests.state.objects.memory_bucket import Fate, Killed, Line, MemoryBucket

_PEOPLE = 3


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sure_writes, "_PAUSE", 0.0)
    monkeypatch.setattr(sure_writes, "PATIENCE", 0.0)


def batches() -> Iterator[list[Entry]]:
    """An intent, then its outcome, for some people."""
    for number in range(_PEOPLE):
        address = patient_address(f"JS-{number}")
        yield [Intend(Intent(address, "create", at(1.0)))]
        yield [Remember(Kind.PATIENT, f"JS-{number}", "", PatientRecord(f"id-{number}")), Resolve(address)]


def line(bucket: MemoryBucket, side: str, fate: Fate) -> Line:
    """A line on which something happens before or after a request has its effect."""
    return Line(bucket, before=fate) if side == "before" else Line(bucket, after=fate)


def written(state: State) -> int:
    """How many batches a state holds; each whole, in their order."""
    assert state.patients == {
        f"JS-{number}": PatientRecord(f"id-{number}") for number in range(len(state.patients))
    }
    doubts = [patient_address(f"JS-{len(state.patients)}")] if state.intents else []
    assert list(state.intents) == doubts
    return 2 * len(state.patients) + len(doubts)


def run(store: ObjectStore, done: int, acknowledged: list[int], *, fold: bool = False) -> None:
    """Write the batches after the first ``done``; the number of each that is durable is noted."""
    with store.lock("apply"):
        if fold:
            store.erase()
        for number, batch in enumerate(batches(), 1):
            if number > done:
                store.commit(batch)
                acknowledged.append(number)


def recovered(bucket: MemoryBucket, acknowledged: list[int]) -> None:
    """The next runs go on from where the one before was cut off; no batch is lost, none is there in part."""
    bucket.let_the_lease_end()
    before = written(Line(bucket).store().load())
    assert before in {len(acknowledged), len(acknowledged) + 1}
    run(Line(bucket).store(), before, [])
    assert written(Line(bucket).store().load()) == 2 * _PEOPLE
    assert Line(bucket).store().activity() == ""


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_run_that_is_killed_at_any_request_loses_nothing(side: str, fold: bool) -> None:
    for number in count():
        bucket, fate, acknowledged = MemoryBucket(), Fate(number, Killed, lasting=True), list[int]()
        store = line(bucket, side, fate).store()
        with suppress(Killed):
            run(store, 0, acknowledged, fold=fold)
        recovered(bucket, acknowledged)
        if not fate.met:
            break
    assert number > 20


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_server_that_stops_answering_at_any_request_loses_nothing(side: str) -> None:
    for number in count():
        bucket, fate, acknowledged = MemoryBucket(), Fate(number, Unanswered, lasting=True), list[int]()
        store = line(bucket, side, fate).store()
        with suppress(StateError):
            run(store, 0, acknowledged)
        recovered(bucket, acknowledged)
        if not fate.met:
            break


def test_a_write_whose_answer_is_lost_is_found_to_have_succeeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sure_writes, "PATIENCE", 5.0)
    for number in count():
        bucket, acknowledged, writes = MemoryBucket(), list[int](), Fate(number, Unanswered)

        def lose(operation: str, name: str, writes: Fate = writes) -> None:
            if operation in {"create", "swap"} and not name.startswith("probe"):
                writes(operation, name)

        run(Line(bucket, after=lose).store(), 0, acknowledged)
        assert len(acknowledged) == written(Line(bucket).store().load()) == 2 * _PEOPLE
        if not writes.met:
            break
    assert number >= 2 * _PEOPLE


def test_after_a_commit_that_nobody_answered_the_run_writes_nothing_more() -> None:
    bucket = MemoryBucket()
    fails = False

    def fail(operation: str, name: str) -> None:
        if fails and name.startswith("log/"):
            raise Unanswered("writing the state: no answer")

    store = Line(bucket, before=fail).store()
    first, second, *_ = batches()
    with suppress(StateError), store.lock("apply"):
        fails = True
        with pytest.raises(StateError, match="no answer"):
            store.commit(first)
        fails = False
        assert written(store.load()) == 0
        with pytest.raises(StateError, match="no answer"):
            store.check_lock()
        with pytest.raises(StateError, match="no answer"):
            store.commit(second)
    assert written(Line(bucket).store().load()) == 0


def test_the_lock_is_checked_in_silence_while_another_thread_commits() -> None:
    bucket = MemoryBucket()
    checked: list[str] = []

    def check(operation: str, name: str) -> None:
        if operation == "create" and name.startswith("log/"):
            store.check_lock()
            checked.append(name)

    store = Line(bucket, before=check).store()
    run(store, 0, [])
    assert len(checked) > 2 * _PEOPLE


def test_a_name_that_is_refused_and_taken_by_nobody_is_tried_again() -> None:
    line, refusals = Line(MemoryBucket()), [2]

    def refuse(operation: str, _name: str) -> None:
        if operation == "create" and refusals[0]:
            refusals[0] -= 1
            raise Existing

    line.before = refuse
    assert sure_writes.create_surely(line, "log/1", b"body", 5.0) is not None
    assert refusals == [0]


def test_a_run_that_writes_much_keeps_none_of_it_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_run, "_LARGEST_TAIL", 400)
    bucket = MemoryBucket()
    run(Line(bucket).store(), 0, [])
    assert [name for name in bucket.objects if name.startswith("snapshots/")]
    assert written(Line(bucket).store().load()) == 2 * _PEOPLE
