"""Law 10. "Complete" means seen: a run that created says so after it has looked."""

from collections.abc import Callable

import pytest

from kardia_ctl.operations import look_at_end
from tests.attacks.conftest import person
from tests.attacks.odd_account import OddAccount, Patient, Person
from tests.attacks.safeguards import removed

__all__ = ["person"]

ANNA = "A-1|1980-02-03|anna@example.com|Anna|Quirildra"
BERT = "B-2|1991-04-05|bert@example.com|Bert|Zorbavix"
THE_LOOK = "GET /v1/patients"
CREATE = "POST /v1/patients"


def many(number: int) -> list[str]:
    return [
        f"M-{n}|{1950 + n % 60}-01-{1 + n % 28:02}|m{n}@example.com|Mavloquin|No{n}" for n in range(number)
    ]


@pytest.mark.parametrize(("live", "created", "pages"), [(0, 1, 1), (3, 2, 1), (0, 500, 1), (7, 501, 2)])
def test_the_look_takes_one_request_for_each_500_that_were_created(
    person: Person, live: int, created: int, pages: int
) -> None:
    for number in range(live):
        person.account.add(f"OTHER-{number}")
    person.declare(*many(created))
    planned = person.run("plan").text
    done = person.apply()
    assert done.code == 0, done.text
    assert f"apply sends {created + 2 + pages} ({2 + pages} reads, {created} write" in planned
    assert len(done.log) == created + 2 + pages
    assert done.log[-pages:] == [THE_LOOK] * pages
    assert person.run("plan").log == [THE_LOOK] * -(-(live + created) // 500)


def one_more(account: OddAccount, mrn: str) -> Callable[[Patient], Patient]:
    """Somebody without our state creates the same mrn just before us."""

    def stores(patient: Patient) -> Patient:
        if patient["mrn"] == mrn:
            account.patients.insert(0, {**patient, "id": "id-rival"})
        return patient

    return stores


def a_twin_of_another_writer_is_said(person: Person) -> None:
    person.account.stores = one_more(person.account, "B-2")
    person.declare(ANNA, BERT)
    done = person.apply("--parallelism", "1")
    assert done.code == 1
    assert "it was created as id-2, and id-rival has the same mrn" in done.text
    assert "Apply incomplete" in done.text


def test_somebody_who_is_there_twice_is_said_with_both_ids(person: Person) -> None:
    a_twin_of_another_writer_is_said(person)


def test_the_stream_for_tools_says_it_too(person: Person) -> None:
    person.account.stores = one_more(person.account, "B-2")
    person.declare(ANNA, BERT)
    lines = person.apply("--json", "--parallelism", "1").objects()
    (said,) = [line["diagnostic"] for line in lines if line["type"] == "diagnostic"]
    assert (said["severity"], said["address"]) == ("error", "patient/B-2")
    assert "it was created as id-2, and id-rival has the same mrn" in said["detail"]
    assert lines[-1]["type"] == "change_summary"


def failing_after_a_create(account: OddAccount) -> Callable[[Patient], Patient]:
    """Lists that break once a patient was created."""

    def lists(patient: Patient) -> Patient:
        if CREATE in account.log:
            raise ValueError("the server breaks")
        return patient

    return lists


def test_the_stream_says_that_the_look_failed(person: Person) -> None:
    person.account.lists = failing_after_a_create(person.account)
    person.account.add("OLD-1")
    person.declare(ANNA)
    lines = person.apply("--json").objects()
    first, said = [line["diagnostic"] for line in lines if line["type"] == "diagnostic"]
    assert "another run without this state" in first["summary"], "a new state beside somebody live"
    assert "the look at what was created failed" in said["summary"]


def test_without_the_look_the_twin_is_not_said(person: Person) -> None:
    with removed(look_at_end, "_findings", lambda *_: ()), pytest.raises(AssertionError):
        a_twin_of_another_writer_is_said(person)


def test_a_twin_below_five_hundred_of_ours_is_seen(person: Person) -> None:
    """It pushes nobody of ours off the page: totalCount says that somebody else came."""
    person.account.stores = one_more(person.account, "M-0")
    person.account.add("OLD-1")
    person.declare(*many(500))
    done = person.apply("--parallelism", "1")
    assert (done.code, done.log[-2:]) == (1, [THE_LOOK] * 2)
    assert "and id-rival has the same mrn" in done.text


def test_whom_the_list_does_not_show_yet_is_read_by_id(person: Person) -> None:
    person.account.lists = lambda patient: None if patient["mrn"] == "B-2" else patient
    person.declare(ANNA, BERT)
    done = person.apply()
    assert (done.code, done.log[-2:]) == (0, [THE_LOOK, "GET /v1/patients/:id"])


def test_whom_nothing_shows_is_said(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_at_end, "_PAUSES", (0.0, 0.0))
    person.account.stores = lambda patient: None if patient["mrn"] == "B-2" else patient
    person.declare(ANNA, BERT)
    done = person.apply()
    assert (done.code, done.log[-3:]) == (1, ["GET /v1/patients/:id"] * 3)
    assert "patient/B-2: create is done, but not as it should be" in done.text
    assert "neither the list nor a read by its id shows it" in done.text


def test_whom_the_list_shows_with_another_mrn_is_said(person: Person) -> None:
    person.account.stores = lambda patient: {**patient, "mrn": patient["mrn"].lower()}
    person.declare(ANNA)
    done = person.apply()
    assert done.code == 1
    assert "Kardia shows it with another mrn" in done.text


def test_a_look_that_fails_is_said(person: Person) -> None:
    person.account.add("OLD-1")
    person.account.lists = failing_after_a_create(person.account)
    person.declare(ANNA)
    done = person.apply()
    assert done.code == 1
    assert "the look at what was created failed" in done.text
    person.account.lists = lambda patient: patient
    assert person.run("plan").code == 0


def test_a_run_that_creates_nobody_does_not_look(person: Person) -> None:
    person.declare(ANNA)
    assert person.apply().code == 0
    assert person.apply().log == [THE_LOOK]
