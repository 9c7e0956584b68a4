"""A holder that lost its lock cannot write any more, however late it wakes up, and nothing of it is lost."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.model.errors import LockHeld, StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Note, PatientRecord, Remember
from kardia_ctl.state.objects.object_store import ObjectStore
from kardia_ctl.state.objects.stored_forms import StateHead
from tests.attacks.safeguards import removed
from tests.state.objects.memory_bucket import LEASE, Line, MemoryBucket, no_renewal


def person(name: str) -> list[Remember]:
    return [Remember(Kind.PATIENT, name, "", PatientRecord(f"id-{name}"))]


def held(bucket: MemoryBucket, stack: ExitStack) -> ObjectStore:
    """A run that has written somebody, and whose lease is not renewed any more."""
    store = Line(bucket, before=no_renewal).store()
    stack.enter_context(suppress(StateError))
    stack.enter_context(store.lock("apply"))
    store.commit(person("first"))
    return store


@pytest.mark.parametrize("ended", [False, True])
def test_a_holder_that_slept_is_refused_and_told_who_took_over(ended: bool) -> None:
    bucket = MemoryBucket()
    with ExitStack() as stack:
        sleeper = held(bucket, stack)
        later = Line(bucket).store("later")
        if ended:
            with later.lock("status"):
                pass
        with (
            later.lock("apply"),
            pytest.raises(StateError, match=r"another run has taken it over: (status|apply) by .*later"),
        ):
            sleeper.commit(person("lost"))
        with pytest.raises(StateError, match="taken it over"):
            sleeper.check_lock()
        with pytest.raises(StateError, match="taken it over"):
            sleeper.commit(person("lost"))
    assert Line(bucket).store().load().patients.keys() == {"first"}


def test_a_holder_that_slept_sends_nothing_even_before_its_next_commit() -> None:
    bucket = MemoryBucket()
    with ExitStack() as stack:
        sleeper = held(bucket, stack)
        sleeper.check_lock()
        with Line(bucket).store().lock("apply"), pytest.raises(StateError, match="taken it over: apply by"):
            sleeper.check_lock()


def test_a_holder_that_slept_and_was_not_replaced_goes_on() -> None:
    bucket = MemoryBucket()
    with ExitStack() as stack:
        sleeper = held(bucket, stack)
        time.sleep(2 * LEASE)
        sleeper.check_lock()
        sleeper.commit(person("second"))
    assert Line(bucket).store().load().patients.keys() == {"first", "second"}


def test_without_the_kept_mark_a_holder_that_slept_could_write() -> None:
    bucket = MemoryBucket()
    with ExitStack() as stack:
        sleeper = held(bucket, stack)
        with removed(StateHead, "kept", lambda _head, _number: ()):
            with Line(bucket).store().lock("apply"):
                pass
            sleeper.commit(person("lost"))
    assert Line(bucket).store().load().patients.keys() == {"first"}


@settings(max_examples=60)
@given(moments=st.lists(st.integers(0, 14), max_size=4))
def test_what_a_holder_writes_during_the_takeover_is_refused_or_kept(moments: Sequence[int]) -> None:
    bucket, passed, kept = MemoryBucket(), [0], ["first"]
    with ExitStack() as stack:
        sleeper = held(bucket, stack)

        def write_meanwhile(_operation: str, _name: str) -> None:
            if threading.current_thread().name != "lease":
                for _ in range(moments.count(passed[0])):
                    with suppress(StateError):
                        sleeper.commit(person(f"{len(kept)}"))
                        kept.append(f"{len(kept)}")
                passed[0] += 1

        bucket.let_the_lease_end()
        taker = Line(bucket, before=write_meanwhile).store()
        with taker.lock("apply"):
            assert list(taker.load().patients) == sorted(kept, key=list(taker.load().patients).index)
            taker.commit(person("taker"))
    assert Line(bucket).store().load().patients.keys() == {*kept, "taker"}


def test_a_holder_that_closes_while_it_is_replaced_leaves_a_whole_state() -> None:
    bucket = MemoryBucket()
    with ExitStack() as outer:
        stack = outer.enter_context(ExitStack())
        held(bucket, stack)
        closed = False

        def close_meanwhile(operation: str, name: str) -> None:
            nonlocal closed
            if (operation, name) == ("swap", "head") and not closed:
                closed = True
                stack.close()

        bucket.let_the_lease_end()
        taker = Line(bucket, before=close_meanwhile).store()
        with taker.lock("apply"):
            taker.commit(person("taker"))
    assert closed
    assert Line(bucket).store().load().patients.keys() == {"first", "taker"}


def _folding_run(bucket: MemoryBucket, name: str) -> None:
    store = Line(bucket).store()
    with store.lock("apply"):
        store.erase()
        store.commit([*person(name), Note("team", name)])


def test_a_reader_whose_objects_are_tidied_away_reads_again() -> None:
    bucket, turn = MemoryBucket(), [0]
    _folding_run(bucket, "0")

    def tidy(operation: str, name: str) -> None:
        if operation == "get" and name.startswith("snapshots/") and turn[0] < 3:
            turn[0] += 1
            _folding_run(bucket, str(turn[0]))

    state = Line(bucket, before=tidy).store().load()
    assert (state.team, len(state.patients)) == ("3", 4)


def test_a_reader_during_a_run_sees_whole_commits_whatever_ends_meanwhile() -> None:
    bucket = MemoryBucket()
    with ExitStack() as stack:
        store = Line(bucket).store()
        stack.enter_context(store.lock("apply"))
        store.commit(person("first"))
        store.erase()

        def end(operation: str, name: str) -> None:
            if operation == "get" and name.startswith("log/"):
                stack.close()

        assert Line(bucket, before=end).store().load().patients.keys() == {"first"}


def test_objects_that_somebody_removed_are_one_message() -> None:
    bucket = MemoryBucket()
    _folding_run(bucket, "0")
    del bucket.objects["head"]
    with pytest.raises(StateError, match="damaged or missing"):
        Line(bucket).store().load()
    with pytest.raises(StateError, match="damaged or missing"), Line(bucket).store().lock("apply"):
        pass


def _dozen(bucket: MemoryBucket, work: Callable[[ObjectStore], None]) -> list[str]:
    said: list[str] = []

    def contend() -> None:
        store = Line(bucket).store()
        try:
            with store.lock("apply"):
                work(store)
                said.append("won")
        except LockHeld as error:
            said.append(str(error))

    threads = [threading.Thread(target=contend) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_of_a_dozen_runs_at_once_one_at_a_time_writes() -> None:
    bucket, inside = MemoryBucket(), threading.Semaphore(1)

    def work(store: ObjectStore) -> None:
        assert inside.acquire(blocking=False)
        store.commit(person(str(len(store.load().patients))))
        time.sleep(2 * LEASE)
        inside.release()

    said = _dozen(bucket, work)
    assert len(said) == 12
    assert len(Line(bucket).store().load().patients) == said.count("won")
    assert all("is locked: apply by" in text for text in said if text != "won")
