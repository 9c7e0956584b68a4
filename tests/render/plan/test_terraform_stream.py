"""The stream for tools: every action that a result may have has its words."""

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.plan import Action
from kardia_ctl.model.results import Result, Status
from kardia_ctl.render.plan.terraform_stream import ended_lines


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(
    "action", [*(action for action in Action if action.writes), Action.ADOPT], ids=lambda one: one.value
)
def test_every_end_has_its_line(action: Action, status: Status) -> None:
    lines = list(ended_lines(Result(patient_address("A-1"), action, status, "why", id="id-1"), 3.2))
    kinds = [line["type"] for line in lines]
    match status:
        case Status.DONE:
            assert kinds == ["apply_complete"]
        case Status.SKIPPED:
            assert kinds == ["diagnostic"]
        case _:
            assert kinds == ["apply_errored", "diagnostic"]
