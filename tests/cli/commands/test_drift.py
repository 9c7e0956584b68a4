"""plan --drift: what moved in Kardia, both ways out of it, and nothing else."""

import json
from pathlib import Path

import pytest

from kardia_ctl.cli import naming
from kardia_ctl.sandbox.data.values import Hook
from tests.cli.conftest import Desk

PEOPLE = """version: 1
callback: {url: https://hooks.example.com/kardia}
patients:
  - {mrn: DR-1, dob: 1950-01-01, email: dr1@example.com, firstname: Ada, lastname: Berg}
  - {mrn: DR-2, dob: 1951-01-01, email: dr2@example.com, firstname: Bea, lastname: Dahl}
"""
NEW = "  - {mrn: DR-3, dob: 1952-01-01, email: dr3@example.com}\n"


@pytest.fixture
def managed(desk: Desk) -> Desk:
    desk.write(PEOPLE)
    assert desk.apply().code == 0
    return desk


def rename(desk: Desk, mrn: str) -> None:
    """Somebody corrects a name in Kardia."""
    one = next(patient for patient in desk.account.patients.all() if patient.mrn == mrn)
    desk.account.patients.change(one.id, lastname="Other")


def drift(desk: Desk, *arguments: str) -> tuple[int, str]:
    ran = desk.plan("--drift", "--detailed-exitcode", *arguments)
    return ran.code, ran.out


def test_nothing_that_moved_is_0_and_says_so(managed: Desk) -> None:
    code, out = drift(managed)
    assert code == 0
    assert out.startswith("No drift.")
    assert "to add" not in out


def test_what_is_declared_otherwise_or_blocked_is_no_drift(managed: Desk) -> None:
    managed.write(PEOPLE.replace("1951-01-01", "1951-01-02") + NEW)
    assert managed.plan("--detailed-exitcode").code == 3
    code, out = drift(managed)
    assert (code, out.startswith("No drift.")) == (0, True)


def test_a_value_that_moved_is_2_with_both_ways_out(managed: Desk) -> None:
    managed.account.settings.set_callback(Hook.CALLBACK, "https://other.example.com/x")
    rename(managed, "DR-2")
    managed.write(PEOPLE + NEW)
    code, out = drift(managed)
    text = " ".join(out.split())
    assert code == 2
    assert "Drift: 2 resources moved in Kardia." in text
    assert "kardia-ctl import --update --accept callback --accept patient/DR-2" in text
    assert "To set back callback: kardia-ctl apply" in text
    assert "correct the values in Kardia by hand" in text
    assert "will be" not in text
    assert managed.plan("--drift").code == 0, "without --detailed-exitcode it is not an error"


def test_who_was_deleted_in_kardia_has_moved(managed: Desk) -> None:
    one = next(patient for patient in managed.account.patients.all() if patient.mrn == "DR-1")
    managed.account.patients.remove(one.id)
    code, out = drift(managed)
    assert code == 2
    assert "Left Kardia, or came back:" in out
    lines = [json.loads(line) for line in managed.plan("--drift", "--json").out.splitlines()]
    drifted = [line["change"]["action"] for line in lines if line["type"] == "resource_drift"]
    assert drifted == ["delete"]


def test_the_stream_has_no_mrn_off_the_terminal(managed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rename(managed, "DR-2")
    one = next(patient for patient in managed.account.patients.all() if patient.mrn == "DR-1")
    managed.account.patients.remove(one.id)
    monkeypatch.setattr(naming, "shows_mrns", lambda _: False)
    out = managed.plan("--drift", "--json").out
    assert out.count("patient/~") > 1
    assert "DR-" not in out
    assert '"action":"delete"' in out


def test_the_stream_has_resource_drift_alone(managed: Desk) -> None:
    rename(managed, "DR-2")
    managed.write(PEOPLE.replace("1950-01-01", "1950-01-02") + NEW)
    ran = managed.plan("--drift", "--json", "--detailed-exitcode")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 2
    assert [line["type"] for line in lines] == ["version", "resource_drift", "change_summary"]
    assert lines[1]["change"]["action"] == "update"
    assert lines[2]["drift"] == 1
    assert lines[1]["change"]["resource"]["addr"] == "patient/DR-2"


@pytest.mark.parametrize(
    "more", [["--refresh", "head"], ["--refresh", "off"], ["--out", "saved.plan"]], ids=" ".join
)
def test_drift_needs_everything_to_be_read_and_saves_no_plan(
    managed: Desk, more: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = managed.plan("--drift", *more)
    assert (ran.code, ran.requests) == (1, [])
    assert "leave" in ran.err


def test_the_key_of_another_team_sees_no_drift(managed: Desk) -> None:
    managed.write(PEOPLE + NEW + "team: another-team-than-that-of-the-key\n")
    ran = managed.plan("--drift", "--detailed-exitcode")
    assert ran.code == 1
    assert "another-team-than-that-of-the-key" in ran.err
