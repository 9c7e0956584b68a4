import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kardia_ctl.model.errors import LockHeld, StateError
from kardia_ctl.model.state import Note
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.sqlite.file_lock import FileLock
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.paths import ROOT

_HOLDER = """
import sys, time
from pathlib import Path
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import PatientRecord, Remember
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore

store = SqliteStore(Path(sys.argv[1]), "default")
with store.lock("apply"):
    for number in range(3):
        store.commit([Remember(Kind.PATIENT, f"{number}-{part}", "", PatientRecord("id")) for part in "ab"])
    print("held", flush=True)
    store._writing.execute("BEGIN IMMEDIATE")
    store._writing.execute("DELETE FROM record")
    time.sleep(600)
"""


@contextmanager
def another_run(path: Path) -> Iterator[subprocess.Popen[str]]:
    root = ROOT
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_the_lock_file_holds_terraforms_lock_information(store: SqliteStore, path: Path) -> None:
    with store.lock("apply"):
        information = json.loads(path.with_name("state.db.lock").read_text())
    assert list(information) == ["ID", "Operation", "Info", "Who", "Version", "Created", "Path", "pid"]
    assert path.with_name("state.db.lock").read_text() == ""


def test_a_killed_holder_frees_the_lock_and_its_last_batch_is_whole(store: SqliteStore, path: Path) -> None:
    with another_run(path) as process:
        with pytest.raises(LockHeld, match=rf"process {process.pid}"), store.lock("apply"):
            pass
        assert f"process {process.pid}" in store.activity()
        assert store.activity().endswith("is running")
        process.send_signal(signal.SIGKILL)
        process.wait()
    state = store.load()
    assert (state.serial, len(state.patients)) == (3, 6)
    assert "ended without finishing" in store.activity()
    assert "apply by" in store.activity()
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
    assert store.activity() == ""
    assert store.load().serial == 4


def test_a_probe_does_not_disturb_holder_or_successor(store: SqliteStore, path: Path) -> None:
    waited: list[float] = []
    with store.lock("apply"):
        assert "is running" in store.activity()
        store.commit([Note("team", "team-1")])
    lock = path.with_name("state.db.lock")
    descriptor = os.open(lock, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    with SqliteStore(path, "default", sleep=sleep).lock("apply"):
        assert len(waited) == 1
    os.close(descriptor)


def test_a_lock_file_that_was_replaced_is_not_ours(tmp_path: Path) -> None:
    place = tmp_path / "state.db.lock"
    holder = LockInfo("id", "apply", "", "joe@host", "1", "now", "state.db", 1)
    database = tmp_path / "state.db"
    one = FileLock(place, database, timeout=0, sleep=lambda _: None)
    one.acquire(holder)
    place.unlink()
    two = FileLock(place, tmp_path / "other.db", timeout=0, sleep=lambda _: None)
    two.acquire(holder)
    assert two.probe() == (True, holder)
    one.release()
    two.release()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"ID": 1}', b"\xff"])
def test_a_holder_that_has_not_written_itself_down_is_still_a_holder(
    store: SqliteStore, path: Path, text: bytes
) -> None:
    with store.lock("apply"):
        path.with_name("state.db.lock").write_bytes(text)
        assert store.activity() == "another run has just started"
        with pytest.raises(LockHeld, match="has not written its lock information yet"), store.lock("apply"):
            pass


def test_a_lock_that_cannot_be_made_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = SqliteStore(tmp_path / "file" / "state.db", "default")
    with (
        pytest.raises(StateError, match=r"locking the state .*: Not a directory\. Check"),
        store.lock("apply"),
    ):
        pass


def test_the_lock_is_let_go_when_its_holder_cannot_be_written_down(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(StateError, match="No space left on device"), store.lock("apply"):
            pass
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])


def test_the_lock_is_let_go_when_the_database_cannot_be_opened(store: SqliteStore, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, and long enough to be read as one" * 100)
    with pytest.raises(StateError, match="not a SQLite database"), store.lock("apply"):
        pass
    path.unlink()
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
