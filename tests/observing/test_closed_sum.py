"""A head follows an anchor, or it does not; the anchor may be what state has of the last proven scan."""

import pytest

from kardia_ctl.model.patient import PatientsPage
from kardia_ctl.observing.closed_sum import Anchor, newcomers
from tests.observing.script import live

STORED = Anchor(3, "id-3")
READ = Anchor(3, "id-3", frozenset({"id-3", "id-2"}))


def head(numbers: list[int], total: int | None, cursor: str | None = "more") -> PatientsPage:
    return PatientsPage(tuple(live(number) for number in numbers), total, cursor)


@pytest.mark.parametrize("anchor", [STORED, READ])
@pytest.mark.parametrize(
    ("page", "new"), [(head([3, 2], 3), []), (head([4, 3], 4), [4]), (head([5, 4, 3, 2], 5), [5, 4])]
)
def test_a_head_that_says_who_came_follows(anchor: Anchor, page: PatientsPage, new: list[int]) -> None:
    assert newcomers(anchor, page) == tuple(live(number) for number in new)


@pytest.mark.parametrize(
    "page",
    [
        head([4, 3], 3),
        head([4, 3], 5),
        head([3, 2], 2),
        head([5, 4], 5),
        head([2, 1], 3),
        head([4, 3], None),
        head([4, 4, 3], 5),
        head([], 3),
    ],
    ids=["one left", "one is not shown", "fewer", "too many", "newest left", "no total", "twice", "empty"],
)
def test_a_head_that_does_not_add_up_does_not_follow(page: PatientsPage) -> None:
    assert newcomers(STORED, page) is None
    assert newcomers(READ, page) is None


def test_somebody_new_below_the_newest_is_noticed_where_the_ids_are_known() -> None:
    assert newcomers(READ, head([4, 3, 9], 4)) is None


def test_somebody_known_above_the_newest_is_not_new() -> None:
    assert newcomers(STORED, head([1, 3, 2], 4), {"id-1"}) is None


def test_everybody_is_new_in_an_account_that_was_empty() -> None:
    empty = Anchor(0, "")
    assert newcomers(empty, head([2, 1], 2, None)) == (live(2), live(1))
    assert newcomers(empty, head([2, 1], 3, None)) is None
