"""Scans of lists of up to 40 patients that change between any two requests: never proven falsely."""

from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kardia_ctl.observing.scan import _Scanner
from tests.attacks.safeguards import removed
from tests.observing.changing import Changing, Choices, Size
from tests.observing.search import CURSORS, answered_at_once, is_false, scanned
from tests.observing.weaker_proofs import Proof, added_up, count_alone

EXAMPLES = settings(max_examples=200, derandomize=True, database=None)
MANY = settings(
    max_examples=2_000, derandomize=True, database=None, phases=[Phase.generate], report_multiple_bugs=False
)


@dataclass(slots=True)
class Drawn(Choices):
    """Choices of hypothesis: as often the first (nothing happens) as the second (somebody comes) as any."""

    data: st.DataObject = field(kw_only=True)

    def choose(self, count: int) -> int:
        if count == 1:
            return 0
        return self.data.draw(st.sampled_from((0, 1)) | st.integers(0, count - 1))


@st.composite
def sizes(draw: st.DrawFn, cursor: str) -> Size:
    """A list that comes and goes, on a server that shows some late and may cap its pages."""
    return Size(
        people=draw(st.integers(0, 40)),
        page=draw(st.integers(3, 8)),
        events=draw(st.integers(0, 30)),
        cursor=cursor,
        seconds=draw(st.integers(1, 4)),
        late=draw(st.booleans()),
        capped=draw(st.booleans()),
    )


def no_scan_is_proven_falsely(cursor: str, data: st.DataObject) -> None:
    size = data.draw(sizes(cursor))
    reader = Changing(size, Drawn(data=data))
    with answered_at_once():
        found = scanned(reader)
    assert not (found.proven and is_false(reader, found, size))


@pytest.mark.parametrize("cursor", CURSORS)
def test_no_scan_of_a_list_that_comes_and_goes_is_proven_falsely(cursor: str) -> None:
    EXAMPLES(given(st.data())(lambda data: no_scan_is_proven_falsely(cursor, data)))()


@pytest.mark.parametrize("proof", [count_alone, added_up])
def test_a_weaker_proof_is_found_to_be_false(proof: Proof) -> None:
    with removed(_Scanner, "_is_closed", proof), pytest.raises(AssertionError):
        MANY(given(st.data())(lambda data: no_scan_is_proven_falsely("second", data)))()


class OnlyGrowing(Changing):
    """Nobody leaves; before each request but the first as many come as were drawn for it."""

    def __init__(self, size: Size, arrivals: list[int]) -> None:
        super().__init__(size, Choices())
        self._arrivals = arrivals

    def _happen(self) -> None:
        if self.requests:
            for _ in range(self._arrivals[(self.requests - 1) % len(self._arrivals)]):
                self.states.append(next(self._events()))


@pytest.mark.parametrize("cursor", CURSORS)
@EXAMPLES
@given(data=st.data(), people=st.integers(1, 40), page=st.integers(4, 8))
def test_a_list_that_only_grows_is_proven_at_once(
    cursor: str, data: st.DataObject, people: int, page: int
) -> None:
    """One head for each page of newcomers, and one at the end. Those of three requests fit into a page.

    Nobody shares a second. Under an offset cursor newcomers count as rows, because they shift the others.
    """
    most = data.draw(st.integers(0, (page - 1) // 3))
    arrivals = [most, *data.draw(st.lists(st.integers(0, most), max_size=20))]
    reader = OnlyGrowing(Size(people, page, 0, cursor, seconds=1, capped=True), arrivals)
    with answered_at_once():
        found = scanned(reader)
    newcomers = len(reader.present) - people
    rows = people + newcomers if cursor == "offset" else people
    assert found.proven
    assert found.patients.keys() == reader.present
    assert reader.requests <= -(-rows // page) + newcomers // (page - 2 * most) + 1
