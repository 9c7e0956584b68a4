"""6. An id belongs to one person: an answer with somebody else's id records nothing and orders nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from kardia_ctl.applying.known_ids import KnownIds
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Depart, PatientRecord, Remember
from kardia_ctl.operations import look_at_end
from kardia_ctl.state.open import open_store
from tests.attacks.odd_account import LOST, Patient, Person
from tests.attacks.safeguards import removed

ANNA = "A-1|1980-02-03|anna@example.com|Anna|Quirildra+"
BERT = "B-2|1991-04-05|bert@example.com|Bert|Zorbavix+"
CARL = "C-3|1975-06-07|carl@example.com|Carl|Mavloquin+"


def answering(patient_id: object) -> Callable[[Patient], Patient]:
    """A server that answers every create with this id."""
    return lambda patient: {**patient, "id": patient_id}


def recorded(person: Person, workspace: str = "default") -> dict[str, str]:
    state = open_store("sqlite:///.kardia/state.db", person.path, workspace).load()
    return {mrn: record.id for mrn, record in state.patients.items()}


def in_doubt(person: Person) -> set[str]:
    state = open_store("sqlite:///.kardia/state.db", person.path, "default").load()
    return {address.names[0] for address in state.intents}


def record(person: Person, *entries: Remember | Depart, workspace: str = "default") -> None:
    store = open_store("sqlite:///.kardia/state.db", person.path, workspace)
    with store.lock("test"):
        store.commit(entries)


def known_from_the_scan(person: Person) -> str:
    return person.account.add("OTHER-9")


def known_from_state(person: Person) -> str:
    person.declare(CARL)
    assert person.apply().code == 0
    person.account.orders.clear()
    person.declare(CARL, ANNA)
    return recorded(person)["C-3"]


def known_from_a_tombstone(person: Person) -> str:
    record(person, Remember(Kind.PATIENT, "OLD-1", "", PatientRecord("id-old", forgotten=True)))
    return "id-old"


def known_from_a_departure(person: Person) -> str:
    record(person, Depart("id-erased", DepartureAction.DELETE))
    return "id-erased"


def known_from_another_workspace(person: Person) -> str:
    entry = Remember(Kind.PATIENT, "ELSE-1", "", PatientRecord("id-elsewhere"))
    record(person, entry, workspace="other")
    return "id-elsewhere"


SOURCES = [
    known_from_the_scan,
    known_from_state,
    known_from_a_tombstone,
    known_from_a_departure,
    known_from_another_workspace,
]


def nothing_happens_under_a_known_id(person: Person, source: Callable[[Person], str]) -> None:
    person.declare(ANNA)
    known = source(person)
    person.account.answers = answering(known)
    done = person.apply()
    assert done.code == 1
    assert f"a create was answered with {known}, the id of" in done.text
    assert person.account.orders == []
    assert "A-1" not in recorded(person)
    assert in_doubt(person) == {"A-1"}


@pytest.mark.parametrize("source", SOURCES)
def test_an_answer_with_a_known_id_records_nothing_and_orders_nothing(
    person: Person, source: Callable[[Person], str]
) -> None:
    nothing_happens_under_a_known_id(person, source)


@pytest.mark.parametrize("source", SOURCES)
def test_without_the_index_a_code_is_ordered_for_somebody_else(
    person: Person, source: Callable[[Person], str]
) -> None:
    no_pauses = removed(look_at_end, "_PAUSES", ())
    with removed(KnownIds, "conflict", lambda *_: ""), no_pauses, pytest.raises(AssertionError):
        nothing_happens_under_a_known_id(person, source)


@pytest.mark.parametrize("parallelism", ["1", "16"])
def test_two_creates_answered_with_one_id_are_both_in_doubt(person: Person, parallelism: str) -> None:
    person.declare(ANNA, BERT, CARL)
    person.account.answers = answering("id-same")
    done = person.apply("--parallelism", parallelism)
    assert done.code == 1
    assert recorded(person) == {}
    assert {"A-1", "B-2"} <= in_doubt(person) if parallelism == "1" else len(in_doubt(person)) >= 2
    assert "whose create in this run was answered with it too" in done.text
    assert "another create was answered with its id too" in done.text


def test_the_next_run_finds_whom_the_server_created_under_their_own_ids(person: Person) -> None:
    person.declare(ANNA, BERT)
    person.account.answers = answering("id-same")
    assert person.apply("--parallelism", "1").code == 1
    person.account.answers = lambda patient: patient
    person.account.orders.clear()
    assert person.apply().code == 0
    live = {mrn: patient_id for patient_id, mrn in person.account.live()}
    assert recorded(person) == live
    assert sorted(person.account.orders) == sorted(live.values())
    assert len(person.account.patients) == 2


@pytest.mark.parametrize("odd", ["", " ", "\t", None, False, True, ".", "..", "a\nb", "\x00", [], {}])
def test_an_answer_without_a_usable_id_is_in_doubt(person: Person, odd: Any) -> None:
    person.declare(ANNA)
    person.account.answers = answering(odd)
    person.account.stores = lambda _: None
    done = person.apply()
    assert done.code == 1
    assert recorded(person) == {}
    assert in_doubt(person) == {"A-1"}
    assert person.account.orders == []


def test_the_id_of_an_earlier_record_of_the_same_mrn_is_free(person: Person) -> None:
    record(person, Remember(Kind.PATIENT, "A-1", "", PatientRecord("id-again")))
    person.declare(ANNA)
    person.account.answers = answering("id-again")
    person.account.stores = answering("id-again")
    done = person.apply("--recreate", str(patient_address("A-1")))
    assert (done.code, recorded(person)) == (0, {"A-1": "id-again"})


def test_a_lost_answer_is_no_conflict(person: Person) -> None:
    person.declare(ANNA)
    person.account.answers = lambda _: LOST
    assert person.apply().code == 0
    assert recorded(person) == {"A-1": "id-1"}
