"""``--json``: what Terraform's tools read, line by line."""

import json
from typing import Any

import pytest

from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.cli.conftest import Desk, Ran


def lines(ran: Ran) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in ran.out.splitlines()]
    for line in found:
        assert {"@level", "@message", "@module", "@timestamp", "type"} <= line.keys()
        assert line["@level"] in ("info", "warn", "error")
    return found


def of(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in found if line["type"] == kind]


def test_a_plan_is_a_version_its_changes_and_a_summary(desk: Desk) -> None:
    found = lines(desk.plan("--json"))
    refreshes = ["refresh_start", "refresh_complete"] * 3  # two callback URLs, and the list of patients
    assert [line["type"] for line in found] == [
        "version", *refreshes, *["planned_change"] * 8, "change_summary",
    ]  # fmt: skip
    assert found[0]["ui"] == "1.3"
    assert found[5]["hook"]["resource"]["resource_type"] == "kardia_patient"
    change = found[10]["change"]
    assert change["reason"] == "declared"
    assert change["resource"]["resource_key"] == "CL-0001042"
    assert (change["action"], change["resource"]["addr"]) == ("create", "patient/CL-0001042")
    assert change["resource"]["resource_type"] == "kardia_patient"
    assert found[-1]["changes"] == {
        "add": 8,
        "change": 0,
        "import": 0,
        "remove": 0,
        "forget": 0,
        "operation": "plan",
    }
    assert found[-1]["@message"] == "Plan: 8 to add, 0 to change, 0 to destroy."


def test_an_apply_tells_each_start_and_each_end(desk: Desk) -> None:
    ran = desk.apply("--json")
    found = lines(ran)
    assert ran.code == 0
    started = [line["hook"]["resource"]["addr"] for line in of(found, "apply_start")]
    ended = [line["hook"]["resource"]["addr"] for line in of(found, "apply_complete")]
    assert sorted(started) == sorted(ended)
    assert len(started) == 8
    assert started.index("patient/CL-0001042") < started.index("connection_code/CL-0001042/one-year")
    patient = next(line for line in of(found, "apply_complete") if "CL-0001057:" in line["@message"])
    assert patient["hook"]["id_key"] == "id"
    assert patient["hook"]["elapsed_seconds"] == 0
    assert found[-1]["changes"] == {
        "add": 8,
        "change": 0,
        "import": 0,
        "remove": 0,
        "forget": 0,
        "operation": "apply",
    }
    assert found[-1]["@message"].startswith("Apply complete! Resources: 8 added")


def test_what_fails_is_an_apply_errored_with_its_diagnostic(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = FaultRule(FaultKind.UNAVAILABLE, methods=frozenset({"PUT"}), path="/v1/callback")
    monkeypatch.setattr("kardia_ctl.api.limits.retry.RetryPolicy.wait", lambda *_: 0.0)
    with serving(create_app(desk.account, Quirks(), Faults((rule,)))) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        ran = desk.apply("--json")
    found = lines(ran)
    assert ran.code == 1
    assert [line["hook"]["resource"]["addr"] for line in of(found, "apply_errored")] == ["callback"]
    diagnostic = of(found, "diagnostic")[0]["diagnostic"]
    assert (diagnostic["severity"], diagnostic["address"]) == ("error", "callback")
    assert found[-1]["@message"].startswith("Apply incomplete:")


def test_what_is_blocked_and_what_drifted_is_said(desk: Desk) -> None:
    desk.apply()
    desk.edit(lambda text: text.replace("Fernquist", "Fernquist-Oldham", 1))
    ran = desk.plan("--json")
    (diagnostic,) = [line["diagnostic"] for line in of(lines(ran), "diagnostic")]
    assert ran.code == 1
    assert diagnostic["severity"] == "error"
    assert diagnostic["range"]["start"]["line"] > 1
    assert "Oldham" not in ran.out


def test_a_problem_of_the_configuration_is_a_diagnostic_with_its_place(desk: Desk) -> None:
    desk.edit(lambda text: text + "nonsense: 1\n")
    ran = desk.plan("--json")
    assert ran.code == 1
    (line,) = of(lines(ran), "diagnostic")
    assert line["diagnostic"]["range"]["filename"].endswith("kardia.yaml")
    assert "nonsense" in line["@message"]
    assert "nonsense" in ran.err


def test_nothing_is_asked_in_a_stream(desk: Desk) -> None:
    ran = desk.run("apply", str(desk.path), "--json")
    assert ran.code == 1
    assert "--auto-approve" in of(lines(ran), "diagnostic")[0]["@message"]
    assert not ran.requests


def test_what_takes_long_is_mentioned_every_ten_seconds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kardia_ctl.cli.output.json_reporter.STILL", 0.0)
    monkeypatch.setattr("kardia_ctl.cli.output.json_reporter.EVERY", 0.0)
    found = lines(desk.apply("--json"))
    assert of(found, "apply_progress")
    progress = of(found, "progress")[-1]["progress"]
    assert (progress["ended"], progress["total"], progress["failed"]) == (8, 8, 0)
