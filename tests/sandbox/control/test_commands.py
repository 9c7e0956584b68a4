"""`kardia-ctl sandbox …`: what the commands send to a running sandbox, and how they fail."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kardia_ctl.cli.commands.sandbox.serve import command
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import TEMPLATES
from kardia_ctl.sandbox.data.values import Hook, PatientFields, PatientStatus
from kardia_ctl.sandbox.server import serving


@pytest.fixture
def url(account: Account) -> Iterator[str]:
    with serving(create_app(account)) as served:
        yield served


@pytest.fixture
def patient(account: Account) -> str:
    added = account.patients.add(PatientFields("A-1", "2000-07-21", "a@example.com"))
    account.connections.valid_code(added, TEMPLATES[0].id)
    return added


def run(*words: str) -> Any:
    ran = CliRunner().invoke(command, words, standalone_mode=False)
    if ran.exception is not None:
        raise ran.exception
    return json.loads(ran.stdout)


def test_the_whole_funnel_by_command(url: str, account: Account, patient: str) -> None:
    port = url.rpartition(":")[2]
    assert run("connect", "--mrn", "A-1", "--port", port)["status"] == "connected"
    words = ["--determination", "afib", "--heart-rate", "110", "--duration", "2000", "--leads", "6"]
    words += ["--tag", "Coffee", "--tag", "Low sleep", "--symptom", "Chest pain", "--activity", "Walking"]
    number = run("record", "--mrn", "A-1", *words, "--offset-minutes", "330", "--url", url)["recordingId"]
    run("amend", "--recording", number, "--note", "Fine.", "--url", url)
    account.settings.set_callback(Hook.CALLBACK, "http://127.0.0.1:1/")
    words = ["--recording", number, "--field", "note", "--url", url]
    assert run("emit", "recordingUpdated", *words)["queued"] == [
        {"callback": "callback", "eventType": "activityUpdate"}
    ]
    assert len(run("emit", "recordingInboxUpdated", "--action", "manual", "--url", url)["queued"]) == 1
    (one,) = account.recordings.all()
    fields = one.fields
    assert (fields.determination, fields.heart_rate, fields.duration, fields.leads) == ("afib", 110, 2000, 6)
    assert (fields.tags, fields.symptoms, fields.activities) == (
        ("Coffee", "Low sleep"),
        ("Chest pain",),
        ("Walking",),
    )
    assert (fields.note, fields.offset_minutes, fields.screening) == ("Fine.", 330, False)
    assert run("disconnect", "--patient", patient, "--url", url)["status"] == "none"


def test_a_patient_is_edited_by_command(url: str, account: Account, patient: str) -> None:
    account.patients.change(patient, sex=2)
    run("edit", "--mrn", "A-1", "--new-mrn", "A-2", "--firstname", "Ada", "--sex", "0", "--url", url)
    (one,) = account.patients.all()
    assert (one.mrn, one.firstname, one.sex) == ("A-2", "Ada", 0)


def test_an_offset_of_nothing_is_an_offset(url: str, account: Account, patient: str) -> None:
    when = ["--recorded-at", "2026-03-01T08:00:00+01:00"]
    run("record", "--mrn", "A-1", *when, "--offset-minutes", "0", "--url", url)
    assert account.recordings.all()[0].fields.offset_minutes == 0


def test_screening_is_asked_for(url: str, account: Account, patient: str) -> None:
    run("record", "--mrn", "A-1", "--duration", "1000", "--screening", "--url", url)
    assert account.recordings.all()[0].fields.screening


def test_a_running_sandbox_is_found_by_the_environment(
    url: str, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARDIA_ENDPOINT", url)
    assert run("seed", "--patients", "4", "--seed", "3")["patients"] == 4
    assert len(account.patients.all()) == 4


def test_a_file_is_filled_without_a_server(tmp_path: Path) -> None:
    path = tmp_path / "account.db"
    told = run("seed", "--patients", "8", "--database", str(path))
    with Account(path) as account:
        assert (len(account.patients.all()), len(account.recordings.all())) == (8, told["recordings"])
        assert [one.status for one in account.patients.all()].count(PatientStatus.CONNECTED) == 4
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_the_sandbox_refuses_is_one_line_that_says_why(url: str) -> None:
    with pytest.raises(RunStopped, match=r"sandbox connect: There is no such patient\."):
        run("connect", "--mrn", "unknown", "--url", url)


def test_no_sandbox_is_one_line_that_says_what_to_do() -> None:
    with pytest.raises(RunStopped, match="start one with kardia-ctl sandbox serve"):
        run("seed", "--port", "1")


def test_the_live_api_is_never_asked() -> None:
    with pytest.raises(RunStopped, match="http://"):
        run("seed", "--url", "https://api.kardia.com")


def test_empty_and_patients_contradict_each_other() -> None:
    with pytest.raises(RunStopped, match="--empty and --patients"):
        run("serve", "--port", "0", "--empty", "--patients", "3")
