"""Snapshots are kept by count and age, and what they hold can be put back without forgetting an order."""

from pathlib import Path

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.decided.use import DecisionUse, UseDecision
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    Audited,
    CodeRecord,
    Depart,
    Drop,
    Entry,
    Intend,
    Intent,
    Note,
    PatientRecord,
    Remember,
    UsePlan,
    UserRecord,
)
from kardia_ctl.state.merging import is_free, marked_as_moved, pushed, rolled_back, rows_of
from kardia_ctl.state.snapshots import keep_snapshot, read_snapshot_image, snapshots_of
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from kardia_ctl.state.tables.image import EMPTY
from tests.moments import at

DAY = 86_400.0
NOW = 1_772_445_600.0


def write(store: SqliteStore, *entries: Entry) -> None:
    with store.lock("apply"):
        store.commit(entries)


USER = Remember(Kind.MOBILE_USER, "A", "", UserRecord("id-A"))
USE = DecisionUse("recreate", patient_address("A"), "2026-12-15")


def patient(mrn: str) -> Remember:
    return Remember(Kind.PATIENT, mrn, "", PatientRecord(f"id-{mrn}"))


def keep(store: SqliteStore, now: float, operation: str = "apply") -> None:
    keep_snapshot(store, "default", store.load().serial, operation, now)


def test_nothing_is_kept_of_an_empty_state(store: SqliteStore) -> None:
    keep(store, NOW)
    assert snapshots_of(store) == []


def test_one_is_kept_for_each_serial(store: SqliteStore) -> None:
    for mrn in ("A", "B"):
        write(store, patient(mrn))
        keep(store, NOW, "state forget")
        keep(store, NOW + 1)
    assert [(one.serial, one.operation, one.workspace) for one in snapshots_of(store)] == [
        (1, "state-forget", "default"),
        (2, "state-forget", "default"),
    ]


def test_a_workspace_may_have_any_name(path: Path) -> None:
    store = SqliteStore(path, "a_b/c ü")
    write(store, patient("A"))
    keep_snapshot(store, "a_b/c ü", 1, "apply", NOW)
    assert [one.workspace for one in snapshots_of(store)] == ["a_b/c ü"]


def test_the_newest_ten_stay_whatever_their_age_and_others_for_a_month(store: SqliteStore) -> None:
    for number in range(15):
        write(store, patient(f"{number}"))
        keep(store, NOW + number * 3 * DAY)
    assert [one.serial for one in snapshots_of(store)] == list(range(6, 16))


def test_at_most_a_hundred_are_kept(store: SqliteStore) -> None:
    for number in range(103):
        write(store, patient(f"{number}"))
        keep(store, NOW + number)
    assert [one.serial for one in snapshots_of(store)] == list(range(4, 104))


def test_a_damaged_snapshot_and_a_missing_one_are_one_message(store: SqliteStore) -> None:
    write(store, patient("A"))
    keep(store, NOW)
    (snapshot,) = snapshots_of(store)
    store.archive.write(snapshot.name, b"damaged")
    with pytest.raises(StateError, match="is damaged"):
        read_snapshot_image(store, snapshot.name)
    with pytest.raises(StateError, match=r"there is no snapshot \.\./state\.db"):
        read_snapshot_image(store, "../state.db")


def test_a_rollback_brings_records_back_and_forgets_no_order(store: SqliteStore, path: Path) -> None:
    other = SqliteStore(path, "other")
    code = Remember(Kind.CONNECTION_CODE, "A", "one-year", CodeRecord("id-A"))
    write(store, patient("A"), patient("B"), Note("team", "team-1"))
    keep(store, NOW)
    doubt = Intent(patient_address("C"), "create", at(7.0))
    write(store, Drop(Kind.PATIENT, "A"), code, patient("D"), Depart("id-B", "delete"), UsePlan("plan-1"))
    write(store, Intend(doubt), Audited("{}"), UseDecision(USE, 7), USER)
    write(other, patient("X"))
    before = store.load()
    (snapshot,) = snapshots_of(store)
    with store.lock("state rollback"):
        image = rolled_back(store.image(), read_snapshot_image(store, snapshot.name), "default")
        store.replace(image)
    state = store.load()
    assert state.patients.keys() == {"A", "B", "D"}
    assert (state.codes, state.users) == (before.codes, before.users)
    assert (state.departed, state.used_plans) == (before.departed, before.used_plans)
    assert state.decided == before.decided == {USE: 7}
    assert state.intents == before.intents
    assert state.serial == before.serial + 1
    assert other.load().patients.keys() == {"X"}
    assert len(rows_of(store.image())["audit"]) == 1


