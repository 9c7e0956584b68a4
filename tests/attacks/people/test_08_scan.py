"""8. A scan proves only what adds up: nobody is created who stands in a list that moved while it was read."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.observing.closed_sum import ClosedSum
from kardia_ctl.observing.scan import _Scanner
from kardia_ctl.observing.walk import Walk
from tests.attacks.lost_create import ANNA
from tests.attacks.moving_account import Happening, MovingAccount, events, falls_out
from tests.attacks.moving_stories import (
    an_early_row_leaves_under_an_offset,
    newcomers_come_and_go_under_an_offset,
    one_answer_is_old,
    one_leaves_and_another_comes_between_two_walks,
    one_leaves_and_three_come,
    one_leaves_and_two_come,
    one_leaves_before_the_head_is_read_again,
    one_leaves_in_each_walk,
    the_same_row_twice,
)
from tests.attacks.odd_account import Person, person_at
from tests.attacks.safeguards import removed
from tests.observing.weaker_proofs import count_alone


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
        found.declare(ANNA)
        yield found


STORIES = [
    one_leaves_and_two_come,
    one_leaves_and_three_come,
    one_leaves_and_another_comes_between_two_walks,
    one_leaves_before_the_head_is_read_again,
    one_leaves_in_each_walk,
    newcomers_come_and_go_under_an_offset,
    an_early_row_leaves_under_an_offset,
    one_answer_is_old,
    the_same_row_twice,
]


@pytest.mark.parametrize("story", STORIES)
def test_who_stands_in_a_list_that_moves_is_not_created(
    story: Happening, person: Person, account: MovingAccount
) -> None:
    story(account)
    ran = person.apply()
    assert account.held_by_anna() == 1
    assert ran.creates == 0


def test_who_left_between_two_walks_is_not_adopted(person: Person, account: MovingAccount) -> None:
    """Two walks together show as many as there are, one of them Anna, who is no longer there."""
    account.come("D", "B")
    account.patients[1]["second"] = account.patients[0]["second"]
    account.come_as_declared()
    account.before = {3: events(("go", "A-1"), ("come", "C"))}
    ran = person.apply()
    assert ran.code == 1
    assert ran.creates == 0
    assert "imported" not in ran.text


@pytest.mark.parametrize("total", [None, True, -1, 1.5, "two", [2], {"count": 2}, "", 10**30])
def test_a_total_of_another_kind_proves_nothing(
    total: object, person: Person, account: MovingAccount
) -> None:
    falls_out(account)
    account.count = lambda _: total
    ran = person.apply()
    assert ran.code == 1
    assert ran.creates == 0
    assert "Traceback" not in ran.text


@pytest.mark.parametrize("cursors", ["offset", "second"])
def test_a_list_that_grows_with_each_page_is_proven_with_one_request_more(
    cursors: str, person: Person, account: MovingAccount
) -> None:
    """Fifteen pages, and newcomers before each: the sum closes at the end, and Anna is created once."""
    account.cap, account.cursors = 10, cursors
    account.come(*(f"P-{number}" for number in range(145)))
    account.before = {page: events(("come", f"N-{page}")) for page in (2, 5, 9, 14)}
    ran = person.run("plan")
    assert ran.log.count("GET /v1/patients") == 15 + 1
    assert "1 to add" in ran.text
    ran = person.apply()
    assert ran.code == 0
    assert ran.creates == 1
    assert account.held_by_anna() == 1


def test_a_quiet_list_takes_no_request_more(person: Person, account: MovingAccount) -> None:
    account.cap = 10
    account.come(*(f"P-{number}" for number in range(145)))
    assert person.run("plan").log.count("GET /v1/patients") == 15


@pytest.mark.parametrize("cap", [2, 3, 100])
def test_walks_with_the_same_page_edges_do_not_agree(
    cap: int, person: Person, account: MovingAccount
) -> None:
    """``scan: agree-twice`` where the server gives fewer than asked for: the same row falls out again."""
    falls_out(account)
    account.cap = cap
    person.declare(ANNA, more="settle: 0s\nscan: agree-twice")
    assert person.apply().creates == 0
    assert account.held_by_anna() == 1


@pytest.mark.parametrize("story", [one_leaves_and_two_come, one_leaves_before_the_head_is_read_again])
def test_where_the_number_alone_proves_she_is_there_twice(
    story: Happening, person: Person, account: MovingAccount
) -> None:
    with removed(_Scanner, "_is_closed", count_alone), pytest.raises(AssertionError):
        test_who_stands_in_a_list_that_moves_is_not_created(story, person, account)
    assert account.held_by_anna() > 1


def test_where_walks_are_joined_without_a_proof_she_is_there_twice(
    person: Person, account: MovingAccount
) -> None:
    def follows(closed: ClosedSum, head: PatientsPage, _: object) -> bool:
        closed._set(head)
        return True

    story = one_leaves_and_another_comes_between_two_walks
    with (
        removed(ClosedSum, "look", follows),
        removed(_Scanner, "_is_closed", joined_by_number),
        pytest.raises(AssertionError),
    ):
        test_who_stands_in_a_list_that_moves_is_not_created(story, person, account)
    assert account.held_by_anna() > 1


def test_where_a_fallen_count_is_nothing_newcomers_stand_in_for_her(
    person: Person, account: MovingAccount
) -> None:
    def below(closed: ClosedSum, page: PatientsPage, _: int) -> None:
        assert closed.anchor is not None
        closed.moved = closed.moved or page.total != closed.anchor.total

    with removed(ClosedSum, "below", below), pytest.raises(AssertionError):
        test_who_stands_in_a_list_that_moves_is_not_created(
            newcomers_come_and_go_under_an_offset, person, account
        )
    assert account.held_by_anna() > 1


def test_where_rows_are_counted_and_not_ids_one_row_stands_in_for_her(
    person: Person, account: MovingAccount
) -> None:
    def add(walk: Walk, patients: Iterable[LivePatient]) -> None:
        for patient in patients:
            walk.patients[patient.id + "'" * (patient.id in walk.patients)] = patient

    with removed(Walk, "add", add), pytest.raises(AssertionError):
        test_who_stands_in_a_list_that_moves_is_not_created(the_same_row_twice, person, account)
    assert account.held_by_anna() > 1


@pytest.mark.parametrize("total", [None, True, 1.5, "two"])
def test_where_no_total_is_nothing_to_compare_she_is_there_twice(
    total: object, person: Person, account: MovingAccount
) -> None:
    def closes(closed: ClosedSum, shown: int) -> bool:
        return closed.anchor is None or shown == closed.anchor.total

    with removed(ClosedSum, "closes", closes), pytest.raises(AssertionError):
        test_a_total_of_another_kind_proves_nothing(total, person, account)
    assert account.held_by_anna() > 1


def test_where_walks_with_the_same_edges_agree_she_is_there_twice(
    person: Person, account: MovingAccount
) -> None:
    def agrees(scanner: _Scanner) -> bool:
        scanner.shown.append((frozenset(scanner.walk.patients), set()))
        return len({ids for ids, _ in scanner.shown}) < len(scanner.shown)

    with removed(_Scanner, "_agrees", agrees), pytest.raises(AssertionError):
        test_walks_with_the_same_page_edges_do_not_agree(2, person, account)
    assert account.held_by_anna() > 1


async def joined_by_number(scanner: _Scanner) -> bool:
    """Walks are joined, and their number alone proves."""
    scanner.walk.patients.update(scanner.earlier)
    return len(scanner.walk.patients) == scanner.total
