import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.api.limits.pacer import Window


@pytest.mark.parametrize(
    ("most", "heard", "size"),
    [
        (16, "", 16),
        (16, "t", 8),
        (16, "tt", 4),
        (16, "tttttttt", 1),
        (1, "t", 1),
        (7, "t", 3),
        (3, "tt", 1),
        (4, "t+", 2),
        (4, "t++", 3),
        (4, "t++++", 3),
        (4, "t+++++", 4),
        (4, "t" + "+" * 99, 4),
        (4, "t+t+", 2),
        (4, "+" * 99, 4),
    ],
)
def test_it_halves_and_grows_by_one_for_each_window_that_gets_through(
    most: int, heard: str, size: int
) -> None:
    window = Window(most)
    for sign in heard:
        if sign == "t":
            assert window.throttled(window.round)
        else:
            window.answered(window.round)
    assert window.size == size


def test_it_halves_once_for_all_that_was_under_way() -> None:
    window = Window(16)
    assert [window.throttled(0) for _ in range(16)] == [True] + [False] * 15
    assert window.size == 8


def test_answers_from_before_a_halving_do_not_undo_it() -> None:
    window = Window(4)
    window.throttled(0)
    for _ in range(99):
        window.answered(0)
    assert (window.size, window.streak) == (2, 1)


def test_a_streak_counts_the_halvings_in_a_row() -> None:
    window = Window(4)
    for _ in range(3):
        window.throttled(window.round)
    assert (window.size, window.streak) == (1, 3)
    window.answered(window.round)
    assert window.streak == 0


@given(st.integers(1, 130), st.lists(st.tuples(st.booleans(), st.integers(0, 2)), max_size=300))
def test_it_stays_between_one_and_most_and_recovers(most: int, heard: list[tuple[bool, int]]) -> None:
    window = Window(most)
    for throttled, ago in heard:
        before = window.size
        sent_in = max(0, window.round - ago)
        if throttled:
            window.throttled(sent_in)
            assert window.size in {before, max(1, before // 2)}
        else:
            window.answered(sent_in)
            assert window.size in {before, before + 1}
        assert 1 <= window.size <= most
    for _ in range(most * most):
        window.answered(window.round)
    assert window.size == most
