"""two_person: what its author alone may not apply, who counts as a second person, and --break-glass."""

import json
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.sandbox.data.values import Hook
from tests.cli.commands.apply.test_departures import PEOPLE, leaving
from tests.cli.conftest import Desk, Ran

RULE = "two_person: [delete, disconnect, callback]\n"
EVENT: dict[str, Any] = {
    "review": {"state": "approved", "commit_id": "c1", "user": {"login": "bo", "type": "User"}},
    "pull_request": {"user": {"login": "ann"}, "head": {"sha": "c1"}},
}


@pytest.fixture
def clinic(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("kardia_ctl.cli.commands.apply.two_people.who", lambda: "ann@desk")
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    desk.write(f"version: 1\npatients:\n{PEOPLE}")
    assert desk.apply().code == 0
    desk.write(leaving() + RULE)
    return desk


def sent(ran: Ran) -> list[str]:
    return [one for one in ran.requests if not one.startswith("GET ")]


def began(desk: Desk) -> dict[str, Any]:
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in desk.run("audit", "export", str(desk.path)).out.splitlines()
    ]
    return [line for line in lines if line["event"] == "apply"][-1]


def event(desk: Desk, monkeypatch: pytest.MonkeyPatch, document: Any) -> Path:
    """The desk is a job of GitHub Actions, started by an event."""
    file = desk.path.parent / "event.json"
    file.write_text(json.dumps(document))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(file))
    monkeypatch.setenv("GITHUB_RUN_ID", "7")
    monkeypatch.setenv("GITHUB_TRIGGERING_ACTOR", "bo")
    return file


def test_a_departure_that_nobody_else_approved_is_refused_before_the_question(clinic: Desk) -> None:
    ran = clinic.run("apply", str(clinic.path))
    assert (ran.code, sent(ran)) == (1, [])
    assert "wants a second person for patient/GO-1 (delete), and nobody else has approved" in ran.err
    assert "Author: ann" in ran.err
    assert "--approved-by NAME" in ran.err


@pytest.mark.parametrize("name", ["ann", "ANN", "@Ann", "dependabot[bot]", "project_3_bot_77"])
def test_the_author_and_bots_do_not_count(clinic: Desk, name: str) -> None:
    ran = clinic.apply("--approved-by", name)
    assert (ran.code, sent(ran)) == (1, [])
    assert "is the author or a bot" in ran.err


def test_somebody_else_counts_and_the_audit_log_says_who(clinic: Desk) -> None:
    assert clinic.apply("--approved-by", "bo").code == 0
    entry = began(clinic)
    assert (entry["approved_by"], entry["approval_source"]) == ("bo", "--approved-by")


@pytest.mark.parametrize("flag", ["--approved-by", "--break-glass"])
def test_an_empty_variable_approves_nothing(clinic: Desk, flag: str) -> None:
    ran = clinic.apply(flag, " ")
    assert (ran.code, ran.requests) == (1, [])
    assert f"{flag} is empty" in ran.err


def test_the_event_of_a_review_says_who_approved(clinic: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    event(clinic, monkeypatch, EVENT)
    assert clinic.apply().code == 0
    entry = began(clinic)
    assert (entry["approved_by"], entry["approval_source"]) == ("bo", "event or --approvals")


def test_a_name_that_the_event_does_not_have_is_refused(
    clinic: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    event(clinic, monkeypatch, EVENT)
    ran = clinic.apply("--approved-by", "cy")
    assert (ran.code, sent(ran)) == (1, [])
    assert "cy is not among those who approved" in ran.err
    assert clinic.apply("--approved-by", "Bo").code == 0


def test_an_author_who_approves_their_own_change_is_refused(
    clinic: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {**EVENT, "review": {**EVENT["review"], "user": {"login": "Ann", "type": "User"}}}
    event(clinic, monkeypatch, own)
    ran = clinic.apply()
    assert (ran.code, sent(ran)) == (1, [])
    assert "Have somebody else approve the pull request" in ran.err


def test_a_file_of_approvals_is_as_good_as_the_event(clinic: Desk) -> None:
    file = clinic.path.parent / "approvals.json"
    file.write_text('{"author": "ann", "approved_by": ["bo"]}')
    assert clinic.apply("--approvals", str(file)).code == 0
    assert began(clinic)["approved_by"] == "bo"


def test_a_broken_glass_is_loud_and_recorded_without_its_reason(clinic: Desk) -> None:
    ran = clinic.apply("--break-glass", "Ada Lovelace asked by phone", "--json")
    assert ran.code == 0
    assert ran.err.count("GLASS BROKEN") == 2
    warnings = [json.loads(line) for line in ran.out.splitlines()]
    assert sum("GLASS BROKEN" in line["@message"] for line in warnings) == 2
    entry = began(clinic)
    assert entry["break_glass"] == "ann@desk"
    assert len(entry["reason_digest"]) == 32
    assert "Lovelace" not in json.dumps(entry)


def test_what_two_person_does_not_name_needs_nobody(clinic: Desk) -> None:
    clinic.write(leaving() + "two_person: [disconnect]\n")
    assert clinic.apply().code == 0
    assert "approved_by" not in began(clinic)


@pytest.mark.parametrize("live", ["", "https://old.example.com/x"], ids=["set first", "changed"])
def test_a_callback_wants_two_people(clinic: Desk, live: str) -> None:
    if live:
        clinic.account.settings.set_callback(Hook.CALLBACK, live)
    clinic.write(f"version: 1\npatients:\n{PEOPLE}{RULE}callback: {{url: https://hooks.example.com/x}}\n")
    ran = clinic.apply()
    assert (ran.code, sent(ran)) == (1, [])
    assert "second person for callback (" in ran.err
    assert clinic.apply("--approved-by", "bo").code == 0


def test_a_saved_plan_wants_two_people_too(clinic: Desk, tmp_path: Path) -> None:
    file = str(tmp_path / "saved.plan")
    assert clinic.plan("--out", file).code == 0
    ran = clinic.run("apply", file)
    assert (ran.code, sent(ran)) == (1, [])
    assert clinic.run("apply", file, "--approved-by", "bo").code == 0


def test_an_unknown_kind_of_change_is_an_error(clinic: Desk) -> None:
    clinic.write(leaving() + "two_person: [deleet]\n")
    ran = clinic.run("validate", str(clinic.path))
    assert ran.code == 1
    assert "two_person" in ran.out + ran.err


def test_the_page_of_a_plan_names_what_somebody_else_has_to_approve(clinic: Desk) -> None:
    page, saved = clinic.path.parent / "page.md", clinic.path.parent / "saved.plan"
    words = "Somebody else than the author has to approve the deletion"
    assert clinic.plan("--markdown", str(page), "--out", str(saved)).code == 0
    assert words in page.read_text(encoding="utf-8")
    assert clinic.run("show", str(saved), "--markdown", str(page)).code == 0
    assert words in page.read_text(encoding="utf-8")
    clinic.write(leaving())
    assert clinic.plan("--markdown", str(page)).code == 0
    assert "Somebody else" not in page.read_text(encoding="utf-8")
