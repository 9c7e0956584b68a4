"""A state of an earlier version is read as it is, and brought up by the first run that writes."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import code_address
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.funnel import Counts, Sample
from kardia_ctl.model.state import CodeRecord, Depart, Intent, PatientRecord, State
from kardia_ctl.state.rekey import Rekeying, rekey
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from kardia_ctl.state.tables import definitions

VERSION_1: Final = """
CREATE TABLE workspace (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    lineage TEXT NOT NULL DEFAULT '', serial INTEGER NOT NULL DEFAULT 0);
CREATE TABLE record (
    workspace INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL,
    id TEXT NOT NULL, label TEXT NOT NULL, fingerprint BLOB NOT NULL, at INTEGER NOT NULL,
    forgotten INTEGER NOT NULL,
    PRIMARY KEY (workspace, kind, name, detail)) WITHOUT ROWID;
CREATE TABLE intent (
    workspace INTEGER NOT NULL, address TEXT NOT NULL, operation TEXT NOT NULL,
    at REAL NOT NULL, ended REAL NOT NULL, id TEXT NOT NULL, target TEXT NOT NULL,
    span REAL NOT NULL, person BLOB NOT NULL,
    PRIMARY KEY (workspace, address)) WITHOUT ROWID;
CREATE TABLE note (
    workspace INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (workspace, key)) WITHOUT ROWID;
CREATE TABLE used_plan (
    workspace INTEGER NOT NULL, plan TEXT NOT NULL,
    PRIMARY KEY (workspace, plan)) WITHOUT ROWID;
CREATE TABLE departure (
    workspace INTEGER NOT NULL, id TEXT NOT NULL, action TEXT NOT NULL,
    PRIMARY KEY (workspace, id)) WITHOUT ROWID;
CREATE TABLE run (
    workspace INTEGER PRIMARY KEY, id TEXT NOT NULL, operation TEXT NOT NULL, who TEXT NOT NULL,
    began REAL NOT NULL, ended REAL NOT NULL);
INSERT INTO workspace VALUES (1, 'default', 'lineage-1', 41), (2, 'other', 'lineage-2', 3);
INSERT INTO record VALUES
    (1, 'patient', 'JS-1', '', 'id-1', '', x'0102', 7, 0),
    (1, 'connection_code', 'JS-1', 'template-1', 'id-1', 'one-year', x'', 8, 1);
INSERT INTO intent VALUES (1, 'connection_code/JS-1/one-year', 'create', 1.5, 2.5, 'id-1', 't', 120, x'');
INSERT INTO note VALUES (1, 'team', 'team-1'), (1, 'live_count', '12');
INSERT INTO used_plan VALUES (1, 'plan-1');
INSERT INTO departure VALUES (1, 'id-9', 'disconnect'), (2, 'id-9', 'delete');
PRAGMA user_version = 1;
PRAGMA application_id = 1262572100;
"""
"""The database as version 1 made it, with one row of everything."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1)
    return path


ADDRESS: Final = code_address("JS-1", "one-year")
AS_WRITTEN: Final = State(
    True,
    "lineage-1",
    41,
    "team-1",
    12,
    patients={"JS-1": PatientRecord("id-1", b"\1\2", 7)},
    codes={"JS-1": {"template-1": CodeRecord("id-1", at=8, forgotten=True, template="one-year")}},
    intents={ADDRESS: Intent(ADDRESS, "create", Instant(1.5), Instant(2.5), "id-1", "t", 120.0)},
    departed={"id-9": frozenset({"disconnect"})},
    used_plans=frozenset({"plan-1"}),
)


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def shape(path: Path) -> list[tuple[str, list[tuple[object, ...]]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]
        return [(name, connection.execute(f"PRAGMA table_xinfo({name})").fetchall()) for name in names]


def test_reading_a_state_of_version_1_leaves_it_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    assert SqliteStore(old, "default").load() == AS_WRITTEN
    assert old.read_bytes() == before


def test_the_first_run_that_writes_brings_the_state_up_and_loses_nothing(old: Path) -> None:
    store = SqliteStore(old, "default")
    sample = Sample(7, "spring", Counts(1))
    with store.lock("apply"):
        assert store.load() == AS_WRITTEN
        store.commit([Depart("id-9", "delete"), sample])
    both = {"id-9": frozenset({"disconnect", "delete"})}
    assert version(old) == definitions.VERSION
    assert store.load() == replace(AS_WRITTEN, serial=42, departed=both, samples=(sample,))
    assert SqliteStore(old, "other").load().departed == {"id-9": frozenset({"delete"})}


def test_a_state_that_was_brought_up_has_the_shape_of_a_new_one(old: Path, tmp_path: Path) -> None:
    for place in (old, tmp_path / "new.db"):
        with SqliteStore(place, "default").lock("apply"):
            pass
    assert shape(old) == shape(tmp_path / "new.db")


@pytest.mark.parametrize(
    ("number", "step"),
    [(number, step) for number, steps in definitions._STEPS.items() for step in range(len(steps))],
)
def test_a_migration_that_fails_in_any_step_leaves_version_1(
    old: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: int
) -> None:
    steps = definitions._STEPS[number]
    broken = {number: (*steps[:step], "SELECT no_such_function()", *steps[step:])}
    with monkeypatch.context() as patched:
        patched.setattr(definitions, "_STEPS", {**definitions._STEPS, **broken})
        with pytest.raises(StateError, match="opening the state"), SqliteStore(old, "default").lock("apply"):
            pass
    assert version(old) == 1
    assert SqliteStore(old, "default").load() == AS_WRITTEN
    with SqliteStore(old, "default").lock("apply"):
        pass
    assert version(old) == definitions.VERSION


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_state_of_an_earlier_version_is_encrypted_and_loses_nothing(old: Path, number: int) -> None:
    with closing(sqlite3.connect(old)) as connection:
        for earlier in range(1, number):
            for statement in definitions._STEPS[earlier]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.commit()
    key = b"an invented key of the state's encryption"
    with pytest.raises(StateError, match="is not encrypted"):
        SqliteStore(old, "default", encryption_key=key).load()
    store = SqliteStore(old, "default")
    with store.lock("state rekey"):
        assert rekey(store, Rekeying(b"", key)) == []
    assert version(old) == definitions.VERSION
    assert SqliteStore(old, "default", encryption_key=key).load() == AS_WRITTEN
    for word in (b"JS-1", b"id-1", b"id-9", b"template-1", b"team-1", b"one-year"):
        assert word not in old.read_bytes()


def test_an_intent_of_version_2_is_read_without_what_it_does_not_have(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        for statement in definitions._STEPS[1]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 2")
        connection.commit()
    assert SqliteStore(old, "default").load() == AS_WRITTEN
    with SqliteStore(old, "default").lock("apply"):
        pass
    assert SqliteStore(old, "default").load() == AS_WRITTEN
