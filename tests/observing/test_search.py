"""No small world has a false proof of a scan; the search finds one where a part of the proof is missing."""

from typing import Any

import pytest

from kardia_ctl.observing.scan import _Scanner
from tests.attacks.safeguards import removed
from tests.observing.changing import Size
from tests.observing.search import CURSORS, search
from tests.observing.weaker_proofs import added_up, count_alone


@pytest.mark.parametrize("cursor", CURSORS)
@pytest.mark.parametrize(
    "size",
    [
        {"people": 0, "page": 1, "events": 3},
        {"people": 3, "page": 1, "events": 2},
        {"people": 3, "page": 2, "events": 2, "late": True},
        {"people": 4, "page": 2, "events": 2, "moves": True},
        {"people": 5, "page": 3, "events": 2},
        {"people": 3, "page": 2, "events": 1, "stale": 1},
    ],
    ids=str,
)
def test_no_scan_of_a_small_world_is_proven_falsely(size: dict[str, Any], cursor: str) -> None:
    found = search(Size(cursor=cursor, **size))
    assert not found.false
    assert found.proven > found.worlds // 25, "it proves, where it can"


def test_the_search_finds_what_the_number_alone_proves_falsely() -> None:
    with removed(_Scanner, "_is_closed", count_alone):
        assert search(Size(people=3, page=2, events=2, cursor="second")).false


def test_the_search_finds_what_newcomers_added_up_over_several_heads_prove_falsely() -> None:
    """One came and left between two heads, and is counted in place of somebody who was not shown."""
    size = Size(people=2, page=2, events=3, cursor="second")
    assert not search(size).false
    with removed(_Scanner, "_is_closed", added_up):
        assert search(size).false
