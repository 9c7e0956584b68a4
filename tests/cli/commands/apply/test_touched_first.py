"""Whom a plan touches, through the whole command: first in every form, and for no request."""

import json

from kardia_ctl.sandbox.data.values import Hook
from tests.cli.commands.apply.test_departures import PEOPLE, leaving
from tests.cli.conftest import Desk


def test_whom_it_touches_is_kept_in_a_saved_plan_and_costs_no_request(desk: Desk) -> None:
    desk.write(f"version: 1\npatients:\n{PEOPLE}")
    assert desk.apply().code == 0
    desk.account.settings.set_callback(Hook.CALLBACK, "https://old.example.com/x")
    plain = leaving(", confirm: has-recordings")
    desk.write(f"{plain}callback: {{url: https://hooks.example.com/new}}\n")
    file = str(desk.path / "saved.plan")
    plan = desk.plan("--out", file)
    first, second, third = plan.out.splitlines()[:3]
    assert first == "Touches 1 departing patient (none connected)."
    assert second == "Cannot be undone: 1 deletion (none with recordings)."
    assert third == "Sends the events of 2 live patients (0 connected) elsewhere: callback."
    assert desk.run("show", file).out.splitlines()[:3] == [first, second, third]
    touched = json.loads(desk.run("show", file, "--json").out)["kardia_ctl"]["touched"]
    assert touched["departing"]["patients"] == touched["departing"]["deleted"] == 1
    assert touched["events"] == {"patients": 2, "connected": 0, "redirected": ["callback"], "opened": []}
    assert (
        len(plan.requests)
        == json.loads(desk.run("show", file, "--json").out)["kardia_ctl"]["requests"]["plan"]
    )
