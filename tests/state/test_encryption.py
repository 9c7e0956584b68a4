"""An encrypted state: nobody can be read in it, another key is one message, changes are found."""

import sqlite3
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.funnel import Counts, Sample
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    CodeRecord,
    Depart,
    Entry,
    Intend,
    Intent,
    Note,
    PatientRecord,
    Remember,
    State,
    UserRecord,
)
from kardia_ctl.state.rekey import Rekeying, rekey
from kardia_ctl.state.snapshots import packed
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from kardia_ctl.state.tables.image import EMPTY, opened
from tests.moments import at
from tests.paths import ROOT

KEY: Final = b"an invented key of the state's encryption"
MRN, ID, COHORT, TEMPLATE, TEAM = (
    "JS-CANARY-1",
    "liveidcanary1",
    "cohortcanary",
    "templatecanary",
    "teamcanary",
)
EVERYTHING: Final[tuple[Entry, ...]] = (
    Remember(Kind.PATIENT, MRN, "", PatientRecord(ID, b"\0\1", 7, cohort=COHORT)),
    Remember(Kind.PATIENT, "JS-2", "", PatientRecord("id-2", b"\0\1", 7, cohort=COHORT)),
    Remember(Kind.CONNECTION_CODE, MRN, TEMPLATE, CodeRecord(ID, template=TEMPLATE)),
    Remember(Kind.MOBILE_USER, MRN, "", UserRecord(ID, unredeemed=True)),
    Intend(Intent(patient_address(MRN), "create", at(1.0), id=ID, target=TEMPLATE, newest=ID)),
    Note("team", TEAM),
    Depart(ID, "disconnect"),
    Sample(7, COHORT, Counts(1)),
)
CANARIES: Final = tuple(word.encode() for word in (MRN, ID, COHORT, TEMPLATE, TEAM, "JS-2", "not redeemed"))


def store_of(path: Path, key: bytes = KEY, workspace: str = "default") -> SqliteStore:
    return SqliteStore(path, workspace, encryption_key=key, sleep=lambda _: None)


def canaries_in(directory: Path) -> set[tuple[str, bytes]]:
    return {
        (place.name, canary)
        for place in directory.rglob("*")
        if place.is_file()
        for canary in CANARIES
        if canary in place.read_bytes()
    }


@pytest.fixture
def encrypted(path: Path) -> Path:
    store = store_of(path)
    with store.lock("apply"):
        store.commit(EVERYTHING)
    return path


def _changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
        connection.commit()


def test_what_is_written_comes_back(encrypted: Path, tmp_path: Path) -> None:
    plain = SqliteStore(tmp_path / "plain.db", "default")
    with plain.lock("apply"):
        plain.commit(EVERYTHING)
    expected, state = plain.load(), store_of(encrypted).load()
    for name in ("patients", "codes", "users", "intents", "team", "departed", "samples", "serial"):
        assert getattr(state, name) == getattr(expected, name)


def test_no_text_of_a_person_is_ever_in_a_file(path: Path) -> None:
    store = store_of(path)
    with store.lock("apply"):
        store.commit(EVERYTHING)
        assert canaries_in(path.parent) == set()
        store.commit([Remember(Kind.PATIENT, MRN, "", PatientRecord("", b"", 8))])
    assert canaries_in(path.parent) == set()


def test_the_same_entries_without_a_key_are_there(path: Path) -> None:
    store = store_of(path, b"")
    with store.lock("apply"):
        store.commit(EVERYTHING)
    assert {canary for _, canary in canaries_in(path.parent)} == set(CANARIES)


