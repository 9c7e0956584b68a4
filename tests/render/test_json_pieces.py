"""JSON in pieces is the JSON of the whole, and is made as it is written."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.render.escape import escape, json_text
from kardia_ctl.render.json_pieces import Lazily, json_pieces
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.pseudonyms import Pseudonyms

_LEAVES = st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


def lazily(value: Any) -> Any:
    """The same value with its arrays made when they are written, except those within another array."""
    match value:
        case list():
            return Lazily(partial(iter, value), lambda element: element)
        case dict():
            return {key: lazily(member) for key, member in value.items()}
        case _:
            return value


@given(VALUES)
def test_pieces_are_the_json_of_the_whole(value: Any) -> None:
    text = "".join(json_pieces(lazily(value), MRNS))
    assert text == json_text(value, separators=(",", ":"))
    assert json.loads(text) == value


def test_a_piece_is_written_before_the_last_element_is_made() -> None:
    made = 0

    def elements() -> Iterator[str]:
        nonlocal made
        for made in range(1, 100_001):
            yield f"{made:020}"

    pieces = json_pieces({"elements": Lazily(elements, str)}, MRNS)
    first = next(pieces)
    assert made < 4_000
    assert len(first) < 100_000
    assert len(json.loads(first + "".join(pieces))["elements"]) == 100_000


@given(st.lists(st.integers()), st.permutations(["odd", "even", "all", "none"]))
def test_arrays_of_the_same_things_are_made_in_one_pass(numbers: list[int], order: list[str]) -> None:
    chosen: dict[str, Callable[[int], bool]] = {
        "odd": lambda number: number % 2 == 1,
        "even": lambda number: number % 2 == 0,
        "all": lambda _: True,
        "none": lambda _: False,
    }
    passes = 0

    def things() -> list[int]:
        nonlocal passes
        passes += 1
        return numbers

    def array(name: str) -> Lazily:
        return Lazily(things, lambda number: number if chosen[name](number) else None)

    expected = {name: [*filter(chosen[name], numbers)] for name in order}
    assert json.loads("".join(json_pieces({name: array(name) for name in order}, MRNS))) == expected
    assert passes == 1


def test_no_text_has_an_mrn_that_its_reader_may_not_see() -> None:
    """Whatever stands before an address: a line's end too, whose escape in JSON ends with a letter."""
    names = Pseudonyms(b"an invented key")
    texts = ["patient/JS-1", "of patient/JS-1: it", 'the "patient/JS-1"', "connection_code/JS-1/one-year"]
    document = {
        "patient/JS-1": [*texts, "line\npatient/JS-1", "tab\tpatient/JS-1"],
        "made": {
            "lazily": Lazily(lambda: texts, escape),
            "objects": Lazily(lambda: texts, lambda one: {one: one}),
        },
    }
    text = "".join(json_pieces(document, names))
    assert "JS-1" not in text
    assert text.count(names.mrn("JS-1")) == 1 + 6 + 4 + 8
    assert json.loads(text)["made"]["lazily"] == [names.text(one) for one in texts]
