"""One database, one lock: whatever name leads to it, whoever copies, replaces or restores it during a run."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from kardia_ctl.model.errors import LockHeld, StateError
from kardia_ctl.model.state import Note
from kardia_ctl.state.lock_info import who
from kardia_ctl.state.sqlite import database, inode_lock, run_guard, sqlite_store
from kardia_ctl.state.sqlite.file_lock import FileLock
from kardia_ctl.state.sqlite.inode_lock import InodeLock
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.attacks.safeguards import removed
from tests.canary.desk import InnerDesk, inner_desk
from tests.paths import ROOT

_HOLDER: Final = """
import sys, time
from pathlib import Path
from kardia_ctl.model.state import Note
from kardia_ctl.state.lock_info import who
from kardia_ctl.state.sqlite.file_lock import FileLock
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore

store = SqliteStore(Path(sys.argv[1]), "default")
with store.lock("apply"):
    store.commit([Note("team", "team-1")])
    print("held", flush=True)
    sys.stdin.readline()
    store.commit([Note("team", "team-2")])
"""

CLINIC: Final = """\
version: 1
patients:
  - {mrn: P-1, dob: 1958-03-14, email: ottoline@example.com}
"""


def store_at(path: Path) -> SqliteStore:
    return SqliteStore(path, "default", sleep=lambda _: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database that a run has written."""
    path = tmp_path / "real" / "state.db"
    with store_at(path).lock("apply"):
        pass
    return path


