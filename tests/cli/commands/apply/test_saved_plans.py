"""plan --out, show, apply FILE: exactly that, or a refusal that says why."""

import json
import shutil
from pathlib import Path

import pytest

from kardia_ctl.sandbox.data.values import Hook
from tests.cli.conftest import Desk

PHI = ("Ottoline", "Fernquist", "ottoline.fernquist@example.com", "Tillwick", "1971-11-02")


@pytest.fixture
def plan(desk: Desk, tmp_path: Path) -> Path:
    file = tmp_path / "clinic.plan"
    assert desk.plan("--out", str(file)).code == 0
    return file


def test_a_saved_plan_is_applied_as_it_is_without_a_question(desk: Desk, plan: Path) -> None:
    ran = desk.run("apply", str(plan))
    assert ran.code == 0
    assert len(ran.requests) == 13
    assert "Apply complete! Resources: 8 added" in ran.out


def test_a_saved_plan_is_private_and_holds_no_values(desk: Desk, plan: Path) -> None:
    assert plan.stat().st_mode & 0o777 == 0o600
    text = plan.read_text()
    assert "CL-0001042" not in text
    assert "patient/~" in text
    assert not [value for value in PHI if value in text]
    ran = desk.run("show", str(plan), "--show-phi")
    assert ran.code == 0
    assert not [value for value in PHI if value in ran.out]


def test_show_prints_what_plan_printed(desk: Desk, plan: Path) -> None:
    shown = desk.run("show", str(plan))
    assert shown.requests == []
    assert "Plan: 8 to add, 0 to change, 0 to destroy." in shown.out
    assert "# patient/CL-0001042 will be created" in shown.out


def test_show_json_is_terraforms_representation(desk: Desk, plan: Path) -> None:
    document = json.loads(desk.run("show", "--json", str(plan)).out)
    assert document["format_version"] == "1.2"
    assert document["terraform_version"]
    assert document["planned_values"]["root_module"]["resources"]
    assert document["configuration"]["root_module"]["resources"]
    assert document["kardia_ctl"]["version"]
    assert [change["change"]["actions"] for change in document["resource_changes"]] == [["create"]] * 8


def test_a_saved_plan_is_applied_once(desk: Desk, plan: Path) -> None:
    desk.run("apply", str(plan))
    ran = desk.run("apply", str(plan))
    assert ran.code == 1
    assert "applied before" in ran.err
    assert ran.requests == []


def test_a_changed_configuration_refuses_the_plan(desk: Desk, plan: Path) -> None:
    desk.edit(lambda text: text + "\n# a comment is a change too\n")
    ran = desk.run("apply", str(plan))
    assert (ran.code, ran.requests) == (1, [])
    assert "the configuration changed" in ran.err


def test_a_changed_state_refuses_the_plan(desk: Desk, plan: Path) -> None:
    desk.apply("--target", "callback")
    ran = desk.run("apply", str(plan))
    assert (ran.code, ran.requests) == (1, [])
    assert "state changed" in ran.err


def test_a_changed_live_account_refuses_the_plan(desk: Desk, plan: Path) -> None:
    desk.account.settings.set_callback(Hook.CALLBACK, "https://other.example.com/x")
    ran = desk.run("apply", str(plan))
    assert ran.code == 1
    assert "callback has changed since" in ran.err
    assert not [one for one in ran.requests if not one.startswith("GET")]


def test_a_patient_nobody_declared_does_not_make_a_plan_stale(desk: Desk, plan: Path) -> None:
    desk.account.patients.seed(3, 1)
    assert desk.run("apply", str(plan)).code == 0


def test_another_endpoint_refuses_the_plan(desk: Desk, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARDIA_ENDPOINT", "https://kardia.example.com")
    ran = desk.run("apply", str(plan))
    assert ran.code == 1
    assert "https://kardia.example.com" in ran.err


def test_an_altered_plan_is_refused(desk: Desk, plan: Path) -> None:
    text = plan.read_text()
    assert plan.write_text(text.replace('"address":"patient/~', '"address":"patient/~0', 1)) > len(text)
    ran = desk.run("apply", str(plan))
    assert (ran.code, ran.requests) == (1, [])
    assert "altered" in ran.err


def test_plan_and_apply_may_run_on_different_machines(desk: Desk, plan: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "runner"
    elsewhere.mkdir()
    shutil.copytree(desk.path, elsewhere / "clinic")
    shutil.copy(plan, elsewhere / plan.name)
    shutil.rmtree(desk.path)
    assert desk.run("apply", str(elsewhere / plan.name)).code == 0


def test_decisions_go_with_the_plan_and_not_with_its_apply(desk: Desk, plan: Path) -> None:
    ran = desk.run("apply", str(plan), "--target", "callback")
    assert (ran.code, ran.requests) == (1, [])
    assert "--target cannot change a saved plan" in ran.err


def test_a_plan_sealed_by_less_than_what_holds_here_is_refused(
    desk: Desk, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARDIA_PLAN_KEY", "ours alone, and long")
    ran = desk.run("apply", str(plan))
    assert (ran.code, ran.requests) == (1, [])
    assert "plan-key is required here" in ran.err


def test_a_saved_plan_shows_what_its_codes_are_and_cost(desk: Desk, tmp_path: Path) -> None:
    plan = str(tmp_path / "saved.plan")
    fresh = desk.plan("--out", plan)
    (line,) = [line for line in fresh.out.splitlines() if line.startswith("  2 of one-year: ")]
    assert " days, " in line
    shown = desk.run("show", plan)
    assert line in shown.out.splitlines()
    assert "template_name (hidden)" not in shown.out
    document = json.loads(desk.run("show", plan, "--json").out)
    codes = [
        one["change"]["after"] for one in document["resource_changes"] if "connection_code" in one["type"]
    ]
    assert all(code["price"] and code["duration_days"] and code["template_name"] for code in codes)


def test_who_is_asked_is_told_what_the_codes_cost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def confirm(inputs: str, *, approved: bool) -> bool:
        asked.append(inputs)
        return approved

    monkeypatch.setattr("kardia_ctl.cli.commands.apply.command.confirm", confirm)
    monkeypatch.setattr("kardia_ctl.cli.commands.codes.fetching.confirm", confirm)
    desk.apply()
    ran = desk.run("codes", str(desk.path))
    assert [text.splitlines()[-1] for text in asked] == [
        line for line in asked[0].splitlines() if line.startswith("  2 of one-year: ")
    ] * 2
    assert (ran.code, ran.requests.count("GET /v1/teamConnectionTemplate")) == (1, 1)
