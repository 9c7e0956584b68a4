"""8. A scan proves only what adds up: at the end of a run nobody who came beside it stays unseen."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kardia_ctl.model.address import Address
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing import head
from kardia_ctl.observing.head import Head, Since, read_head
from kardia_ctl.operations import look_at_end
from kardia_ctl.operations.apply import Executor
from tests.attacks.moving_account import MovingAccount, events
from tests.attacks.odd_account import LOST, Patient, Person, person_at
from tests.attacks.safeguards import removed

TWIN = "M-0"
"""The mrn that somebody else creates too, right before us."""


@pytest.fixture
def account() -> MovingAccount:
    return MovingAccount()


@pytest.fixture
def person(
    account: MovingAccount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Person]:
    with person_at(tmp_path / "clinic", monkeypatch, capsys, account) as found:
        yield found


def beside_us(account: MovingAccount, *, same_second: bool = False) -> None:
    """Somebody else creates the patient too, right before us; perhaps in the same second."""

    def stores(patient: Patient) -> Patient:
        if patient["mrn"] == TWIN:
            account.patients.insert(0, {**account.dated(patient), "id": "id-rival"})
        stored = account.dated(patient)
        if patient["mrn"] == TWIN and same_second:
            account.patients[0]["second"] = stored["second"]
        return stored

    account.stores = stores


def somebody_leaves_between_two_pages(account: MovingAccount) -> int:
    """The offset of the second page passes over the twin."""
    account.come("O-1", "O-2", "O-3")
    account.cap, account.cursors = 3, "offset"
    account.before = {2: events(("come", "S")), 3: events(("go", "S"))}
    beside_us(account)
    return 2


def a_page_ends_within_a_second(account: MovingAccount) -> int:
    """The cursor of the second page passes over the twin, and over nobody of ours."""
    account.come("O-1", "O-2", "O-3")
    account.cap = 5
    beside_us(account, same_second=True)
    return 5


def the_oldest_comes_first(account: MovingAccount) -> int:
    account.come("O-1", "O-2", "O-3")
    account.cap, account.cursors, account.ascending = 2, "offset", True
    beside_us(account)
    return 2


STORIES = [somebody_leaves_between_two_pages, a_page_ends_within_a_second, the_oldest_comes_first]
Story = Callable[[MovingAccount], int]


def declared(person: Person, number: int) -> None:
    names = (f"M-{n}|19{50 + n}-01-02|m{n}@example.com|Mavloquin|No{n}" for n in range(number))
    person.declare(*names)


def a_twin_is_said(story: Story, person: Person, account: MovingAccount) -> None:
    declared(person, story(account))
    done = person.apply("--parallelism", "1")
    assert done.code == 1
    assert "id-rival has the same mrn" in done.text


@pytest.mark.parametrize("story", STORIES)
def test_a_twin_is_said_whatever_the_pages_pass_over(
    story: Story, person: Person, account: MovingAccount
) -> None:
    a_twin_is_said(story, person, account)


@pytest.mark.parametrize("story", STORIES[:2])
def test_where_the_head_is_read_once_the_twin_stays_unseen(
    story: Story, person: Person, account: MovingAccount
) -> None:
    with (
        removed(head, "_WALKS", head._WALKS[:1]),
        removed(look_at_end, "read_head", adding_up),
        pytest.raises(AssertionError),
    ):
        a_twin_is_said(story, person, account)


def test_where_any_head_adds_up_the_twin_stays_unseen(person: Person, account: MovingAccount) -> None:
    with removed(look_at_end, "read_head", adding_up), pytest.raises(AssertionError):
        a_twin_is_said(the_oldest_comes_first, person, account)


async def adding_up(reader: Reader, since: Since) -> Head:
    """The head, with nobody unseen."""
    return replace(await read_head(reader, since), unseen=0)


def beside_a_lost_answer(account: MovingAccount) -> int:
    """Our create has had its effect, its answer is lost; somebody else creates her once that is settled."""
    account.cap, account.answers = 500, lambda _: LOST
    account.before = {3: events(("come", TWIN))}
    return 1


def a_twin_of_a_settled_create_is_said(person: Person, account: MovingAccount) -> None:
    declared(person, beside_a_lost_answer(account))
    done = person.apply()
    assert (done.code, done.log.count("GET /v1/patients"), account.live()[0][1]) == (1, 3, TWIN)
    assert "it was created as id-1, and id-2 has the same mrn" in done.text


def test_a_twin_of_a_settled_create_is_said(person: Person, account: MovingAccount) -> None:
    a_twin_of_a_settled_create_is_said(person, account)


def test_where_answered_creates_alone_are_looked_at_that_twin_stays_unseen(
    person: Person, account: MovingAccount
) -> None:
    with removed(Executor, "_created", only_answered), pytest.raises(AssertionError):
        a_twin_of_a_settled_create_is_said(person, account)


def only_answered(executor: Executor) -> dict[str, Address]:
    return {patient_id: change.address for patient_id, change in executor._sender.created.items()}


def test_a_look_that_does_not_add_up_is_said(person: Person, account: MovingAccount) -> None:
    """Pages of two or one within one second: no page size shows the twin."""
    account.come("O-1", "O-2", "O-3")
    account.cap = 2
    beside_us(account, same_second=True)
    declared(person, 2)
    done = person.apply("--parallelism", "1")
    assert done.code == 1
    assert "totalCount says 1 more new patients than the list shows" in done.text


def test_somebody_who_left_costs_two_more_looks_where_a_head_has_pages(
    person: Person, account: MovingAccount
) -> None:
    account.come(*(f"O-{number}" for number in range(9)))
    account.cap, account.cursors = 4, "offset"
    declared(person, 5)
    account.before = {4: events(("go", "O-0"))}
    done = person.apply("--parallelism", "1")
    assert done.code == 0
    assert done.log.count("GET /v1/patients") == 3 + 2 + 2 + 2
