import os
import sqlite3
import stat
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.funnel import Counts, Sample
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    CodeRecord,
    Depart,
    Drop,
    Entry,
    Intend,
    Intent,
    Note,
    PatientRecord,
    Record,
    Remember,
    Resolve,
    State,
    UsePlan,
    UserRecord,
)
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.moments import at


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


def test_loading_without_state_gives_none_and_creates_nothing(store: SqliteStore, tmp_path: Path) -> None:
    assert store.load() == State()
    assert store.activity() == ""
    assert list(tmp_path.iterdir()) == []


def test_every_entry_comes_back_where_the_model_says(store: SqliteStore) -> None:
    values = "id-1", b"\0\1", 7, True
    patient, code = PatientRecord(*values, cohort="spring"), CodeRecord(*values, template="one-year")
    user, setting = UserRecord(*values, unredeemed=True), Record(*values)
    sample = Sample(7, "spring", Counts(8, 7, 6, 1, 2, 2, 1, 5))
    intent = Intent(code_address("JS/1", "one-year"), "issue", at(1.25), at(2.5))
    with store.lock("apply"):
        store.commit(
            [
                Remember(Kind.PATIENT, "JS/1", "", patient),
                Remember(Kind.CONNECTION_CODE, "JS/1", "template-1", code),
                Remember(Kind.SERVICE_PROVIDER, "provider-1", "", setting),
                Remember(Kind.CALLBACK, "", "", setting),
                Remember(Kind.MOBILE_USER, "JS/1", "", user),
                Remember(Kind.MOBILE_USER, "JS/2", "", UserRecord(*values)),
                Intend(intent),
                Note("team", "team-1"),
                Note("live_count", "12"),
                UsePlan("plan-1"),
                Depart("id-9", "disconnect"),
                Depart("id-9", "delete"),
                sample,
            ]
        )
    state = store.load()
    assert state.exists
    assert state.serial == 1
    assert len(state.lineage) == 36
    assert state.team == "team-1"
    assert state.live_count == 12
    assert state.patients == {"JS/1": patient}
    assert state.codes == {"JS/1": {"template-1": code}}
    assert state.users == {"JS/1": user, "JS/2": UserRecord(*values)}
    assert state.settings == {
        Address(Kind.SERVICE_PROVIDER, ("provider-1",)): setting,
        Address(Kind.CALLBACK): setting,
    }
    assert state.intents == {intent.address: intent}
    assert state.departed == {"id-9": frozenset({"delete", "disconnect"})}
    assert state.used_plans == frozenset({"plan-1"})
    assert state.samples == (sample,)


def test_dropping_and_resolving_remove(store: SqliteStore, remembered: Remember) -> None:
    address = patient_address("JS-1")
    with store.lock("apply"):
        store.commit([remembered, Intend(Intent(address, "create", at(1.0)))])
        store.commit([Drop(Kind.PATIENT, "JS-1"), Resolve(address)])
    state = store.load()
    assert (state.patients, state.intents, state.serial) == ({}, {}, 2)


def test_the_serial_grows_only_when_something_changed(store: SqliteStore, remembered: Remember) -> None:
    with store.lock("apply"):
        store.commit([remembered])
        lineage = store.load().lineage
        store.commit([remembered])
        store.commit([])
        store.commit([Drop(Kind.PATIENT, "nobody"), Resolve(patient_address("nobody"))])
        assert store.load().serial == 1
        store.commit([Remember(Kind.PATIENT, "JS-1", "", PatientRecord("id-1", forgotten=True))])
    assert (store.load().serial, store.load().lineage) == (2, lineage)


def test_a_run_that_wrote_nothing_leaves_no_state(store: SqliteStore) -> None:
    with store.lock("apply"):
        store.commit([])
    assert store.load() == State()


def test_committing_without_the_lock_is_refused(store: SqliteStore, remembered: Remember) -> None:
    with pytest.raises(StateError, match="the lock is not held"):
        store.commit([remembered])
    with store.lock("apply"):
        store.commit([remembered])
    with pytest.raises(StateError, match="the lock is not held"):
        store.commit([remembered])


def test_a_batch_is_whole_or_not_at_all(store: SqliteStore, remembered: Remember) -> None:
    broken = Note("team", "\ud800")
    with store.lock("apply"):
        with pytest.raises(StateError, match="cannot be stored"):
            store.commit([remembered, broken])
        assert store.load() == State()
        store.commit([remembered])
    assert store.load().serial == 1


def test_two_workspaces_of_one_account_see_each_others_ids_and_doubts_alone(
    path: Path, remembered: Remember
) -> None:
    one, two = SqliteStore(path, "one"), SqliteStore(path, "two")
    doubt = Intent(patient_address("JS-2"), "create", at(7.0), newest="id-0", keyed=b"check")
    with one.lock("apply"):
        one.commit([remembered, UsePlan("plan-1"), Depart("id-1", "delete"), Intend(doubt)])
    known = {doubt.address: replace(doubt, workspace="one")}
    assert two.load() == State(elsewhere={"id-1": "JS-1"}, intents=known)
    with two.lock("apply"):
        two.commit([Drop(Kind.PATIENT, "JS-1"), Note("team", "team-2")])
        assert (two.load().elsewhere, two.load().intents) == ({"id-1": "JS-1"}, known)
        two.commit([Resolve(doubt.address)])
        assert two.load().intents == known
        two.commit([Resolve(doubt.address, "one")])
    assert one.load().patients.keys() == {"JS-1"}
    assert (two.load().intents, one.load().intents) == ({}, {})
    assert one.load().lineage != two.load().lineage


