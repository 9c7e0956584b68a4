"""The policies of examples/policies/, run by their own tools on plans that they allow and refuse."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import jq
import pytest
import regopy

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Plan, in_order
from kardia_ctl.model.template import Template
from kardia_ctl.render.plan.terraform_json import Stamp
from kardia_ctl.render.pseudonyms import Pseudonyms
from tests.documents import document_of
from tests.paths import EXAMPLES, ROOT

POLICIES = EXAMPLES / "policies"
STAMP = Stamp("0.1.0", "2026-03-02T10:00:00Z")
YEAR = Template("one-year", "4qq0q0tS", "One year", 365, Decimal("9.99"))
DIGEST = "d1:invented"


def plan(host: str = "hooks.example.com", leaving: int = 1, codes: int = 2) -> Plan:
    """A callback with a query and a user, patients who leave, and new patients with codes."""
    url = {"url": f"https://user:secret@{host}/kardia?token=secret"}
    changes = [Change(Address(Kind.CALLBACK), Action.CREATE, Cause.DECLARED, after=url)]
    for number in range(leaving):
        address = patient_address(f"OLD-{number}")
        changes.append(Change(address, Action.DISCONNECT, Cause.DEPARTURE, before={"status": "none"}))
    for number in range(codes):
        code, after = code_address(f"A-{number}", "one-year"), {"template": "one-year"}
        patient = patient_address(f"A-{number}")
        changes.append(Change(patient, Action.CREATE, Cause.DECLARED, after={"dob": "2000-07-21"}))
        changes.append(
            Change(code, Action.CREATE, Cause.DECLARED, after=after, target="4qq0q0tS", price=YEAR.price)
        )
    return Plan(changes=in_order(changes), templates=(YEAR,), digest=DIGEST)


def document(shown: Plan) -> dict[str, Any]:
    return document_of(shown, STAMP, Pseudonyms(b"an invented key"))


def refused(policy: str, shown: Plan, **data: Any) -> list[str]:
    """What a Rego policy of ours objects to."""
    interpreter = regopy.Interpreter()
    interpreter.add_module(policy, (POLICIES / "rego" / f"{policy}.rego").read_text(encoding="utf-8"))
    interpreter.add_data(data)
    interpreter.set_input(document(shown))
    found = interpreter.query(f"data.kardia.{policy}.deny")
    assert found.ok(), str(found)
    return [message for each in json.loads(str(found))["expressions"] for message in each]


def test_the_rego_policies_have_nothing_against_a_plan_within_them() -> None:
    for policy in sorted(path.stem for path in (POLICIES / "rego").glob("*.rego")):
        assert refused(policy, plan()) == [], policy


def test_rego_refuses_a_host_that_is_not_in_its_list() -> None:
    assert refused("callback_hosts", plan(host="hooks.example.com.example.net")) == [
        "callback: https://hooks.example.com.example.net/kardia is not on an allowed host"
    ]


def test_rego_refuses_more_departures_than_its_limit_unless_their_digest_is_approved() -> None:
    assert refused("departures", plan(leaving=2)) == [
        "2 patients leave, and 1 may without an approval of this plan"
    ]
    assert refused("departures", plan(leaving=2), approved_digests=["d1:other"])
    assert refused("departures", plan(leaving=2), approved_digests=[DIGEST]) == []


def test_rego_refuses_codes_above_its_ceiling_or_without_a_price() -> None:
    assert refused("cost", plan(codes=50)) == []
    [message] = refused("cost", plan(codes=51))
    assert message.startswith("the codes cost 509.49")
    assert refused("cost", replace(plan(), unpriced=2)) == ["2 codes have no known price"]


def test_gitlabs_report_counts_the_actions() -> None:
    report = jq.compile((POLICIES / "gitlab-report.jq").read_text(encoding="utf-8"))
    assert report.input_value(document(plan(leaving=2))).first() == {"create": 5, "update": 0, "delete": 2}


def tool(name: str) -> str:
    """A tool in its own environment; without it a test is skipped, and fails in CI."""
    found = ROOT / "build" / name / "bin" / name
    if found.exists():
        return str(found)
    message = f"no {name}: python -m venv build/{name} && build/{name}/bin/pip install {name}"
    if "TESTS_IN_CI" in os.environ:
        pytest.fail(message)
    pytest.skip(message)


def saved(shown: Plan, place: Path) -> Path:
    """A plan as ``show --json`` prints it: one line."""
    file = place / "plan.json"
    file.write_text(json.dumps(document(shown), separators=(",", ":")) + "\n", encoding="utf-8")
    return file


def checkov(file: Path) -> dict[str, Any]:
    """What checkov says of a plan with our policy alone, which it may do without any network."""
    command = [
        tool("checkov"), "--file", str(file), "--framework", "terraform_plan", "--skip-download",
        "--external-checks-dir", str(POLICIES / "checkov"), "--check", "CKV2_KARDIA_1", "--output", "json",
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=file.parent)
    found: dict[str, Any] = json.loads(ran.stdout)["summary"]
    return {**found, "code": ran.returncode}


@pytest.mark.timeout(300)
def test_checkov_passes_an_allowed_host_and_fails_another(tmp_path: Path) -> None:
    right = checkov(saved(plan(), tmp_path))
    assert (right["code"], right["passed"], right["failed"]) == (0, 1, 0)
    wrong = checkov(saved(plan(host="hooks.example.net"), tmp_path))
    assert (wrong["code"], wrong["passed"], wrong["failed"]) == (1, 0, 1)


@pytest.mark.timeout(300)
def test_terraform_compliance_passes_an_allowed_host_and_fails_another(tmp_path: Path) -> None:
    features = tmp_path / "features"
    shutil.copytree(POLICIES / "compliance", features)
    for host, code in (("hooks.example.com", 0), ("hooks.example.net", 1)):
        file = saved(plan(host=host), tmp_path)
        command = [tool("terraform-compliance"), "--planfile", str(file), "--features", str(features)]
        ran = subprocess.run(
            [*command, "--no-ansi"], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert ran.returncode == code, ran.stdout
        assert "3 scenarios" in ran.stdout
