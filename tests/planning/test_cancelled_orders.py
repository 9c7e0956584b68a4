"""A forgotten code says that its order is cancelled exactly where the plan cancels it."""

import pytest

from kardia_ctl.model.address import code_address, patient_address
from kardia_ctl.model.plan import Action, Cause, Change
from kardia_ctl.planning.resources.switching import undeclared, with_cancelled_orders

FORGET = Change(
    code_address("A-1", "year"), Action.FORGET, Cause.UNDECLARED, "the order stays as it is", id="id-1"
)


def leaving(mrn: str, patient_id: str, action: Action) -> Change:
    return Change(patient_address(mrn), action, Cause.DEPARTURE, id=patient_id)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (leaving("A-1", "id-1", Action.DISCONNECT), "cancels its order"),
        (leaving("A-1", "id-1", Action.DELETE), "ends its order"),
        (leaving("A-1", "id-1", Action.BLOCKED), "stays as it is"),
        (leaving("A-1", "id-2", Action.DISCONNECT), "stays as it is"),
        (leaving("A-2", "id-1", Action.DISCONNECT), "stays as it is"),
    ],
)
def test_the_plan_that_cancels_an_order_says_so(other: Change, expected: str) -> None:
    first, second = with_cancelled_orders([FORGET, other])
    assert expected in first.reason
    assert second == other


@pytest.mark.parametrize("status", ["pending", "connected", None])
def test_an_order_that_nothing_is_known_against_stays(status: str | None) -> None:
    assert "stays as it is" in undeclared(status, was_cancelled=False)


@pytest.mark.parametrize(("status", "was_cancelled"), [("none", False), ("none", True), (None, True)])
def test_an_order_that_is_over_does_not_stay(status: str | None, was_cancelled: bool) -> None:
    assert "stays as it is" not in undeclared(status, was_cancelled=was_cancelled)
