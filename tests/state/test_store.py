import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    CodeRecord,
    Note,
    PatientRecord,
    Record,
    Remember,
    State,
    UserRecord,
)
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> set[str]:
    return {place.name for place in directory.iterdir()}


@pytest.mark.parametrize(
    ("kind", "record", "stored"),
    [
        (Kind.PATIENT, PatientRecord(cohort="spring"), "spring"),
        (Kind.CONNECTION_CODE, CodeRecord(template="one-year"), "one-year"),
        (Kind.MOBILE_USER, UserRecord(unredeemed=True), "not redeemed"),
        (Kind.MOBILE_USER, UserRecord(), ""),
        (Kind.CALLBACK, Record(), ""),
    ],
)
def test_the_label_column_holds_what_released_versions_store_in_it(
    store: SqliteStore, path: Path, kind: Kind, record: Record, stored: str
) -> None:
    with store.lock("apply"):
        store.commit([Remember(kind, "", "", record)])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT label FROM record").fetchall() == [(stored,)]


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o277])
def test_files_are_private_whatever_the_umask(store: SqliteStore, path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with store.lock("apply"):
            store.commit([Note("team", "team-1")])
            made = {place.name: mode(place) for place in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert made == dict.fromkeys(("state.db", "state.db-wal", "state.db-shm", "state.db.lock"), 0o600)
    assert mode(path.parent) == 0o700


def test_a_directory_that_exists_keeps_its_mode(path: Path, store: SqliteStore) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o750)
    with store.lock("apply"):
        pass
    assert mode(path.parent) == 0o750


def test_reading_leaves_no_file_behind(store: SqliteStore, path: Path, remembered: Remember) -> None:
    with store.lock("apply"):
        store.commit([remembered])
    before = {name: (path.parent / name).stat().st_mtime_ns for name in names(path.parent)}
    assert store.load().serial == 1
    assert store.activity() == ""
    assert {name: (path.parent / name).stat().st_mtime_ns for name in names(path.parent)} == before
    assert names(path.parent) == {"state.db", "state.db.lock"}


def test_commits_are_durable_before_they_return(store: SqliteStore) -> None:
    with store.lock("apply"):
        assert store._writing is not None
        assert store._writing.execute("PRAGMA synchronous").fetchone() == (2,)
        assert store._writing.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_path_may_hold_what_a_uri_reads_otherwise(tmp_path: Path, remembered: Remember) -> None:
    store = SqliteStore(tmp_path / "a b#c?d%20.db", "default")
    with store.lock("apply"):
        store.commit([remembered])
    assert store.load().serial == 1


def test_a_newer_schema_is_refused(store: SqliteStore, path: Path, remembered: Remember) -> None:
    with store.lock("apply"):
        store.commit([remembered])
    _execute(path, "PRAGMA user_version=99")
    with pytest.raises(StateError, match=r"newer kardia-ctl .*99.* Next: install"):
        store.load()
    with pytest.raises(StateError, match="newer kardia-ctl"), store.lock("apply"):
        pass


def test_another_programs_database_is_left_alone(store: SqliteStore, path: Path) -> None:
    path.parent.mkdir()
    _execute(path, "CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StateError, match="another program's database"):
        store.load()
    with pytest.raises(StateError, match="another program's database"), store.lock("apply"):
        pass
    assert path.read_bytes() == before


def test_an_empty_file_is_no_state(store: SqliteStore, path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert store.load() == State()


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