def test_writing_what_is_stored_already_changes_nothing(encrypted: Path) -> None:
    store = store_of(encrypted)
    before = store.load()
    with store.lock("apply"):
        store.commit(EVERYTHING)
    assert store.load() == before


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (b"", "is encrypted, and KARDIA_STATE_ENCRYPTION_KEY is not set. Nothing was compared"),
        (KEY + b"x", "encrypted with another key than the one in KARDIA_STATE_ENCRYPTION_KEY. Nothing was"),
    ],
)
def test_another_key_or_none_is_one_message(encrypted: Path, key: bytes, message: str) -> None:
    before = encrypted.read_bytes()
    store = store_of(encrypted, key)
    for use in (store.load, store.fingerprint_secret, store.lock("apply").__enter__):
        with pytest.raises(StateError, match=message) as raised:
            use()
        assert "invented" not in str(raised.value)
    assert encrypted.read_bytes() == before
    assert store_of(encrypted).load().team == TEAM


def test_a_plain_state_is_refused_while_there_is_a_key(path: Path) -> None:
    plain = store_of(path, b"")
    with plain.lock("apply"):
        plain.commit([Note("team", TEAM)])
    for use in (store_of(path).load, store_of(path).lock("apply").__enter__):
        with pytest.raises(StateError, match=r"is not encrypted, and .* is set.* Next: .*state rekey"):
            use()
    assert plain.load().team == TEAM


def test_a_state_in_which_nothing_is_recorded_becomes_encrypted(path: Path) -> None:
    with store_of(path, b"").lock("apply"):
        pass
    store = store_of(path)
    assert (store.load(), store.fingerprint_secret()) == (State(), b"")
    with store.lock("apply"):
        store.commit([Note("team", TEAM)])
    assert len(store.fingerprint_secret()) == 32
    assert canaries_in(path.parent) == set()


def test_the_fingerprints_secret_is_the_same_in_every_run(encrypted: Path) -> None:
    secret = store_of(encrypted).fingerprint_secret()
    with store_of(encrypted).lock("apply"):
        pass
    assert store_of(encrypted, workspace="other").fingerprint_secret() == secret
    assert secret not in encrypted.read_bytes()


def test_two_workspaces_share_the_encryption(encrypted: Path) -> None:
    other = store_of(encrypted, workspace="other")
    with other.lock("apply"):
        other.commit([Note("team", TEAM)])
    assert other.load().elsewhere == {ID: MRN, "id-2": "JS-2"}
    assert patient_address(MRN) in other.load().intents


_SWAP: Final = "UPDATE record SET {0} = (SELECT r.{0} FROM record r WHERE r.name <> record.name LIMIT 1)"
_DAMAGES: Final = (
    _SWAP.format("id") + " WHERE kind = 'patient'",
    "UPDATE record SET id = name WHERE kind = 'patient'",
    "UPDATE record SET id = label WHERE kind = 'patient'",
    "UPDATE record SET label = id",
    "UPDATE record SET detail = id WHERE kind = 'connection_code'",
    "UPDATE record SET id = substr(id, 1, 20)",
    "UPDATE record SET id = 'A' || substr(id, 2) WHERE substr(id, 1, 1) <> 'A'",
    "UPDATE record SET id = 'id-2'",
    "UPDATE record SET id = x'00'",
    "UPDATE record SET name = 'JS-3' WHERE kind = 'mobile_user'",
    "UPDATE note SET value = 'team-2'",
    "UPDATE note SET key = 'live_count'",
    "UPDATE intent SET newest = id",
    "UPDATE intent SET address = 'patient/JS-3'",
    "UPDATE departure SET id = 'id-3'",
    "UPDATE sample SET cohort = 'summer'",
)


@pytest.mark.parametrize("damage", _DAMAGES)
def test_a_value_that_was_changed_or_moved_is_found(encrypted: Path, damage: str) -> None:
    _changed(encrypted, damage)
    with pytest.raises(StateError, match="damaged or was changed") as raised:
        store_of(encrypted).load()
    assert not any(canary in str(raised.value).encode() for canary in CANARIES)


def _headers(content: bytes) -> Iterator[str]:
    for changed in (
        content[:-1],
        content[:20],
        content[:40] + bytes([content[40] ^ 1]) + content[41:],
        content[:-1] + bytes([content[-1] ^ 1]),
    ):
        yield f"1:{b64encode(changed).decode()}"


