"""Why the head of the list is not even read: what state keeps of the list cannot be compared with it."""

from typing import Any

import pytest

from kardia_ctl.model.amounts.refresh import ListHead, ProvenList
from kardia_ctl.model.configuration import Desired, ScanPolicy
from kardia_ctl.model.state import State
from kardia_ctl.observing.head_refresh import HeadInputs, Unproven, observe_head
from kardia_ctl.observing.read_plan import choose_reads
from tests.observing.from_head.search import KEY, at_once, want


@pytest.mark.parametrize(
    ("proven", "said"),
    [
        (None, "state keeps no proven scan"),
        (ListHead(0, 0, ()), "nobody was in the last list that a scan proved"),
        (ListHead(2, 2, ("b",)), "all of the list was one page"),
    ],
    ids=["none", "empty", "one page"],
)
def test_the_reason_is_what_state_keeps(proven: ListHead | None, said: str) -> None:
    desired = Desired(patients={"A": want("A")})
    state = State(proven=None if proven is None else ProvenList(proven, ""), live_count=2)
    reader: Any = None
    asked = HeadInputs(desired, state, KEY, (), ScanPolicy.COUNT)
    seen = at_once(observe_head(reader, choose_reads(desired, state), asked))
    assert isinstance(seen, Unproven)
    assert said in seen.reason