def test_a_workspace_of_another_tenant_says_nothing(path: Path, remembered: Remember) -> None:
    one, two = SqliteStore(path, "one"), SqliteStore(path, "two")
    doubt = Intent(patient_address("JS-2"), "create", at(7.0))
    with one.lock("apply"):
        one.commit([remembered, Note("team", "team-1"), Intend(doubt)])
    with two.lock("apply"):
        two.commit([Note("team", "team-2")])
    assert (two.load().elsewhere, two.load().intents) == ({}, {})


def test_of_one_address_in_doubt_twice_its_own_workspace_counts(path: Path) -> None:
    one, two, three = (SqliteStore(path, name) for name in ("one", "two", "three"))
    doubt = Intent(patient_address("JS-2"), "create", at(7.0))
    for store, seconds in ((one, 9.0), (two, 8.0)):
        with store.lock("apply"):
            store.commit([Intend(replace(doubt, at=at(seconds)))])
    assert two.load().intents == {doubt.address: replace(doubt, at=at(8.0))}
    assert three.load().intents == {doubt.address: replace(doubt, at=at(9.0), workspace="one")}


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


def test_a_plan_reads_what_was_committed_while_an_apply_runs(store: SqliteStore, path: Path) -> None:
    reader = SqliteStore(path, "default")
    with store.lock("apply"):
        for serial in range(1, 4):
            store.commit([Note("live_count", str(serial))])
            assert reader.load().serial == serial


def test_commits_are_durable_before_they_return(store: SqliteStore) -> None:
    with store.lock("apply"):
        assert store._writing is not None
        assert store._writing.execute("PRAGMA synchronous").fetchone() == (2,)
        assert store._writing.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_threads_may_commit_at_once(store: SqliteStore) -> None:
    def write(number: int) -> None:
        for turn in range(20):
            store.commit([Remember(Kind.PATIENT, f"{number}-{turn}", "", PatientRecord("id"))])

    with store.lock("apply"):
        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (store.load().serial, len(store.load().patients)) == (80, 80)


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


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_MRN = _TEXT.filter(bool)
_NAME = st.sampled_from(["", "one-year"])
_VALUES = _TEXT, st.binary(max_size=40), st.integers(0, 2**40), st.booleans()
_PATIENT, _CODE = st.builds(PatientRecord, *_VALUES, _NAME), st.builds(CodeRecord, *_VALUES, _NAME)
_ADDRESS = st.one_of(st.builds(patient_address, _MRN), st.builds(code_address, _MRN, _MRN))
_TIME = st.floats(1, 2**40)
_BOOT = st.shared(_TEXT, key="boot")
_MOMENT = st.builds(Instant, _TIME, _BOOT, _TIME)
_ENTRY = st.one_of(
    st.builds(Remember, st.just(Kind.PATIENT), _MRN, st.just(""), _PATIENT),
    st.builds(Remember, st.just(Kind.CONNECTION_CODE), _MRN, _MRN, _CODE),
    st.builds(Drop, st.just(Kind.PATIENT), _MRN),
    st.builds(Drop, st.just(Kind.CONNECTION_CODE), _MRN, _MRN),
    st.builds(Intend, st.builds(Intent, _ADDRESS, _TEXT, _MOMENT, st.none() | _MOMENT)),
    st.builds(Resolve, _ADDRESS),
    st.builds(Note, st.just("team"), _TEXT),
    st.builds(UsePlan, _TEXT),
    st.builds(Depart, _TEXT, st.sampled_from(["disconnect", "delete"])),
)


@settings(deadline=None)
@given(batches=st.lists(st.lists(_ENTRY, max_size=6), max_size=4))
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, batches: Sequence[Sequence[Entry]]
) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("state") / "state.db", "default")
    model = _Model()
    with store.lock("apply"):
        for batch in batches:
            store.commit(batch)
            for entry in batch:
                model.apply(entry)
    state = store.load()
    seen = (state.patients, {mrn: codes for mrn, codes in state.codes.items() if codes}, state.intents)
    assert seen == (
        model.patients,
        {mrn: codes for mrn, codes in model.codes.items() if codes},
        model.intents,
    )
    assert (state.team, state.departed, set(state.used_plans)) == (
        model.team,
        dict(model.departed),
        model.plans,
    )


class _Model:
    """The plainest store there is."""

    def __init__(self) -> None:
        self.patients: dict[str, PatientRecord] = {}
        self.codes: dict[str, dict[str, CodeRecord]] = {}
        self.intents: dict[Address, Intent] = {}
        self.departed: dict[str, frozenset[str]] = {}
        self.plans: set[str] = set()
        self.team = ""

    def apply(self, entry: Any) -> None:
        match entry:
            case Remember(Kind.PATIENT, name, _, PatientRecord() as record):
                self.patients[name] = record
            case Remember(_, name, detail, CodeRecord() as record):
                self.codes.setdefault(name, {})[detail] = record
            case Drop(Kind.PATIENT, name, _):
                self.patients.pop(name, None)
            case Drop(_, name, detail):
                self.codes.get(name, {}).pop(detail, None)
            case Intend(intent):
                self.intents[intent.address] = intent
            case Resolve(address):
                self.intents.pop(address, None)
            case Note(_, value):
                self.team = value
            case UsePlan(plan):
                self.plans.add(plan)
            case Depart(patient_id, action):
                self.departed[patient_id] = self.departed.get(patient_id, frozenset()) | {action}
