"""Whom a plan touches: counted from what was read anyway, stored in saved plans, and shown first."""

import pytest

from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.model.plan import Action
from kardia_ctl.planning.approval.touching import CALLBACKS
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.plan.touched import touched_json, touched_lines
from kardia_ctl.render.view import View
from tests.cases.test_plan_cases import NAMES
from tests.planning.approval.test_plan_digest import planned

EMPTY = {"refresh-off-compares-with-state-alone", "whole-clinic-on-an-empty-account"}
"""The cases whose account has no patients: a callback there touches nobody."""


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_that_departs_or_changes_a_callback_begins_with_whom_it_touches(name: str) -> None:
    plan = planned(name)
    leaving = plan.count(Action.DISCONNECT, Action.DELETE)
    hooks = [change for change in plan.changes if change.action.writes and change.address.kind in CALLBACKS]
    assert plan.touched.leaving == leaving
    assert plan.touched.deleted == plan.count(Action.DELETE)
    assert plan.touched.is_nobody == (not leaving and (not hooks or name in EMPTY))
    lines = list(touched_lines(plan.touched))
    assert plan_text(plan, View()).startswith("\n".join(lines))
    assert bool(lines) == bool(touched_json(plan.touched)) == (not plan.touched.is_nobody)


@pytest.mark.parametrize(
    ("touched", "said"),
    [
        (Touched(), []),
        (Touched(leaving=3, connected=2), ["Touches 3 departing patients (2 connected)."]),
        (
            Touched(leaving=1, unknown=1, deleted=1, unread=1),
            [
                "Touches 1 departing patient (1 possibly connected).",
                "Cannot be undone: 1 deletion (1 unknown: recordings are read just before a deletion).",
            ],
        ),
        (
            Touched(leaving=2, deleted=2, recorded=1),
            [
                "Touches 2 departing patients (none connected).",
                "Cannot be undone: 2 deletions (1 with recordings).",
            ],
        ),
        (
            Touched(patients=812, monitored=640, redirected=("callback", "qt_callback")),
            ["Sends the events of 812 live patients (640 connected) elsewhere: callback, qt_callback."],
        ),
        (
            Touched(opened=("callback",)),
            ["Begins to send the events of every live patient (their number was not read): callback."],
        ),
    ],
)
def test_a_sentence_says_how_many_and_what_is_not_known(touched: Touched, said: list[str]) -> None:
    assert list(touched_lines(touched)) == said