def test_a_header_that_was_cut_or_changed_is_found(encrypted: Path) -> None:
    with closing(sqlite3.connect(encrypted)) as connection:
        (header,) = connection.execute("SELECT value FROM meta").fetchone()
    for changed in (*_headers(b64decode(header[2:])), "1:", "1:?", f"1{header[2:]}"):
        _changed(encrypted, f"UPDATE meta SET value = '{changed}'")
        with pytest.raises(StateError, match=r"damaged|another key|newer"):
            store_of(encrypted).load()
    _changed(encrypted, f"UPDATE meta SET value = '2{header[1:]}'")
    with pytest.raises(StateError, match="newer kardia-ctl"):
        store_of(encrypted).load()


def test_the_header_of_another_state_opens_nothing(encrypted: Path, tmp_path: Path) -> None:
    with store_of(tmp_path / "other.db").lock("apply"):
        pass
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        (header,) = connection.execute("SELECT value FROM meta").fetchone()
    _changed(encrypted, f"UPDATE meta SET value = '{header}'")
    with pytest.raises(StateError, match="damaged or was changed"):
        store_of(encrypted).load()


def test_a_removed_header_is_found_where_there_is_a_key(encrypted: Path) -> None:
    _changed(encrypted, "DELETE FROM meta")
    with pytest.raises(StateError, match="is not encrypted"):
        store_of(encrypted).load()


def test_a_missing_library_is_one_message(encrypted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(StateError, match=r"pip install 'kardia-ctl\[encryption\]'"):
        store_of(encrypted).load()


def test_a_plain_state_needs_no_library(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    store = store_of(path, b"")
    with store.lock("apply"):
        store.commit(EVERYTHING)
    assert store.load().team == TEAM


def test_keys_are_not_printed(encrypted: Path) -> None:
    store = store_of(encrypted)
    store.load()
    printed = f"{store!r} {store._encryption!r} {store._encryption._keys!r} {store._sealer!r}"
    assert "invented" not in printed
    assert store.fingerprint_secret().hex() not in printed
    assert str(store.fingerprint_secret()) not in printed


def test_nothing_stays_of_what_was_deleted_before(path: Path) -> None:
    plain = store_of(path, b"")
    with plain.lock("apply"):
        plain.commit(EVERYTHING)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")  # as in files of earlier versions
        connection.execute("CREATE TABLE spare (text TEXT)")
        connection.executemany("INSERT INTO spare VALUES (?)", [(MRN * 100,)] * 100)
        connection.execute("DROP TABLE spare")
    assert path.read_bytes().count(MRN.encode()) > 1000
    with plain.lock("state rekey"):
        assert rekey(plain, Rekeying(b"", KEY)) == []
    assert canaries_in(path.parent) == set()


def test_what_is_deleted_from_an_image_is_overwritten() -> None:
    with opened(EMPTY) as connection:
        assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_what_a_killed_run_left_of_a_snapshot_is_removed(path: Path) -> None:
    plain = store_of(path, b"")
    with plain.lock("apply"):
        plain.commit(EVERYTHING)
        plain.archive.write("20260302T100000Z_1_apply_default", packed(plain.image()))
        (path.parent / "history-state.db" / ".20260303T100000Z_2_apply_default.77").write_bytes(plain.image())
    with plain.lock("state rekey"):
        assert rekey(plain, Rekeying(b"", KEY)) == []
    assert canaries_in(path.parent) == set()
    assert [file.name for file in (path.parent / "history-state.db").iterdir()] == plain.archive.names()


def test_a_rekey_that_is_killed_leaves_the_old_key_or_the_new_one(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.state.rekey_kills", str(tmp_path), "9"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    for line in ran.stdout.splitlines():
        _, old, new = line.split()
        assert int(old) > 10
        assert int(new) > 0
    assert len(ran.stdout.splitlines()) == 3
