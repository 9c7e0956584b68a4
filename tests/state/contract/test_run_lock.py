"""One run at a time: the loser is told about the holder, and the lock ends with its holder's process."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from kardia_ctl.model.errors import LockHeld, RunStopped
from kardia_ctl.model.state import Note
from kardia_ctl.state.state_store import StateStore
from tests.paths import ROOT
from tests.state.engines import Engine, Place

_HOLDER = """
import itertools, sys
from pathlib import Path
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import PatientRecord, Remember
from kardia_ctl.state.open import open_store

store = open_store(sys.argv[1], Path(sys.argv[2]), "default")
with store.lock("apply"):
    for number in itertools.count():
        store.commit([Remember(Kind.PATIENT, f"{number}-{part}", "", PatientRecord("id")) for part in "ab"])
        if number == 2:
            print("held", flush=True)
"""

_CONTENDER = """
import sys
from pathlib import Path
from kardia_ctl.model.errors import LockHeld
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import PatientRecord, Remember
from kardia_ctl.state.open import open_store

store = open_store(sys.argv[1], Path(sys.argv[2]), "default")
print("ready", flush=True)
sys.stdin.readline()
try:
    with store.lock("apply"):
        before = len(store.load().patients)
        for number in range(5):
            record = Remember(Kind.PATIENT, f"{sys.argv[3]}-{number}", "", PatientRecord("id"))
            store.commit([record])
            print(len(store.load().patients) - before - number, end=" ")
        print("won", flush=True)
        sys.stdin.readline()
except LockHeld as error:
    print("lost", error, flush=True)
"""


@contextmanager
def started(place: Place, script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, place.url, str(place.root), *arguments]
    environment = {**os.environ, **place.environment}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def release(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_the_loser_is_told_who_holds_it_since_when_and_from_where(store: StateStore, place: Place) -> None:
    other = place.open("other")
    with store.lock("apply"), pytest.raises(LockHeld) as caught, other.lock("state forget"):
        pass
    text = str(caught.value)
    assert f"the state {store.place} is locked: apply by " in text
    assert f"@{os.uname().nodename} (process {os.getpid()}, workspace default)" in text
    assert re.search(r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)
    assert "Next: wait until it ends" in text


def test_a_killed_holder_frees_the_lock_and_its_last_batch_is_whole(
    engine: Engine, store: StateStore, place: Place
) -> None:
    with started(place, _HOLDER) as process:
        assert line(process) == "held"
        with pytest.raises(LockHeld, match=rf"process {process.pid}"), store.lock("apply"):
            pass
        assert f"process {process.pid}" in store.activity()
        assert store.activity().endswith("is running")
        process.send_signal(signal.SIGKILL)
        process.wait()
    over = time.monotonic() + engine.outlives + 5.0
    while store.activity().endswith("is running"):
        assert time.monotonic() < over
        time.sleep(0.01)
    state = store.load()
    assert state.serial >= 3
    assert state.patients.keys() == {f"{number}-{part}" for number in range(state.serial) for part in "ab"}
    assert "ended without finishing" in store.activity()
    assert "apply by" in store.activity()
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
    assert store.activity() == ""
    assert store.load().serial == state.serial + 1


def test_of_two_runs_at_once_one_writes_and_the_other_is_told(store: StateStore, place: Place) -> None:
    for turn in range(3):
        with ExitStack() as stack:
            both = [stack.enter_context(started(place, _CONTENDER, f"{turn}{side}")) for side in "ab"]
            assert [line(process) for process in both] == ["ready", "ready"]
            for process in both:
                release(process)
            said = [line(process) for process in both]
            winner = next(process for process, text in zip(both, said, strict=True) if text.endswith("won"))
            release(winner)
            assert winner.wait() == 0
        assert sorted(text[-3:] == "won" for text in said) == [False, True]
        assert "1 1 1 1 1 won" in said
        told = next(text for text in said if not text.endswith("won"))
        assert re.search(
            rf"^lost the state .* is locked: (apply by .*process {winner.pid}|another run)", told
        )
        assert len(store.load().patients) == 5 * (turn + 1)


def test_a_run_that_ends_in_good_order_is_finished(store: StateStore) -> None:
    with store.lock("apply"):
        pass
    assert store.activity() == ""
    with pytest.raises(RunStopped), store.lock("apply"):
        raise RunStopped("a limit")
    assert store.activity() == ""


def test_a_run_that_is_interrupted_at_a_question_is_finished(store: StateStore) -> None:
    with pytest.raises(KeyboardInterrupt), store.lock("apply"):
        raise KeyboardInterrupt
    assert store.activity() == ""


def test_a_run_that_something_unforeseen_ends_is_not_finished(store: StateStore) -> None:
    with pytest.raises(RuntimeError), store.lock("apply"):
        raise RuntimeError
    assert re.fullmatch(r"apply by .*, started [-0-9T:]+Z, ended without finishing", store.activity())


def test_another_workspaces_unfinished_run_is_not_ours(store: StateStore, place: Place) -> None:
    with pytest.raises(RuntimeError), place.open("other").lock("apply"):
        raise RuntimeError
    assert store.activity() == ""


def test_looking_for_a_run_does_not_keep_the_next_one_out(store: StateStore, place: Place) -> None:
    looking, ended = place.open("other"), threading.Event()

    def look() -> None:
        while not ended.is_set():
            looking.activity()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for _ in range(10):
            with store.lock("apply"):
                pass
    finally:
        ended.set()
        thread.join()


def test_waiting_for_the_lock_is_bounded_by_its_timeout(store: StateStore, place: Place) -> None:
    patient, before = place.open(lock_timeout=0.5), time.monotonic()
    with store.lock("apply"), pytest.raises(LockHeld), patient.lock("apply"):
        pass
    assert 0.5 <= time.monotonic() - before < 5.0


def test_waiting_ends_when_the_holder_does(store: StateStore, place: Place) -> None:
    holding = ExitStack()
    holding.enter_context(store.lock("apply"))
    patient = place.open(lock_timeout=30.0)
    ending = threading.Timer(0.2, holding.close)
    ending.start()
    with patient.lock("apply"):
        patient.commit([Note("team", "team-1")])
    ending.join()
    assert patient.load().team == "team-1"


def test_a_lock_that_is_held_is_checked_in_silence(store: StateStore) -> None:
    with store.lock("apply"):
        for _ in range(3):
            store.check_lock()
