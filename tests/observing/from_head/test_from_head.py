"""No small world has a plan from the head that says nothing where a plan of everything says something.

The search finds one where a part of the proof is missing.
"""

from collections.abc import Callable
from typing import Any

import pytest

from kardia_ctl.observing import head_refresh
from tests.attacks.safeguards import removed
from tests.observing.changing import Size
from tests.observing.from_head.search import search
from tests.observing.from_head.weaker_heads import anything, count_alone, without_records, without_rows
from tests.observing.search import CURSORS


@pytest.mark.parametrize("cursor", CURSORS)
@pytest.mark.parametrize(
    ("size", "twins"),
    [
        ({"people": 3, "page": 1, "events": 2}, False),
        ({"people": 5, "page": 4, "events": 2, "late": True}, True),
        ({"people": 4, "page": 2, "events": 2, "moves": True}, False),
        ({"people": 4, "page": 3, "events": 2}, True),
    ],
    ids=str,
)
def test_no_plan_from_the_head_of_a_small_world_says_less_than_one_of_everything(
    size: dict[str, Any], twins: bool, cursor: str
) -> None:
    found = search(Size(cursor=cursor, **size), twins=twins)
    assert not found.wrong
    assert found.enough > found.worlds // 50, "the head is enough, where it can be"


@pytest.mark.parametrize(
    ("weaker", "size"),
    [
        (anything, {"people": 3, "page": 2, "events": 1}),
        (count_alone, {"people": 3, "page": 2, "events": 2}),
        (without_rows, {"people": 5, "page": 4, "events": 2, "late": True}),
        (without_records, {"people": 3, "page": 2, "events": 1}),
    ],
)
def test_the_search_finds_what_a_weaker_proof_misses(
    weaker: Callable[..., str], size: dict[str, Any]
) -> None:
    with removed(head_refresh, "objection", weaker):
        assert search(Size(cursor="exact", **size)).wrong
