"""The stream for tools: every action that a result may have has its words."""

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.model.results import Result, Status
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.terraform_stream import ended_lines, plan_lines


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(
    "action", [*(action for action in Action if action.writes), Action.ADOPT], ids=lambda one: one.value
)
def test_every_end_has_its_line(action: Action, status: Status) -> None:
    lines = list(ended_lines(Result(patient_address("A-1"), action, status, "why", id="id-1"), 3.2, MRNS))
    kinds = [line["type"] for line in lines]
    match status:
        case Status.DONE:
            assert kinds == ["apply_complete"]
        case Status.SKIPPED:
            assert kinds == ["diagnostic"]
        case _:
            assert kinds == ["apply_errored", "diagnostic"]


@pytest.mark.parametrize(
    ("action", "word", "reason"),
    [
        (Action.DISCONNECT, "disconnect", "disconnect"),
        (Action.DELETE, "delete", "departure"),
        (Action.EXPORT, "export", "departure"),
    ],
)
def test_a_departure_is_not_taken_for_another_kind_of_departure(
    action: Action, word: str, reason: str
) -> None:
    plan = Plan(changes=(Change(patient_address("A-1"), action, Cause.DEPARTURE),))
    (line,) = (line for line in plan_lines(plan, MRNS) if line["type"] == "planned_change")
    assert line["@message"] == f"patient/A-1: Plan to {word}"
    assert line["change"]["action"] in ("delete", "update")
    assert line["change"]["reason"] == reason