def test_a_rollback_keeps_who_came_later_once_and_takes_a_move_back(store: SqliteStore) -> None:
    """Who was just created is not in a list that lags: without a record the create would be sent again."""
    write(store, patient("OLD"))
    keep(store, NOW)
    moved = Remember(Kind.PATIENT, "NEW", "", store.load().patients["OLD"])
    write(store, Drop(Kind.PATIENT, "OLD"), moved, patient("CREATED"))
    (snapshot,) = snapshots_of(store)
    with store.lock("state rollback"):
        store.replace(rolled_back(store.image(), read_snapshot_image(store, snapshot.name), "default"))
    assert store.load().patients.keys() == {"OLD", "CREATED"}


def test_a_rollback_to_another_state_is_refused(store: SqliteStore, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "other.db", "default")
    write(store, patient("A"))
    write(other, patient("A"))
    with pytest.raises(StateError, match="nothing of workspace default of this lineage"):
        rolled_back(store.image(), other.image(), "default")


def test_an_older_state_is_pushed_only_by_force_and_counts_as_newer(store: SqliteStore) -> None:
    write(store, patient("A"))
    old = store.image()
    write(store, patient("B"), Audited("{}"))
    with pytest.raises(StateError, match=r"workspace default is older \(serial 1, here 2\)"):
        pushed(store.image(), old)
    with store.lock("state push"):
        store.replace(pushed(store.image(), old, force=True))
    assert (set(store.load().patients), store.load().serial) == ({"A", "B"}, 3)
    assert len(rows_of(store.image())["audit"]) == 1


def test_a_push_by_force_forgets_no_order_and_no_doubt(store: SqliteStore) -> None:
    code = Remember(Kind.CONNECTION_CODE, "A", "one-year", CodeRecord("id-A"))
    doubt = Intent(patient_address("C"), "create", at(7.0))
    write(store, patient("A"))
    old = store.image()
    write(store, patient("B"), code, Intend(doubt), Depart("id-B", "delete"), UsePlan("plan-1"))
    write(store, UseDecision(USE, 7), USER)
    before = store.load()
    assert before.users.keys() == {"A"}
    with store.lock("state push"):
        store.replace(pushed(store.image(), old, force=True))
    state = store.load()
    assert set(state.patients) == {"A", "B"}
    assert (state.codes, state.users, state.intents) == (before.codes, before.users, before.intents)
    assert (state.departed, state.used_plans) == (before.departed, before.used_plans)
    assert state.decided == before.decided == {USE: 7}


def test_what_is_in_doubt_is_not_pushed_away_by_another_state(store: SqliteStore, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "other.db", "default")
    write(other, patient("A"))
    write(store, Intend(Intent(patient_address("C"), "create", at(7.0))))
    with pytest.raises(StateError, match="requests of workspace default are in doubt"):
        pushed(store.image(), other.image(), force=True)


def test_a_database_without_a_state_is_not_pushed_by_force(store: SqliteStore) -> None:
    write(store, patient("A"))
    with pytest.raises(StateError, match="holds no state"):
        pushed(store.image(), EMPTY, force=True)


def test_a_state_of_another_lineage_and_one_without_a_workspace_are_refused(
    store: SqliteStore, tmp_path: Path
) -> None:
    other = SqliteStore(tmp_path / "other.db", "default")
    third = SqliteStore(tmp_path / "third.db", "third")
    for one in (store, other, third):
        write(one, patient("A"))
    with pytest.raises(StateError, match="another lineage"):
        pushed(store.image(), other.image())
    with pytest.raises(StateError, match="it has no workspace default"):
        pushed(store.image(), third.image())


def test_a_state_that_was_moved_says_where_to(store: SqliteStore) -> None:
    write(store, patient("A"))
    assert not is_free(store.image())
    with store.lock("state migrate"):
        store.replace(marked_as_moved(store.image(), "the new place"))
    assert is_free(store.image())
    with pytest.raises(StateError, match="was moved to the new place"):
        store.load()
