"""JSON in pieces is the JSON of the whole, and is made as it is written."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.render.escape import json_text
from kardia_ctl.render.json_pieces import Lazily, json_pieces

_LEAVES = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


def lazily(value: Any) -> Any:
    """The same value with its arrays made when they are written, except those within another array."""
    match value:
        case list():
            return Lazily(lambda: iter(value))
        case dict():
            return {key: lazily(member) for key, member in value.items()}
        case _:
            return value


@given(VALUES)
def test_pieces_are_the_json_of_the_whole(value: Any) -> None:
    text = "".join(json_pieces(lazily(value)))
    assert text == json_text(value, separators=(",", ":"))
    assert json.loads(text) == value


def test_a_piece_is_written_before_the_last_element_is_made() -> None:
    made = 0

    def elements() -> Iterator[str]:
        nonlocal made
        for made in range(1, 100_001):
            yield f"{made:020}"

    pieces = json_pieces({"elements": Lazily(elements)})
    first = next(pieces)
    assert made < 4_000
    assert len(first) < 100_000
    assert len(json.loads(first + "".join(pieces))["elements"]) == 100_000


def test_every_member_is_named() -> None:
    def named(value: Any) -> Any:
        return value.upper() if isinstance(value, str) else [one.upper() for one in value]

    document = {"a": "b", "c": {"d": ["e"], "f": Lazily(lambda: ["g", "h"])}}
    assert "".join(json_pieces(document, named)) == '{"A":"B","C":{"D":["E"],"F":["G","H"]}}'
