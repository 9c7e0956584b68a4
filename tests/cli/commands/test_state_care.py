"""The verbs of ``state`` that put records back, rename them or move them, and the log of what was done."""

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.server import serving
from tests.cli.conftest import Desk, Ran

PATIENT = "patient/CL-0001042"
CODE = "connection_code/CL-0001042/one-year"


def snapshots(desk: Desk) -> list[str]:
    lines = desk.run("state", "history", str(desk.path)).out.splitlines()
    return [line.split()[0] for line in lines]


def state_verb(desk: Desk, verb: str, *arguments: str) -> Ran:
    return desk.run("state", verb, *arguments, str(desk.path))


def log(desk: Desk) -> list[dict[str, object]]:
    return [json.loads(line) for line in desk.run("audit", "export", str(desk.path)).out.splitlines()]


def test_a_rollback_undoes_a_forget_and_nothing_is_sent_again(desk: Desk) -> None:
    desk.apply()
    forgotten = state_verb(desk, "forget", PATIENT, "--auto-approve")
    assert forgotten.code == 0
    (snapshot,) = snapshots(desk)
    assert PATIENT not in state_verb(desk, "list").out
    ran = state_verb(desk, "rollback", snapshot, "--auto-approve")
    assert (ran.code, ran.requests) == (0, [])
    assert PATIENT in state_verb(desk, "list").out
    assert "No changes." in desk.plan().out
    assert [entry["event"] for entry in log(desk)][-2:] == ["state forget", "state rollback"]


def test_a_rollback_asks_first_and_a_wrong_name_is_one_message(desk: Desk) -> None:
    desk.apply()
    state_verb(desk, "forget", PATIENT, "--auto-approve")
    (snapshot,) = snapshots(desk)
    assert state_verb(desk, "rollback", snapshot).code == 1
    assert PATIENT not in state_verb(desk, "list").out
    assert "there is no snapshot nothing" in state_verb(desk, "rollback", "nothing", "--auto-approve").err


def test_a_snapshot_is_kept_before_each_apply_that_writes(desk: Desk) -> None:
    desk.apply()
    assert snapshots(desk) == []
    desk.apply()
    assert snapshots(desk) == []
    desk.edit(lambda text: text.replace("https://hooks.example.com/kardia", "https://hooks.example.com/new"))
    assert desk.apply().code == 0
    assert len(snapshots(desk)) == 1
    (file,) = (desk.path / ".kardia" / "history-state.db").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_rollback_undoes_what_an_apply_recorded_without_a_request(desk: Desk) -> None:
    desk.apply()
    everybody = desk.path.joinpath("kardia.yaml").read_text()
    listed = state_verb(desk, "list").out
    desk.write(everybody.split("patients:")[0])
    ran = desk.apply()
    assert ran.code == 0
    assert f"{PATIENT}  (forgotten)" in state_verb(desk, "list").out
    (snapshot,) = snapshots(desk)
    assert state_verb(desk, "rollback", snapshot, "--auto-approve").code == 0
    assert state_verb(desk, "list").out == listed


def test_a_renamed_patient_keeps_its_code(desk: Desk) -> None:
    desk.apply()
    ran = state_verb(desk, "mv", PATIENT, "patient/NEW-1")
    assert (ran.code, ran.requests) == (0, [])
    listed = state_verb(desk, "list").out
    assert "connection_code/NEW-1/one-year" in listed
    assert "CL-0001042" not in listed
    assert "CL-0001042" not in json.dumps(log(desk))


def test_what_was_pulled_can_be_pushed_and_an_older_one_only_by_force(desk: Desk, tmp_path: Path) -> None:
    desk.apply()
    file = tmp_path / "copy.db"
    assert state_verb(desk, "pull", str(file)).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert state_verb(desk, "push", str(file), "--auto-approve").code == 0
    state_verb(desk, "forget", PATIENT, "--auto-approve")
    refused = state_verb(desk, "push", str(file), "--auto-approve")
    assert refused.code == 1
    assert "is older" in refused.err
    assert state_verb(desk, "push", str(file), "--auto-approve", "--force").code == 0
    assert "No changes." in desk.plan().out
    assert desk.run("audit", "verify", str(desk.path)).code == 0


@pytest.mark.parametrize("content", [b"", b"no state", b"SQLite format 3\0" + b"\0" * 200])
def test_a_file_that_is_no_state_is_not_pushed(desk: Desk, tmp_path: Path, content: bytes) -> None:
    desk.apply()
    file = tmp_path / "other"
    file.write_bytes(content)
    ran = state_verb(desk, "push", str(file), "--auto-approve", "--force")
    assert ran.code == 1
    assert "No changes." in desk.plan().out


