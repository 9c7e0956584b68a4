"""A state as a whole: its image, and the snapshots beside it."""

from dataclasses import replace
from typing import Any

import pytest

from kardia_ctl.model.address import code_address, patient_address
from kardia_ctl.model.decided.use import DecisionUse, UseDecision
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.funnel import Counts, Sample
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    CodeRecord,
    Depart,
    Intend,
    Intent,
    Note,
    PatientRecord,
    Record,
    Remember,
    State,
    UsePlan,
    UserRecord,
)
from kardia_ctl.state.state_store import StateStore
from kardia_ctl.state.tables.image import EMPTY, opened
from tests.moments import at
from tests.state.engines import Engine, Place, fresh

_EVERYTHING = (
    Remember(Kind.PATIENT, "JS\0/ß", "", PatientRecord("id-1", b"\0\xff", 7, True, "spring")),
    Remember(Kind.CONNECTION_CODE, "JS", "template-1", CodeRecord("id-1", b"", 8, False, "one-year")),
    Remember(Kind.MOBILE_USER, "JS", "", UserRecord(unredeemed=True)),
    Remember(Kind.CALLBACK, "", "", Record("", b"\1", 9)),
    Intend(Intent(code_address("JS/1", "one-year"), "issue", at(1.25), at(2.5), person=b"\0")),
    Note("team", "team-1"),
    UsePlan("plan-1"),
    UseDecision(DecisionUse("reissue", code_address("JS/1", "one-year"), "2026-12-15"), 9),
    Depart("id-9", "delete"),
    Sample(7, "spring", Counts(8, 7, 6, 1, 2, 2, 1, 5)),
)


def write_everything(place: Place, **options: Any) -> dict[str, State]:
    """Write something of everything into two workspaces, and load both. ``options`` as for ``open``."""
    one, two = place.open("one", **options), place.open("two", **options)
    with one.lock("apply"):
        one.commit(_EVERYTHING)
        one.commit([Note("live_count", "12")])
    with two.lock("apply"):
        two.commit([Remember(Kind.PATIENT, "JS-2", "", PatientRecord("id-2"))])
    return loaded(place, **options)


def loaded(place: Place, **options: Any) -> dict[str, State]:
    return {name: place.open(name, **options).load() for name in ("one", "two")}


def test_a_state_that_does_not_exist_has_an_empty_image_and_making_it_creates_nothing(
    store: StateStore,
) -> None:
    assert store.image() == EMPTY
    assert store.load() == State()
    assert store.activity() == ""


def test_an_image_holds_everything_and_puts_it_back(store: StateStore, place: Place) -> None:
    before = write_everything(place)
    image = store.image()
    with store.lock("state rollback"):
        store.commit([Note("team", "team-9"), UsePlan("plan-9")])
        store.replace(image)
    assert loaded(place) == before


def test_an_image_of_one_place_is_a_state_in_another(
    engine: Engine, store: StateStore, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = write_everything(place)
    elsewhere = fresh(engine, tmp_path_factory.mktemp("elsewhere"))
    other = elsewhere.open()
    with other.lock("state push"):
        other.replace(store.image())
    assert loaded(elsewhere) == before
    one = elsewhere.open("one")
    with one.lock("apply"):
        one.commit([Note("live_count", "13")])
    assert one.load() == replace(before["one"], live_count=13, serial=before["one"].serial + 1)
    fresh_name = elsewhere.open("three")
    with fresh_name.lock("apply"):
        fresh_name.commit([Note("team", "team-3")])
    assert fresh_name.load().serial == 1


def test_an_image_shows_no_open_run_and_can_be_taken_during_one(store: StateStore, place: Place) -> None:
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
        with opened(store.image()) as copy:
            assert copy.execute("SELECT * FROM holder").fetchall() == []
            assert copy.execute("SELECT value FROM note").fetchall() == [("team-1",)]
        with opened(place.open("other").image()) as copy:
            assert copy.execute("SELECT value FROM note").fetchall() == [("team-1",)]


def test_replacing_without_the_lock_is_refused(store: StateStore) -> None:
    with pytest.raises(StateError, match="the lock is not held"):
        store.replace(EMPTY)


def test_what_is_no_image_is_refused_and_changes_nothing(store: StateStore) -> None:
    with store.lock("state push"):
        store.commit([Note("team", "team-1")])
        with pytest.raises(StateError, match="not a state"):
            store.replace(b"no database")
    assert store.load().team == "team-1"


def test_a_run_goes_on_after_it_has_replaced_the_state(store: StateStore) -> None:
    with store.lock("state rollback"):
        store.replace(EMPTY)
        store.commit([Intend(Intent(patient_address("JS-1"), "create", at(1.0)))])
    assert (store.load().serial, len(store.load().intents)) == (1, 1)


def test_snapshots_are_kept_beside_the_state(store: StateStore, place: Place) -> None:
    archive = store.archive
    assert archive.names() == []
    contents = {"20260302T100000Z-2": b"\0two\xff", "20260302T100000Z-1": b"one" * 100_000}
    with store.lock("apply"):
        for name, content in contents.items():
            archive.write(name, content)
    again = place.open("other").archive
    assert again.names() == sorted(contents)
    assert {name: again.read(name) for name in again.names()} == contents
    assert store.load() == State()


def test_a_snapshot_is_replaced_by_a_later_one_of_its_name_and_removed_once(store: StateStore) -> None:
    archive = store.archive
    with store.lock("apply"):
        archive.write("a", b"1")
        archive.write("a", b"2")
        assert archive.read("a") == b"2"
        archive.remove("a")
        archive.remove("a")
    assert archive.names() == []
    with pytest.raises(StateError, match="history"):
        archive.read("a")