@contextmanager
def held_elsewhere(path: Path, *before: str) -> Iterator[subprocess.Popen[str]]:
    """A run in another process that holds the database; ``before`` is a command that starts it."""
    command = [*before, sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def is_refused(path: Path) -> str:
    """A second run under this name is refused; what it is told."""
    with pytest.raises(LockHeld) as caught, store_at(path).lock("apply"):
        pass
    return str(caught.value)


@contextmanager
def _run(store: SqliteStore) -> Iterator[None]:
    with store.lock("apply"):
        store.commit([Note("team", "as of the run")])
        yield
        store.commit([Note("team", "after it")])


@contextmanager
def found_out(store: SqliteStore, message: str) -> Iterator[None]:
    """A run whose last commit, after what the block does, is refused."""
    with pytest.raises(StateError, match=message), _run(store):
        yield


# Names


def _link_to_file(path: Path, place: Path) -> Path:
    place.mkdir()
    (place / "state.db").symlink_to(path)
    return place / "state.db"


def _link_to_directory(path: Path, place: Path) -> Path:
    place.symlink_to(path.parent)
    return place / "state.db"


def _link_to_link(path: Path, place: Path) -> Path:
    (path.parent / "other").symlink_to("state.db")
    return _link_to_file(path.parent / "other", place)


@pytest.mark.parametrize("link", [_link_to_file, _link_to_directory, _link_to_link])
def test_a_run_under_another_name_is_kept_out_and_told_by_whom(
    path: Path, tmp_path: Path, link: Callable[[Path, Path], Path]
) -> None:
    other = link(path, tmp_path / "linked")
    with held_elsewhere(path) as process:
        assert f"apply by {who()} (process {process.pid}" in is_refused(other)
        assert f"process {process.pid}" in store_at(other).activity()
    with store_at(other).lock("apply"):
        store_at(other).load()
    assert {file.name for file in path.parent.iterdir()} >= {"state.db", "state.db.lock"}
    assert not other.with_name("state.db.lock").exists() or other.parent.is_symlink()


def _in_a_mount(tmp_path: Path, path: Path) -> tuple[Path, tuple[str, ...]]:
    """A file mounted by itself, as containers do; the command that starts a process that sees it."""
    place = tmp_path / "mounted"
    place.mkdir()
    (place / "state.db").touch()
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    flags = ["-m"] if os.geteuid() == 0 else ["-rm"]
    script = f'mount --bind "{path}" "{place}/state.db" && exec "$@"'
    started = ("unshare", *flags, "sh", "-c", script, "sh")
    tried = subprocess.run([*started, "true"], capture_output=True, text=True, check=False)
    if tried.returncode and not os.environ.get("TESTS_IN_CI"):
        pytest.skip(f"no mounts here: {tried.stderr}")
    return place / "state.db", started


def test_a_file_that_is_mounted_by_itself_is_locked_with_the_original(path: Path, tmp_path: Path) -> None:
    mounted, started = _in_a_mount(tmp_path, path)
    with held_elsewhere(mounted, *started) as process:
        assert not path.with_name("state.db.lock").read_text()
        told = is_refused(path)
        assert f"process {process.pid}" in told
        assert "apply by " in told
        assert f"process {process.pid}" in store_at(path).activity()
        with pytest.raises(StateError, match="a run under another name of this file is in progress"):
            store_at(path).load()


def test_the_mounts_log_that_died_with_it_is_missed(path: Path, tmp_path: Path) -> None:
    mounted, started = _in_a_mount(tmp_path, path)
    with held_elsewhere(mounted, *started) as process:
        process.kill()
        process.wait()
        (mounted.parent / "state.db-wal").unlink()
        for use in (store_at(path).load, store_at(path).lock("apply").__enter__):
            with pytest.raises(StateError, match=r"it is not whole: .*Next: copy both"):
                use()


def test_a_second_name_of_the_file_is_refused_by_every_use(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "state.db"
    other.hardlink_to(path)
    for name in (path, other):
        for use in (store_at(name).load, store_at(name).activity, store_at(name).lock("apply").__enter__):
            with pytest.raises(StateError, match=r"has 2 names \(hard links\).*Next: find them"):
                use()
    other.unlink()
    with store_at(path).lock("apply"):
        pass


def test_a_second_name_that_appears_during_a_run_is_refused_at_the_next_commit(
    path: Path, tmp_path: Path
) -> None:
    with found_out(store_at(path), "hard links"):
        (tmp_path / "backup.db").hardlink_to(path)


@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "state.db"
    path.mkdir() if kind == "directory" else os.mkfifo(path)
    for use in (store_at(path).load, store_at(path).lock("apply").__enter__):
        with pytest.raises(StateError, match="not a regular file"):
            use()


@pytest.mark.parametrize("missing", ["state.db", "."])
def test_a_link_to_nothing_is_no_new_state(tmp_path: Path, missing: str) -> None:
    place = tmp_path / ".kardia"
    if missing == ".":
        place.symlink_to(tmp_path / "volume")
    else:
        place.mkdir()
        (place / "state.db").symlink_to(tmp_path / "volume" / "state.db")
    for use in (store_at(place / "state.db").load, store_at(place / "state.db").lock("apply").__enter__):
        with pytest.raises(
            StateError, match=r"is a link to .*volume.*does not exist\. Next: restore or mount"
        ):
            use()
    assert not (tmp_path / "volume").exists()


# The lock


def test_a_lock_file_that_was_deleted_lets_nobody_in(path: Path) -> None:
    with found_out(store_at(path), "its lock file was removed"):
        path.with_name("state.db.lock").unlink()
        assert "apply by " in is_refused(path)


def test_a_child_process_does_not_keep_the_lock(path: Path) -> None:
    with store_at(path).lock("apply"):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        with store_at(path).lock("apply"):
            assert child.poll() is None
    finally:
        child.communicate(b"\n")


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
@pytest.mark.parametrize("call", ["flock", "fcntl"])
def test_a_file_system_without_locks_is_refused_with_a_next_step(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int, call: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, call, refuse)
        with (
            pytest.raises(StateError, match="Check that its file system has locks"),
            store_at(path).lock("apply"),
        ):
            pass
    with store_at(path).lock("apply"):
        pass


def test_reading_during_a_run_does_not_release_its_lock(path: Path) -> None:
    with store_at(path).lock("apply"):
        for _ in range(3):
            store_at(path).load()
            store_at(path).activity()
        command = [sys.executable, "-c", _HOLDER, str(path)]
        second = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        assert "is locked" in second.stderr


# Fencing


def _second_writer(path: Path) -> None:
    with removed(InodeLock, "acquire", lambda *_: True):
        path.with_name("state.db.lock").unlink()
        with store_at(path).lock("state forget"):
            store_at(path).load()


def test_a_run_whose_database_another_run_took_over_is_refused_at_its_next_commit(path: Path) -> None:
    with found_out(store_at(path), "writing the state"):
        _second_writer(path)
    assert store_at(path).load().team == "as of the run"


def test_the_fence_alone_finds_a_second_writer(path: Path) -> None:
    with (
        removed(run_guard.RunGuard, "check", lambda _: None),
        removed(FileLock, "check", lambda *_: None),
        found_out(store_at(path), "it is no longer this run's"),
    ):
        _second_writer(path)


def test_without_lock_and_fence_two_runs_write_side_by_side(path: Path) -> None:
    """Mutant."""
    store = store_at(path)
    with (
        removed(run_guard.RunGuard, "check", lambda _: None),
        removed(sqlite_store, "check_ours", lambda *_: None),
        removed(FileLock, "check", lambda *_: None),
        store.lock("apply"),
    ):
        _second_writer(path)
        store.commit([Note("team", "team-2")])
    assert store.load().team == "team-2"


def test_without_the_lock_on_the_inode_a_mounted_file_has_two_runs(path: Path, tmp_path: Path) -> None:
    """Mutant."""
    mounted, started = _in_a_mount(tmp_path, path)
    with (
        held_elsewhere(mounted, *started),
        removed(inode_lock, "_SET", None),
        removed(inode_lock, "_GET", None),
        removed(database, "check_whole", lambda _: None),
        store_at(path).lock("apply"),
    ):
        pass


# Replaced, restored, copied


def _moved_over(path: Path, backup: Path) -> None:
    backup.replace(path)


def _copied_over(path: Path, backup: Path) -> None:
    shutil.copyfile(backup, path)


@pytest.mark.parametrize("restore", [_moved_over, _copied_over])
def test_a_backup_that_is_restored_during_a_run_is_found_and_left_as_it_is(
    path: Path, tmp_path: Path, restore: Callable[[Path, Path], None]
) -> None:
    store, backup = store_at(path), tmp_path / "backup.db"
    with store.lock("apply"):
        store.commit([Note("team", "as of the backup")])
    shutil.copyfile(path, backup)
    content = backup.read_bytes()
    with found_out(store, r"writing the state .*Next: "):
        time.sleep(0.01)  # a copy in the same tick of the file system's clock has the same time
        restore(path, backup)
    assert path.read_bytes() == content
    assert store.load().team == "as of the backup"
    with store.lock("apply"):
        store.commit([Note("team", "the next run")])
    assert store.load().team == "the next run"


def test_a_log_that_is_removed_during_a_run_is_missed_at_the_next_commit(path: Path) -> None:
    with found_out(store_at(path), r"its log state.db-wal was removed"):
        path.with_name("state.db-wal").unlink()


def test_a_copy_at_any_moment_is_whole_or_says_that_it_is_not(path: Path, tmp_path: Path) -> None:
    store, copies = store_at(path), tmp_path / "copies"
    copies.mkdir()
    states = {0: store.load()}

    def copy() -> None:
        number = len(list(copies.iterdir()))
        shutil.copyfile(path, copies / f"{number}.db")

    copy()
    with store.lock("apply"):
        copy()
        for number in range(1, 40):
            store.commit([Note("team", f"team-{number}" + 200 * "x"), Note("live_count", str(number))])
            states[number] = store.load()
            copy()
    copy()
    states[len(states)] = store.load()
    refused = 0
    for file in copies.iterdir():
        try:
            found = store_at(file).load()
        except StateError as error:
            assert "is not whole" in str(error)  # noqa: PT017  (which of both it is, is the question)
            refused += 1
        else:
            assert found in (states[0], states[len(states) - 1])
    assert refused == 40


def test_a_copy_of_a_killed_run_is_refused_until_somebody_says_that_nothing_is_in_flight(
    path: Path, tmp_path: Path
) -> None:
    with held_elsewhere(path) as process:
        process.kill()
        process.wait()
    assert store_at(path).load().team == "team-1"
    lone = tmp_path / "lone.db"
    shutil.copyfile(path, lone)
    for use in (store_at(lone).load, store_at(lone).lock("apply").__enter__):
        with pytest.raises(StateError, match=r"it is not whole: .*apply with --settle-first"):
            use()
    assert not lone.with_name("lone.db-wal").exists()
    accepting = SqliteStore(lone, "default", accept_parts=True)
    with accepting.lock("apply"):
        accepting.commit([Note("team", "team-3")])
    assert store_at(lone).load().team == "team-3"


def test_without_the_mark_a_copy_lacks_intents_and_does_not_say_so(path: Path, tmp_path: Path) -> None:
    """Mutant."""
    lone, store = tmp_path / "lone.db", store_at(path)
    with (
        removed(sqlite_store, "mark_open", lambda *_: None),
        removed(sqlite_store, "check_ours", lambda *_: None),
        store.lock("apply"),
    ):
        store.commit([Note("team", "team-1")])
        shutil.copyfile(path, lone)
    assert store_at(lone).load().team == ""


# The command line


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InnerDesk]:
    with inner_desk(tmp_path / "clinic", CLINIC) as desk:
        yield desk


def test_a_linked_kardia_yaml_is_its_target(desk: InnerDesk, tmp_path: Path) -> None:
    place = tmp_path / "linked"
    place.mkdir()
    (place / "kardia.yaml").symlink_to(desk.path / "kardia.yaml")
    assert desk.run("apply", str(place), "--auto-approve").code == 0
    assert not (place / ".kardia").exists()
    assert desk.state.exists()
    with held_elsewhere(desk.state):
        ran = desk.run("apply", str(place), "--auto-approve")
    assert ran.code == 1
    assert "is locked: apply by" in ran.err
    assert desk.apply().code == 0
    assert len(desk.account.patients.all()) == 1


def test_a_linked_directory_of_the_state_is_used_where_it_is(desk: InnerDesk, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    (desk.path / ".kardia").symlink_to(volume)
    assert desk.apply().code == 0
    assert {"state.db", "state.db.lock"} <= {file.name for file in volume.iterdir()}
    with held_elsewhere(volume / "state.db"):
        assert "is locked" in desk.apply().err


def test_a_plan_from_a_copy_of_an_open_run_says_what_is_missing(desk: InnerDesk, tmp_path: Path) -> None:
    assert desk.apply().code == 0
    with held_elsewhere(desk.state) as process:
        shutil.copyfile(desk.state, tmp_path / "copy.db")
        process.kill()
        process.wait()
    key = desk.state.with_name("key").read_bytes()
    desk.lose_state()
    desk.state.parent.mkdir()
    shutil.copyfile(tmp_path / "copy.db", desk.state)
    desk.state.with_name("key").write_bytes(key)
    for ran in (desk.plan(), desk.apply()):
        assert ran.code == 1
        assert "it is not whole" in ran.err
        assert "Traceback" not in ran.told
    assert desk.sent("POST") == 1
    assert desk.apply("--settle-first").code == 0
    assert desk.plan().code == 0
    assert desk.sent("POST") == 1
