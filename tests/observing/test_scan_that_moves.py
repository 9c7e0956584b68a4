"""A list that moves while it is read is proven, in as few requests as it can be."""

import pytest

from kardia_ctl.model.patient import LivePatient, PatientsPage
from tests.observing.script import Happening, Moving, crowd, is_the_truth, scanned


def insert(*numbers: int) -> Happening:
    def happens(reader: Moving) -> None:
        for number in numbers:
            reader.insert(number)

    return happens


def delete(*numbers: int) -> Happening:
    def happens(reader: Moving) -> None:
        for number in numbers:
            reader.delete(number)

    return happens


def both(*happenings: Happening) -> Happening:
    def happens(reader: Moving) -> None:
        for happening in happenings:
            happening(reader)

    return happens


NEW = [9001, 9002, 9003]


@pytest.mark.parametrize("style", ["exact", "offset"])
@pytest.mark.parametrize("cap", [2, 5])
@pytest.mark.parametrize(
    "happenings",
    [
        {1: insert(9001)},
        {1: insert(*NEW)},
        {1: insert(9001), 2: insert(9002), 3: insert(9003)},
        {1: delete(12)},
        {1: delete(1)},
        {1: delete(12, 11, 10)},
        {2: delete(12), 3: delete(3)},
        {1: both(insert(*NEW), delete(12))},
        {1: delete(12), 2: delete(11), 3: delete(10)},
        {1: insert(9001), 2: delete(9)},
        {1: delete(12, 11), 2: insert(9001)},
        {2: both(insert(9001), insert(9002), delete(1))},
    ],
    ids=range(12),
)
def test_a_list_that_moves_is_proven_with_what_it_ends_as(
    happenings: dict[int, Happening], cap: int, style: str
) -> None:
    reader = Moving(crowd(12), dict(happenings), style=style, cap=cap)
    assert is_the_truth(scanned(reader), reader)


def test_the_newest_is_who_stood_at_the_head_when_it_was_last_read() -> None:
    assert scanned(Moving(crowd(12), cap=5)).newest == "id-12"
    assert scanned(Moving(crowd(12), {2: insert(9001)}, cap=5)).newest == "id-9001"
    assert scanned(Moving([])).newest == ""


@pytest.mark.parametrize("style", ["exact", "offset"])
@pytest.mark.parametrize("arrivals", [1, 3, 10])
def test_a_list_that_grows_with_each_page_is_proven_with_one_request_more(arrivals: int, style: str) -> None:
    """The newcomers fit into one head: it says that nobody left, and shows them."""
    reader = Growing(crowd(4_900), arrivals, style)
    found = scanned(reader)
    assert is_the_truth(found, reader)
    assert reader.log == ["500"] * (10 + 1)


def test_newcomers_for_more_than_a_head_are_read_in_several_that_follow_each_other() -> None:
    reader = Growing(crowd(10_000), 150, "exact")
    found = scanned(reader)
    assert is_the_truth(found, reader)
    newcomers = len(reader.people) - 10_000
    assert newcomers > 20 * 150
    assert found.requests <= 20 + newcomers // 300 + 1


def test_a_list_that_grows_by_more_than_a_page_with_each_page_is_given_up() -> None:
    found = scanned(Growing(crowd(50), 6, "exact", cap=5))
    assert not found.proven
    assert found.requests < 100


def test_a_walk_that_can_prove_nothing_any_more_is_not_read_to_the_end() -> None:
    reader = Moving(crowd(5_000), {1: delete(17)})
    found = scanned(reader)
    assert is_the_truth(found, reader)
    assert reader.log == ["500"] * 2 + ["499"] * 11


class Growing(Moving):
    """A list in which somebody comes before each page but the first."""

    def __init__(self, people: list[LivePatient], arrivals: int, style: str, cap: int = 500) -> None:
        super().__init__(people, style=style, cap=cap)
        self._arrivals = arrivals

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        if self.log:
            for number in range(self._arrivals):
                self.insert(10_000 + 1_000 * len(self.log) + number)
        return await super().patients(limit, start)