def test_pull_overwrites_nothing_else(desk: Desk, tmp_path: Path) -> None:
    desk.apply()
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    assert state_verb(desk, "pull", str(file)).code == 1
    assert file.read_text() == "mine"


def test_a_migrated_state_is_used_there_and_refused_here(desk: Desk, tmp_path: Path) -> None:
    desk.apply()
    state_verb(desk, "forget", PATIENT, "--auto-approve")
    url = f"sqlite:///{tmp_path}/new/state.db"
    assert state_verb(desk, "migrate", url).code == 0
    refused = desk.plan()
    assert refused.code == 1
    assert "was moved to" in refused.err
    desk.edit(lambda text: f"{text}\nstate: {url}\n")
    planned = desk.plan()
    assert "1 to import" in planned.out or "will be imported" in planned.out
    assert planned.err == ""
    assert len(snapshots(desk)) == 1
    assert log(desk)[-1]["event"] == "state migrate"
    again = state_verb(desk, "migrate", f"sqlite:///{desk.path}/.kardia/state.db")
    assert again.code == 0, again.err  # back to where it was


def test_a_state_is_not_moved_over_another_one(desk: Desk, tmp_path: Path) -> None:
    desk.apply()
    other = tmp_path / "other.db"
    state_verb(desk, "pull", str(other))
    ran = state_verb(desk, "migrate", f"sqlite:///{other}")
    assert ran.code == 1
    assert "holds a state already" in ran.err
    assert desk.plan().code == 0


def test_the_log_says_who_did_what_from_where_and_holds_no_mrn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_TRIGGERING_ACTOR": "ottoline",
        "GITHUB_SERVER_URL": "https://git.example.com",
        "GITHUB_REPOSITORY": "clinic/patients",
        "GITHUB_RUN_ID": "12",
        "GITHUB_SHA": "0a1b2c",
    }.items():
        monkeypatch.setenv(name, value)
    desk.apply()
    first, *writes, last = log(desk)
    assert str(first["who"]).startswith("ottoline (")
    assert first["url"] == "https://git.example.com/clinic/patients/actions/runs/12"
    assert (first["event"], first["approval"], first["commit"]) == ("apply", "--auto-approve", "0a1b2c")
    assert {entry["run"] for entry in writes} == {first["run"]} == {last["run"]}
    assert {entry["outcome"] for entry in writes} == {"done"}
    assert len(writes) == 8
    assert last["outcome"] == {"done": 8, "failed": 0, "in doubt": 0, "skipped": 0}
    listed = desk.run("audit", "list", str(desk.path)).out
    otlp = desk.run("audit", "export", "--otlp", str(desk.path)).out
    assert len(json.loads(otlp)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]) == 10
    for text in (listed, otlp, json.dumps(log(desk))):
        assert "CL-0001042" not in text
    assert "patient/~" in listed


def test_a_log_that_was_tampered_with_or_written_anew_is_found(desk: Desk) -> None:
    desk.apply()
    whole = desk.run("audit", "verify", str(desk.path))
    head = whole.out.split()[-1].rstrip(".")
    assert desk.run("audit", "verify", str(desk.path), "--head", head).code == 0
    assert "written anew" in desk.run("audit", "verify", str(desk.path), "--head", "00").err
    with closing(sqlite3.connect(desk.path / ".kardia" / "state.db", isolation_level=None)) as connection:
        connection.execute("UPDATE audit SET entry = 'x' WHERE number = 2")
    ran = desk.run("audit", "verify", str(desk.path))
    assert ran.code == 1
    assert "entry 2 was changed" in ran.err
    assert "damaged" in desk.run("audit", "list", str(desk.path)).out


def test_a_doubt_and_how_it_was_settled_are_both_in_the_log(desk: Desk) -> None:
    lost = FaultRule(
        FaultKind.DROPPED, Moment.AFTER, methods=frozenset({"POST"}), path="/v1/patients", times=1
    )
    with serving(create_app(desk.account, faults=Faults((lost,)))) as url:
        assert desk.apply("--settle", "1", "--endpoint", url).code == 0
    outcomes = [entry["outcome"] for entry in log(desk) if str(entry.get("address")).startswith("patient/")]
    assert sorted(map(str, outcomes)) == ["done", "done", "done", "in doubt"]
