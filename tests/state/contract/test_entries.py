"""What is written comes back, whole or not at all."""

import threading

import pytest

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.decided.use import DecisionUse, UseDecision
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.funnel import Counts, Sample
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    CodeRecord,
    Depart,
    Drop,
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
from kardia_ctl.state.state_store import StateStore
from tests.moments import at
from tests.state.engines import Place

USE = DecisionUse("recreate", patient_address("JS/1"), "2026-12-15")


def test_loading_without_state_gives_none_and_creates_nothing(store: StateStore, place: Place) -> None:
    assert store.load() == State()
    assert store.activity() == ""
    assert list(place.root.iterdir()) == []


def test_every_entry_comes_back_where_the_model_says(store: StateStore) -> None:
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
                UseDecision(USE),
                UseDecision(USE, 8),
                UseDecision(USE, 9),
                UseDecision(USE),
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
    assert state.decided == {USE: 8}
    assert state.samples == (sample,)


def test_dropping_and_resolving_remove(store: StateStore, remembered: Remember) -> None:
    address = patient_address("JS-1")
    with store.lock("apply"):
        store.commit([remembered, Intend(Intent(address, "create", at(1.0)))])
        store.commit([Drop(Kind.PATIENT, "JS-1"), Resolve(address)])
    state = store.load()
    assert (state.patients, state.intents, state.serial) == ({}, {}, 2)


def test_the_serial_grows_only_when_something_changed(store: StateStore, remembered: Remember) -> None:
    with store.lock("apply"):
        store.commit([remembered])
        lineage = store.load().lineage
        store.commit([remembered])
        store.commit([])
        store.commit([Drop(Kind.PATIENT, "nobody"), Resolve(patient_address("nobody"))])
        assert store.load().serial == 1
        store.commit([Remember(Kind.PATIENT, "JS-1", "", PatientRecord("id-1", forgotten=True))])
    assert (store.load().serial, store.load().lineage) == (2, lineage)


def test_a_run_that_wrote_nothing_leaves_no_state(store: StateStore) -> None:
    with store.lock("apply"):
        store.commit([])
    assert store.load() == State()


def test_committing_without_the_lock_is_refused(store: StateStore, remembered: Remember) -> None:
    with pytest.raises(StateError, match="the lock is not held"):
        store.commit([remembered])
    with store.lock("apply"):
        store.commit([remembered])
    with pytest.raises(StateError, match="the lock is not held"):
        store.commit([remembered])


def test_a_batch_is_whole_or_not_at_all(store: StateStore, remembered: Remember) -> None:
    broken = Note("team", "\ud800")
    with store.lock("apply"):
        with pytest.raises(StateError, match="cannot be stored"):
            store.commit([remembered, broken])
        assert store.load() == State()
        store.commit([remembered])
    assert store.load().serial == 1


def test_a_plan_reads_what_was_committed_while_an_apply_runs(store: StateStore, place: Place) -> None:
    reader = place.open()
    with store.lock("apply"):
        for serial in range(1, 4):
            store.commit([Note("live_count", str(serial))])
            assert reader.load().serial == serial


def test_threads_may_commit_at_once(store: StateStore) -> None:
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


def test_what_was_done_to_an_id_stays_beside_what_is_done_later(store: StateStore) -> None:
    with store.lock("apply"):
        store.commit([Depart("id-1", "disconnect")])
        store.commit([Depart("id-1", "delete"), Depart("id-1", "delete")])
    state = store.load()
    assert (state.serial, state.departed) == (2, {"id-1": frozenset({"disconnect", "delete"})})
    assert state.has_done("id-1", "delete")
    assert not state.has_done("id-2", "delete")
    assert not state.has_done("id-1", "export")


def test_a_sample_is_beside_the_content(store: StateStore) -> None:
    with store.lock("status"):
        store.commit([Sample(7, "", Counts(1))])
    assert not store.load().exists
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
        store.commit([Sample(7, "spring", Counts(2))])
        store.commit(
            [Remember(Kind.PATIENT, "JS-1", "", PatientRecord("id-1")), Sample(8, "spring", Counts(3))]
        )
    state = store.load()
    assert (state.serial, patient_address("JS-1").names[0] in state.patients) == (2, True)
    assert state.samples == (Sample(7, "", Counts(1)), Sample(8, "spring", Counts(3)))


def test_one_sample_an_hour_is_kept_and_after_a_week_one_a_day(store: StateStore) -> None:
    half_hour, days = 1800, 30
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
        store.commit(
            [Sample(at, cohort, Counts(at)) for at in range(0, days * 86400, half_hour) for cohort in "ab"]
        )
    kept = [sample.at for sample in store.load().samples if sample.cohort == "a"]
    old = [at for at in kept if at < 22 * 86400]
    assert old == [day * 86400 + 86400 - half_hour for day in range(22)]
    assert [at for at in kept if at >= 23 * 86400] == list(range(23 * 86400 + half_hour, days * 86400, 3600))
    assert len(store.load().samples) == 2 * len(kept)
