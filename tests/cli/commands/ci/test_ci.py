"""ci: one command for a job, its outputs and its exit codes."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.commands.ci.conftest import Job

LATER = "dob: 1971-11-02", "dob: 1971-11-03"


def test_a_plan_with_changes_is_green_and_says_so(ci: Job) -> None:
    ran = ci.run()
    assert ran.code == 0
    assert "Plan: 8 to add, 0 to change, 0 to destroy." in ran.out
    assert {
        "RESULT": "changes",
        "CHANGED": "true",
        "TO_ADD": "8",
        "BLOCKED": "0",
    }.items() <= ci.outputs.items()
    assert ci.outputs["PLAN"] == str(ci.out / "plan")
    assert ci.outputs["DIGEST"].startswith("d1:")
    assert ci.run("--detailed-exitcode").code == 2


def test_what_was_planned_is_applied_by_its_digest(ci: Job) -> None:
    ci.run()
    digest = ci.outputs["DIGEST"]
    ran = ci.run("--apply", "--expect-digest", digest)
    assert ran.code == 0
    assert {"RESULT": "applied", "APPLIED": "8", "FAILED": "0", "PLAN": ""}.items() <= ci.outputs.items()
    assert len((ci.out / "results.csv").read_text().splitlines()) == 9
    assert ci.run("--detailed-exitcode").code == 0
    assert {"RESULT": "no-changes", "PLAN": ""}.items() <= ci.outputs.items()
    assert not (ci.out / "plan").exists()


def test_another_digest_applies_nothing(ci: Job) -> None:
    ran = ci.run("--apply", "--expect-digest", "d1:00000000000000000000")
    assert ran.code == 1
    assert not [request for request in ran.requests if not request.startswith("GET")]
    assert ci.outputs["RESULT"] == "failed"


def test_apply_asks_for_a_digest_or_for_a_word(ci: Job) -> None:
    ran = ci.run("--apply")
    assert ran.code == 1
    assert "--expect-digest" in ran.err
    assert ran.requests == []
    assert ci.run("--apply", "--auto-approve").code == 0


def test_what_an_apply_did_is_known_of_each_job_that_applies(ci: Job) -> None:
    nothing = {"APPLIED": "0", "FAILED": "0", "IN_DOUBT": "0"}
    ci.run("--apply", "--expect-digest", "d1:00000000000000000000")
    assert nothing.items() <= ci.outputs.items()
    ci.run("--apply", "--auto-approve")
    ci.run("--apply", "--auto-approve")
    assert nothing.items() <= ci.outputs.items()
    ci.run()
    assert not nothing.keys() & ci.outputs.keys()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--drift", "--apply", "--auto-approve"), "--drift only looks"),
        (("--expect-digest", "d1:00000000000000000000"), "--expect-digest needs --apply"),
        (("--auto-approve",), "--auto-approve needs --apply"),
        (("--drift", "--break-glass", "fire"), "--break-glass needs --apply"),
    ],
)
def test_a_job_that_looks_takes_no_option_of_one_that_writes(
    ci: Job, options: tuple[str, ...], said: str
) -> None:
    ran = ci.run(*options)
    assert ran.code == 1
    assert said in ran.err
    assert ran.requests == []


def test_blocked_is_red_until_a_decision_accepts_it(ci: Job) -> None:
    ci.run("--apply", "--auto-approve")
    ci.desk.edit(lambda text: text.replace(*LATER))
    ran = ci.run()
    assert ran.code == 3
    assert {"RESULT": "blocked", "BLOCKED": "1"}.items() <= ci.outputs.items()
    quality = json.loads((ci.out / "code-quality.json").read_text())
    assert [entry["check_name"] for entry in quality] == ["blocked-immutable"]
    assert quality[0]["location"]["lines"]["begin"] == 24
    ci.desk.edit(
        lambda text: (
            text
            + "\ndecisions:\n  - {address: patient/CL-0001057, decision: accept, reason: known, until: "
            + ci_day()
            + "}\n"
        )
    )
    assert ci.run().code == 0


def ci_day() -> str:
    return (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%d")


def test_a_broken_configuration_is_red_and_reported_without_a_request(ci: Job) -> None:
    ci.desk.edit(lambda text: text.replace("sex: male", "sex: manly"))
    ran = ci.run()
    assert ran.code == 1
    assert ran.requests == []
    assert {"RESULT": "invalid", "CHANGED": "false", "PLAN": ""}.items() <= ci.outputs.items()
    sarif = json.loads((ci.out / "kardia.sarif").read_text())
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["invalid-value"]


def test_an_account_that_cannot_be_read_is_red_and_reported(ci: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARDIA_API_KEY", "not-the-key-of-this-account")
    ran = ci.run()
    assert ran.code == 1
    assert ci.outputs["RESULT"] == "failed"
    assert "<failure" in (ci.out / "junit.xml").read_text()


def test_a_stale_plan_of_an_earlier_job_does_not_stay(ci: Job) -> None:
    ci.run()
    assert (ci.out / "plan").exists()
    ci.desk.edit(lambda text: text.replace("sex: male", "sex: manly"))
    ci.run()
    assert not (ci.out / "plan").exists()


def test_a_file_that_is_not_ours_stays(ci: Job) -> None:
    ci.out.mkdir()
    (ci.out / "junit.xml").write_text("<mine/>")
    ran = ci.run()
    assert ran.code == 1
    assert ran.requests == []
    assert (ci.out / "junit.xml").read_text() == "<mine/>"


def test_a_pipe_among_the_files_does_not_stop_the_job(ci: Job) -> None:
    ci.out.mkdir()
    os.mkfifo(ci.out / "page.html")
    ran = ci.run()
    assert (ran.code, ran.requests) == (1, [])
    assert "page.html is no ordinary file" in ran.err


def test_the_files_are_the_runner_s_own(ci: Job) -> None:
    ci.run()
    assert ci.out.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in ci.out.iterdir()} == {0o600}


def test_at_night_what_moved_is_the_output(ci: Job) -> None:
    ci.run("--apply", "--auto-approve")
    assert ci.run("--drift", "--detailed-exitcode").code == 0
    assert {"RESULT": "no-drift", "DRIFTED": "0"}.items() <= ci.outputs.items()
    account = ci.desk.account
    first = next(iter(account.patients.all()))
    account.patients.change(first.id, email="moved@example.com")
    ran = ci.run("--drift", "--detailed-exitcode")
    assert ran.code == 2
    assert {"RESULT": "drifted", "DRIFTED": "1", "PLAN": ""}.items() <= ci.outputs.items()
    assert "live-drift" in (ci.out / "kardia.sarif").read_text()
    assert ci.run("--drift").code == 0


def test_drift_needs_everything_to_be_read(ci: Job) -> None:
    ran = ci.run("--drift", "--refresh", "head")
    assert ran.code == 1
    assert ran.requests == []


def test_policies_read_the_changes_on_one_line(ci: Job) -> None:
    ci.run()
    (line,) = (ci.out / "plan.json").read_text().splitlines()
    plan = json.loads(line)
    actions = [change["change"]["actions"] for change in plan["resource_changes"]]
    assert actions == [["create"]] * 8
    ci.run("--apply", "--auto-approve")
    ci.run()
    (line,) = (ci.out / "plan.json").read_text().splitlines()
    assert json.loads(line)["resource_changes"] == []
    assert json.loads(line)["kardia_ctl"]
