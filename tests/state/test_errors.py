import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.state import Note
from kardia_ctl.state.sqlite.database_errors import state_errors
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.paths import ROOT

_AS_ANOTHER = """
import os, sys
from pathlib import Path
from kardia_ctl.model.errors import StateError
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore

store = SqliteStore(Path(sys.argv[1]), "default")
if os.geteuid() == 0:  # root may write everywhere
    os.setgid(65534)
    os.setuid(65534)
try:
    if sys.argv[2] == "load":
        print(store.load().team, store.activity())
    else:
        with store.lock("apply"):
            print("locked")
except StateError as error:
    print(f"StateError: {error}")
"""


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that every user may enter, which pytest's own is not."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    yield place / "state.db"
    place.chmod(0o755)
    shutil.rmtree(place)


def as_another(path: Path, action: str) -> str:
    root = ROOT
    command = [sys.executable, "-W", "error", "-c", _AS_ANOTHER, str(path), action]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.strip()


def test_state_in_a_read_only_directory_can_be_read(public: Path) -> None:
    store = SqliteStore(public, "default")
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
    for place in public.parent.iterdir():
        place.chmod(0o444)
    public.parent.chmod(0o555)
    assert as_another(public, "load") == "team-1"
    assert {place.name for place in public.parent.iterdir()} == {"state.db", "state.db.lock"}


def test_a_write_ahead_log_that_cannot_be_read_is_never_ignored(public: Path, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db", "default")
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
        for name in ("state.db", "state.db-wal"):
            shutil.copy(tmp_path / name, public.parent / name)
            (public.parent / name).chmod(0o444)
    public.parent.chmod(0o555)
    said = as_another(public, "load")
    assert said.startswith(f"StateError: reading the state {public}: it cannot be opened")
    assert "write-ahead log" in said


def test_a_log_that_a_crash_left_is_read(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    store = SqliteStore(tmp_path / "state.db", "default")
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
        for name in ("state.db", "state.db-wal"):
            shutil.copy(tmp_path / name, tmp_path / "left" / name)
    assert SqliteStore(tmp_path / "left" / "state.db", "default").load().team == "team-1"


def test_a_directory_that_cannot_be_written_says_what_to_do(public: Path) -> None:
    public.parent.chmod(0o555)
    said = as_another(public, "lock")
    assert said.startswith(f"StateError: locking the state {public}: Permission denied. Check that")


def test_a_file_of_another_owner_says_what_to_do(public: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a file that its reader does not own")
    store = SqliteStore(public, "default")
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
    assert as_another(public, "load").startswith(
        f"StateError: reading the state {public}: it cannot be opened"
    )


@pytest.mark.parametrize("damage", ["header", "pages", "cut"])
def test_a_damaged_file_is_named_with_a_next_step(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "state.db"
    store = SqliteStore(path, "default")
    with store.lock("apply"):
        store.commit([Note("team", f"team-{number}") for number in range(9)])
    content = path.read_bytes()
    match damage:
        case "header":
            path.write_bytes(b"x" * 100 + content[100:])
        case "pages":
            path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
        case _:
            path.write_bytes(content[: len(content) // 2])
    with pytest.raises(StateError) as caught:
        store.load()
    assert str(path) in str(caught.value)
    assert "move it away and plan again" in str(caught.value)


def test_a_value_that_makes_no_sense_is_damage_and_not_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = SqliteStore(path, "default")
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
    connection = sqlite3.connect(path)
    connection.execute(
        "INSERT INTO intent (workspace, address, operation, at, ended, id, target, span, person) "
        "VALUES (1, 'nonsense', 'create', 1, 0, '', '', 0, x'')"
    )
    connection.commit()
    connection.close()
    with pytest.raises(StateError, match="workspace default of the state is damaged"):
        store.load()


def test_a_database_that_another_program_holds_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kardia_ctl.state.sqlite.database._BUSY_SECONDS", 0.0)
    path = tmp_path / "state.db"
    store = SqliteStore(path, "default")
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match=r"another program has locked it\. Next: close"), store.lock("apply"):
        pass
    other.close()


def test_a_full_disk_leaves_the_batch_before(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db", "default")
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
        assert store._writing is not None
        (pages,) = store._writing.execute("PRAGMA page_count").fetchone()
        store._writing.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StateError, match=r"the disk is full\. Next: free some space"):
            store.commit([Note("team", "t" * 100_000)])
    assert store.load().team == "team-1"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENOLCK, errno.EIO])
def test_what_the_file_system_says_is_repeated_with_a_next_step(code: int) -> None:
    with pytest.raises(StateError) as caught, state_errors("locking the state", Path("state.db")):
        raise OSError(code, os.strerror(code))
    assert str(caught.value).startswith(f"locking the state state.db: {os.strerror(code)}. Check that")


def test_an_error_of_sqlite_is_named_and_its_text_is_not_repeated() -> None:
    with pytest.raises(StateError) as caught, state_errors("writing the state", Path("state.db")):
        raise sqlite3.IntegrityError("joe@example.com")
    assert "IntegrityError" in str(caught.value)
    assert "joe" not in str(caught.value)
