"""8. A scan proves only what adds up: nobody is created who stands in a list that moved while it was read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kardia_ctl.model.patient import PatientsPage
from kardia_ctl.observing.closed_sum import ClosedSum
from kardia_ctl.observing.scan import _Scanner
from tests.attacks.odd_account import OddAccount, Patient, Person, person_at
from tests.attacks.safeguards import removed
from tests.observing.weaker_proofs import count_alone

ANNA = "A-1|1980-02-03|anna@example.com|Anna|Quirildra"
Happening = Callable[["MovingAccount"], None]


@dataclass
class MovingAccount(OddAccount):
    """An account whose list changes before the page of a number, the first being 1.

    Attributes:
        cap: How many rows a page has at most.
        cursors: ``second`` drops those of the last row's second; ``offset`` counts rows.
        count: What totalCount says of a number.
        shows: What is shown of a page's rows.
        before: What happens before the page of a number.
    """

    cap: int = 2
    cursors: str = "second"
    count: Callable[[int], Any] = int
    shows: Callable[[list[Patient]], list[Patient]] = list
    before: dict[int, Happening] = field(default_factory=dict)
    old: list[Patient] | None = None
    """What one answer shows in place of the list: a replica that lags."""
    pages: int = 0
    _second: int = 0

    def come(self, *mrns: str) -> None:
        """Somebody else creates patients, each a second later."""
        for mrn in mrns:
            self._second += 1
            self.add(mrn, second=str(self._second))

    def come_as_declared(self) -> None:
        """Somebody else creates Anna, as she is declared."""
        self.come("A-1")
        _, dob, email, first, last = ANNA.split("|")
        self.patients[0].update(dob=dob, email=email, firstname=first, lastname=last)

    def go(self, mrn: str) -> None:
        """Somebody else deletes a patient."""
        self.patients = [patient for patient in self.patients if patient["mrn"] != mrn]

    async def _list(self, request: Request) -> Response:
        self.log.append("GET /v1/patients")
        self.pages += 1
        if happening := self.before.get(self.pages):
            happening(self)
        rows, self.old = self.old or self.patients, None
        place = self._place(rows, request.query_params.get("start"))
        end = place + min(self.cap, int(request.query_params["limit"]))
        page, more = rows[place:end], end < len(rows)
        cursor = page[-1]["second"] if page and self.cursors == "second" else str(end)
        shown = [{key: patient[key] for key in patient if key != "second"} for patient in self.shows(page)]
        info = {"endCursor": cursor, "hasNextPage": more}
        return JSONResponse({"totalCount": self.count(len(rows)), "patients": shown, "pageInfo": info})

    def _place(self, rows: list[Patient], start: str | None) -> int:
        if start is None:
            return 0
        if self.cursors == "offset":
            return int(start)
        older = (at for at, row in enumerate(rows) if int(row["second"]) < int(start))
        return next(older, len(rows))

    def held_by_anna(self) -> int:
        return [patient["mrn"] for patient in self.patients].count("A-1")


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


def events(*happenings: tuple[str, str]) -> Happening:
    def happens(account: MovingAccount) -> None:
        for verb, mrn in happenings:
            (account.come if verb == "come" else account.go)(mrn)

    return happens


def falls_out(account: MovingAccount) -> None:
    """Anna, B and C; A and B share a second, so that no page of two ever shows Anna."""
    account.come("A-1", "B")
    account.patients[0]["second"] = account.patients[1]["second"]
    account.come("C")


def one_leaves_and_three_come(account: MovingAccount) -> None:
    """On a first run: as many are shown as totalCount says at the end, and Anna is not among them."""
    falls_out(account)
    account.before = {2: events(("go", "C"), ("come", "D"), ("come", "E"), ("come", "F"))}


def one_leaves_and_two_come(account: MovingAccount) -> None:
    falls_out(account)
    account.before = {2: events(("go", "C"), ("come", "D"), ("come", "E"))}


def one_leaves_and_another_comes_between_two_walks(account: MovingAccount) -> None:
    """Both walks together show as many as there are: somebody who left stands in for Anna."""
    falls_out(account)
    account.before = {3: events(("go", "C"), ("come", "D"))}


def one_leaves_before_the_head_is_read_again(account: MovingAccount) -> None:
    falls_out(account)
    account.before = {2: events(("come", "D")), 3: events(("go", "C"), ("come", "E"))}


def one_leaves_in_each_walk(account: MovingAccount) -> None:
    falls_out(account)
    account.before = {
        2: events(("go", "C"), ("come", "D")),
        4: events(("go", "D"), ("come", "E")),
        6: events(("go", "E"), ("come", "F"), ("come", "G")),
    }


def newcomers_come_and_go_under_an_offset(account: MovingAccount) -> None:
    """They shift Anna over the page's edge, are shown in her place, and leave."""
    account.come("Z", "A-1", "Y")
    account.cap, account.cursors = 1, "offset"
    account.before = {
        2: events(("come", "M"), ("come", "N")),
        3: events(("go", "M"), ("go", "N")),
    }


def an_early_row_leaves_under_an_offset(account: MovingAccount) -> None:
    account.come("Z", "A-1", "Y", "X")
    account.cursors = "offset"
    account.before = {2: events(("go", "X"), ("go", "Y"), ("come", "N"))}


def one_answer_is_old(account: MovingAccount) -> None:
    """A replica shows somebody who has left, in the place of Anna."""
    account.come("A-1", "B", "C", "D")
    account.cursors = "offset"

    def lags(account: MovingAccount) -> None:
        account.old = list(account.patients)
        account.old.insert(2, {**account.patients[0], "id": "id-gone", "mrn": "G"})

    account.before = {2: lags}


def the_same_row_twice(account: MovingAccount) -> None:
    account.come("A-1", "B")
    account.shows = lambda rows: [rows[0]] * len(rows)


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


async def joined_by_number(scanner: _Scanner) -> bool:
    """Walks are joined, and their number alone proves."""
    scanner.walk.patients.update(scanner.earlier)
    return len(scanner.walk.patients) == scanner.total
