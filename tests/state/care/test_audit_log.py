"""The audit log is a chain: whatever is removed, changed or moved in it is found."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.state import Audited, Note
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from kardia_ctl.state.tables.audit_log import damage, entries_of
from kardia_ctl.state.tables.image import opened

TEXTS = [f'{{"event":"write","number":{number}}}' for number in range(1, 6)]


@pytest.fixture
def written(store: SqliteStore, path: Path) -> Path:
    """A state with five entries, written in two batches."""
    with store.lock("apply"):
        store.commit([Note("team", "team-1"), *map(Audited, TEXTS[:2])])
        store.commit(map(Audited, TEXTS[2:]))
    return path


def found(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return damage(connection)


def test_entries_come_back_in_their_order(written: Path, store: SqliteStore) -> None:
    with opened(store.image()) as image:
        assert [(entry.number, entry.text) for entry in entries_of(image)] == list(enumerate(TEXTS, 1))
        assert damage(image) == ""


def test_an_entry_is_not_a_fact(store: SqliteStore) -> None:
    with store.lock("apply"):
        store.commit([Audited("{}")])
        assert not store.load().exists
        store.commit([Note("team", "team-1")])
        store.commit([Audited("{}")])
        assert store.load().serial == 1


def test_an_empty_log_is_whole(store: SqliteStore, path: Path) -> None:
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
    assert found(path) == ""


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("DELETE FROM audit WHERE number = 1", "entry 1 is missing"),
        ("DELETE FROM audit WHERE number = 3", "entry 3 is missing"),
        ("DELETE FROM audit WHERE number = 5", "entries after 4 are missing"),
        ("DELETE FROM audit", "entries after 0 are missing"),
        ("UPDATE audit SET entry = '{}' WHERE number = 2", "entry 2 was changed"),
        ("UPDATE audit SET hash = '00' WHERE number = 5", "entry 5 was changed"),
        ("UPDATE audit SET number = number + 1 WHERE number = 5", "entry 5 is missing"),
        ("INSERT INTO audit VALUES (6, '{}', '00')", "entry 6 was changed"),
        ("DELETE FROM meta WHERE key = 'audit'", "entries after 5 are missing"),
    ],
)
def test_whatever_is_done_to_it_is_found(written: Path, statement: str, wrong: str) -> None:
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.execute(statement)
    assert found(written).startswith(wrong)


@given(order=st.permutations(range(1, 6)))
def test_any_other_order_is_found(order: list[int]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _fill(connection)
        rows = {number: row for number, *row in connection.execute("SELECT * FROM audit")}
        connection.execute("DELETE FROM audit")
        for number, other in enumerate(order, 1):
            connection.execute("INSERT INTO audit VALUES (?, ?, ?)", (number, *rows[other]))
        assert bool(damage(connection)) == (order != sorted(order))


def _fill(connection: sqlite3.Connection) -> None:
    from kardia_ctl.state.tables.audit_log import append
    from kardia_ctl.state.tables.image import create_tables
    from kardia_ctl.state.tables.tables import Tables

    create_tables(connection, 0)
    append(Tables(connection), list(map(Audited, TEXTS)))
