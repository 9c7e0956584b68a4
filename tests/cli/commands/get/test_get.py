"""``get``: every list and record of the account, without a configuration and with one."""

import json
import stat
import subprocess
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.api.records.decode_rows import RowsPage
from kardia_ctl.cli.commands.get.list_output import ListOptions, print_list
from kardia_ctl.render.records import record_columns as shapes
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.control.seeding import seed
from kardia_ctl.sandbox.data.invented import TEAM_ID
from kardia_ctl.sandbox.data.values import Patient, PatientFields, RecordingFields
from tests.cli.conftest import Desk, Ran
from tests.paths import ROOT


@pytest.fixture
def nowhere(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The account with people in it, in a directory without a configuration."""
    seed(desk.account, 5)
    place = tmp_path / "nowhere"
    place.mkdir()
    monkeypatch.chdir(place)
    return desk


@pytest.fixture
def person(nowhere: Desk) -> Patient:
    return nowhere.account.patients.all()[0]


@pytest.fixture
def recording(nowhere: Desk, person: Patient) -> str:
    fields = RecordingFields(
        person.id, duration=2000, note="Qzn0te", symptoms=("Dizzy, light-headed",), leads=6
    )
    return nowhere.account.recordings.add(fields).id


def good(desk: Desk, *arguments: str) -> Ran:
    ran = desk.run("get", *arguments)
    assert ran.code == 0, ran.err
    return ran


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


LISTS = {
    "patients": ("GET /v1/patients", "STATUS"),
    "recordings": ("GET /v1/recordings", "HEARTRATE"),
    "screening": ("GET /v1/screening/recordings", "HEARTRATE"),
    "templates": ("GET /v1/teamConnectionTemplate", "PRICE"),
    "teams": ("GET /partner/v1/teams", "TIMEZONE"),
}


@pytest.mark.parametrize("name", LISTS)
def test_every_list_is_one_safe_read(nowhere: Desk, recording: str, person: Patient, name: str) -> None:
    nowhere.account.recordings.add(RecordingFields(person.id, screening=True))
    ran = good(nowhere, name)
    route, heading = LISTS[name]
    assert ran.requests == [route]
    assert heading in ran.out.splitlines()[0].split()


@pytest.mark.parametrize(("name", "heading"), [("symptoms", "SYMPTOMNAME"), ("activity", "ACTIVITYLEVELID")])
def test_what_was_reported_of_a_recording(nowhere: Desk, recording: str, name: str, heading: str) -> None:
    assert heading in good(nowhere, name, recording).out


def test_the_fields_of_a_team(nowhere: Desk) -> None:
    assert "isKeyIdentifier" in good(nowhere, "fields", TEAM_ID, "--csv").out


def test_an_empty_list_is_said_and_is_no_error(nowhere: Desk) -> None:
    ran = good(nowhere, "logs")
    assert (ran.out, ran.err) == ("", "No log found.\n")
    assert json.loads(good(nowhere, "logs", "--json").out) == []


@pytest.mark.parametrize("form", ["--json", "--csv", None])
def test_patients_values_are_hidden_unless_asked_for(
    nowhere: Desk, person: Patient, form: str | None
) -> None:
    words = ("patients", "--custom-fields", *((form,) if form else ()))
    hidden = good(nowhere, *words)
    for value in (person.lastname, person.email, person.dob, "nobody@example.com"):
        assert str(value) not in hidden.out
    assert person.mrn in hidden.out
    assert "Hidden: " in hidden.err
    shown = good(nowhere, *words, "--show-phi")
    for value in (person.lastname, person.email, person.dob):
        assert str(value) in shown.out


def test_on_a_persons_terminal_values_are_shown_but_not_in_ci(
    nowhere: Desk, person: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert str(person.lastname) in good(nowhere, "patients").out
    assert str(person.lastname) in good(nowhere, "patient", person.mrn).out
    good(nowhere, "patients", "--out", "kept.txt")
    assert str(person.lastname) not in Path("kept.txt").read_text(encoding="utf-8")
    monkeypatch.setenv("CI", "true")
    assert str(person.lastname) not in good(nowhere, "patients").out


def test_notes_are_hidden_unless_asked_for(nowhere: Desk, recording: str) -> None:
    for words in (("recordings", "--json"), ("recording", recording), ("recording", recording, "--json")):
        assert "Qzn0te" not in good(nowhere, *words).out
        assert "Qzn0te" in good(nowhere, *words, "--show-phi").out


def test_the_secret_of_a_team_is_shown_to_nobody(nowhere: Desk) -> None:
    secret = nowhere.account.settings.teams()[0].secret_key
    assert len(secret) > 5
    for words in (("get", "teams", "--json", "--show-phi"), ("api", "GET", "/partner/v1/teams")):
        for more in ((), ("--paginate",) if words[0] == "api" else ()):
            ran = nowhere.run(*words, *more)
            assert ran.code == 0, ran.err
            assert TEAM_ID in ran.out
            assert secret not in ran.out + ran.err


def test_a_file_is_its_owners_alone(nowhere: Desk, person: Patient) -> None:
    file = Path("patients.csv")
    assert good(nowhere, "patients", "--csv", "--out", str(file), "--show-phi").out == ""
    assert str(person.lastname) in file.read_text(encoding="utf-8")
    assert mode(file) == 0o600


def test_a_file_that_could_not_be_finished_is_not_there(
    nowhere: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARDIA_API_KEY", "wrong-key-of-nobody")
    assert nowhere.run("get", "patients", "--out", "patients.txt").code == 1
    assert list(Path().iterdir()) == []


def test_pages_are_as_few_as_they_can_be(nowhere: Desk) -> None:
    nowhere.account.patients.seed(1001, 99)
    ran = good(nowhere, "patients", "--json")
    assert len(json.loads(ran.out)) == 1006
    assert len(ran.requests) == 3
    ran = good(nowhere, "patients", "--limit", "501", "--json")
    assert (len(json.loads(ran.out)), len(ran.requests)) == (501, 2)
    assert len(good(nowhere, "patients", "--limit", "2").requests) == 1


def test_a_reader_that_left_ends_the_reading(nowhere: Desk) -> None:
    nowhere.account.patients.seed(8000, 99)
    command = Path(sys.executable).with_name("kardia-ctl")
    line = f"{command} get patients --json | head -1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("[\n1\n", "")
    assert len(nowhere.account.requests.all()) < 10


# One patient


def test_an_mrn_is_found_by_the_whole_list_and_the_requests_are_told(nowhere: Desk, person: Patient) -> None:
    nowhere.account.patients.seed(1000, 99)
    ran = good(nowhere, "patient", person.mrn, "--json", "--show-phi", "--custom-fields")
    found = json.loads(ran.out)
    assert (found["id"], found["lastname"]) == (person.id, person.lastname)
    assert found["participantCustomFields"]
    assert (ran.requests, ran.err) == (["GET /v1/patients"] * 3, "3 requests.\n")


def test_an_mrn_that_state_knows_is_one_read_by_its_id(desk: Desk) -> None:
    desk.apply()
    desk.run()
    ran = good(desk, "patient", "CL-0001042", "--config", str(desk.path))
    assert ran.requests == ["GET /v1/patients/{id}"]
    assert "CL-0001042" in ran.out


def test_an_mrn_that_two_have_names_both_and_shows_neither(nowhere: Desk) -> None:
    twins = [
        nowhere.account.patients.add(PatientFields("TWIN", "2000-01-01", "a@example.com")) for _ in range(2)
    ]
    ran = nowhere.run("get", "patient", "TWIN")
    assert ran.code == 1
    assert all(one in ran.err for one in twins)
    assert "--id" in ran.err
    assert good(nowhere, "patient", "--id", twins[1]).requests == ["GET /v1/patients/{id}"]


@pytest.mark.parametrize("words", [("NOBODY",), ("--id", "nobody"), (), ("A", "--id", "b")])
def test_nobody_is_an_error_that_says_so(nowhere: Desk, words: tuple[str, ...]) -> None:
    ran = nowhere.run("get", "patient", *words)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")


def test_the_recordings_of_one_patient(nowhere: Desk, person: Patient, recording: str) -> None:
    for words in ((person.mrn,), ("--id", person.id)):
        ran = good(nowhere, "recordings", *words, "--json")
        assert {row["patientID"] for row in json.loads(ran.out)} == {person.id}
        assert ran.requests[-1] == "GET /v1/patients/{id}/recordings"


# Times


def page(*days: str | None) -> RowsPage:
    rows = tuple({"id": str(day), "recordedAt": day} for day in days)
    return RowsPage(rows, None)


async def listed(
    capsys: pytest.CaptureFixture[str], options: ListOptions, *pages: RowsPage
) -> tuple[list[str], int]:
    read = 0

    async def serve() -> AsyncGenerator[RowsPage]:
        nonlocal read
        for one in pages:
            read += 1
            yield one

    await print_list(serve(), shapes.RECORDINGS, options, str)
    lines = capsys.readouterr().out.splitlines()[1:]
    return [line.split()[0] for line in lines], read


SINCE = datetime(2026, 3, 1, tzinfo=UTC)
OLD, NEW, NEWER = "2026-02-28T23:59:59Z", "2026-03-01T02:00:00+02:00", "2026-04-01T00:00:00Z"


async def test_since_assumes_no_order(capsys: pytest.CaptureFixture[str]) -> None:
    found = await listed(capsys, ListOptions(since=SINCE), page(OLD), page(NEWER, OLD), page(NEW))
    assert found == ([NEWER, NEW], 3)


async def test_newest_first_stops_at_the_first_page_that_is_older_as_a_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ListOptions(since=SINCE, newest_first=True)
    assert await listed(capsys, options, page(NEWER, OLD), page(OLD), page(NEW)) == ([NEWER], 2)


async def test_what_has_no_time_is_shown_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    await print_list(_one(page(None, "soon", OLD)), shapes.RECORDINGS, ListOptions(since=SINCE), str)
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 3
    assert "2 recordings without a readable time" in told.err


async def test_a_row_that_moved_to_the_next_page_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert await listed(capsys, ListOptions(), page(NEWER, NEW), page(NEW, OLD)) == ([NEWER, NEW, OLD], 2)


async def test_a_list_that_does_not_fit_its_count_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    await print_list(_one(RowsPage(({"id": "1"},), 2)), shapes.RECORDINGS, ListOptions(), str)
    assert "totalCount is 2" in capsys.readouterr().err


async def _one(found: RowsPage) -> AsyncGenerator[RowsPage]:
    yield found


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", ""])
def test_a_day_that_is_none_is_an_error(nowhere: Desk, day: str) -> None:
    ran = nowhere.run("get", "recordings", "--since", day)
    assert (ran.code, ran.requests) == (1, [])
    assert "2026-03-01" in ran.err


# Files


def test_samples_are_millivolts_and_the_picture_is_a_picture(nowhere: Desk, recording: str) -> None:
    sent = json.loads(nowhere.run("api", "GET", f"/v1/recordings/{recording}").out)["data"]["raw"]
    words = ("recording", recording, "--csv", "s.csv", "--plot", "s.png", "--data", "raw")
    assert good(nowhere, *words).requests == ["GET /v1/recordings/{id}"]
    lines = Path("s.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "time_s,I_mV,II_mV,III_mV,aVR_mV,aVL_mV,aVF_mV"
    assert len(lines) == 601
    expected = sent["samples"]["leadI"][3] * sent["amplitudeResolution"] / 1e6
    assert float(lines[4].split(",")[1]) == pytest.approx(expected)
    assert Path("s.png").read_bytes().startswith(b"\x89PNG")
    assert (mode(Path("s.csv")), mode(Path("s.png"))) == (0o600, 0o600)


def test_a_recording_is_summed_up_and_its_json_is_whole(nowhere: Desk, recording: str) -> None:
    assert (
        "600 samples at 300 Hz in mV: I, II, III, aVR, aVL, aVF" in good(nowhere, "recording", recording).out
    )
    found = json.loads(good(nowhere, "recording", recording, "--json").out)
    assert len(found["data"]["raw"]["samples"]["leadI"]) == 600


def test_a_picture_needs_a_name_that_says_which_before_anything_is_sent(nowhere: Desk) -> None:
    ran = nowhere.run("get", "recording", "x", "--plot", "strip.bmp")
    assert (ran.code, ran.requests) == (1, [])
    assert ".png" in ran.err


@pytest.mark.parametrize("dialect", ["v1", "pro"])
def test_the_pdf_of_a_recording(nowhere: Desk, recording: str, dialect: str) -> None:
    good(nowhere, "pdf", recording, "--out", "r.pdf", "--dialect", dialect)
    assert Path("r.pdf").read_bytes().startswith(b"%PDF-")
    assert mode(Path("r.pdf")) == 0o600


def test_the_report_of_a_patient(nowhere: Desk, person: Patient) -> None:
    words = ("--from", "2026-01-01", "--to", "2026-06-01T12:00:00+02:00", "--date-format", "iso")
    ran = good(nowhere, "report", "--id", person.id, *words, "--out", "report.pdf")
    assert ran.requests == ["GET /v1/patients/{id}/summaryReport"]
    assert Path("report.pdf").read_bytes().startswith(b"%PDF-")
    assert mode(Path("report.pdf")) == 0o600


def test_a_report_that_ends_before_it_begins_is_not_asked_for(nowhere: Desk) -> None:
    words = ("--id", "x", "--from", "2026-02-01", "--to", "2026-01-01", "--out", "r.pdf")
    ran = nowhere.run("get", "report", *words)
    assert (ran.code, ran.requests) == (1, [])


def test_a_document_that_is_not_there_leaves_no_file(nowhere: Desk) -> None:
    assert nowhere.run("get", "pdf", "nothing", "--out", "r.pdf").code == 1
    assert not Path("r.pdf").exists()


# Which account


def test_pro_shows_recordings_by_id_and_says_what_it_cannot(nowhere: Desk, recording: str) -> None:
    found = json.loads(good(nowhere, "recording", recording, "--dialect", "pro", "--json").out)
    assert found["customParticipantID"]
    for words in (("patients",), ("patient", "A"), ("logs",), ("recordings",), ("report", "A", "--out", "f")):
        ran = nowhere.run("get", *words, "--dialect", "pro")
        assert (ran.code, ran.requests) == (1, [])
        assert "the pro API cannot show" in ran.err


def _endpoint(*words: str) -> str:
    import click

    from kardia_ctl.cli.account.account_workspace import workspace_from, workspace_options

    found = []

    @click.command()
    @workspace_options
    def command(**options: Any) -> None:
        found.append(workspace_from(options, needs_key=False).endpoint)

    command.main([*words], standalone_mode=False)
    return str(found[0])


@pytest.fixture
def eu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory whose configuration is of an account in Europe."""
    monkeypatch.delenv("KARDIA_ENDPOINT", raising=False)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "eu"
    path.mkdir()
    text = "version: 1\napi: {region: eu}\ncohorts: {big: {source: not-read.csv}}\n"
    (path / "kardia.yaml").write_text(text)
    return path


def test_the_region_is_the_options_or_the_configurations(eu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _endpoint() == "https://api.kardia.com"
    assert _endpoint("--region", "eu") == "https://eu-api.kardia.com"
    assert _endpoint("--config", str(eu)) == "https://eu-api.kardia.com"
    assert _endpoint("--config", str(eu), "--region", "us") == "https://api.kardia.com"
    monkeypatch.chdir(eu)
    assert _endpoint() == "https://eu-api.kardia.com"
    assert _endpoint("--endpoint", "https://kardia.example.com") == "https://kardia.example.com"


def test_a_configuration_that_is_wrong_is_said_at_its_line(eu: Path, nowhere: Desk) -> None:
    (eu / "kardia.yaml").write_text("version: 1\napi: {region: mars}\n")
    ran = nowhere.run("get", "patients", "--config", str(eu))
    assert (ran.code, ran.requests) == (1, [])
    assert "kardia.yaml:2:15" in ran.err


def test_the_sandbox_needs_no_key_and_no_configuration(
    nowhere: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KARDIA_API_KEY")
    monkeypatch.delenv("KARDIA_ENDPOINT")
    assert "4qq0q0tSkSKziiUcyjOYbpi9whdo7403" in good(nowhere, "templates", "--sandbox").out
    assert nowhere.run("get", "templates").code == 1


def test_a_million_rows_take_the_memory_of_a_page() -> None:
    """Measured on 60,000 rows: what is held does not grow with what was printed."""
    import asyncio
    import tracemalloc

    async def serve() -> AsyncGenerator[RowsPage]:
        for number in range(120):
            start = number * 500
            yield RowsPage(tuple({"id": f"p{start + row}", "mrn": "M" * 20} for row in range(500)), 60_000)

    tracemalloc.start()
    asyncio.run(_drain(serve()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


async def _drain(pages: AsyncGenerator[RowsPage]) -> None:
    from unittest.mock import patch

    with patch("kardia_ctl.cli.output.console.click.echo"):
        await print_list(pages, shapes.PATIENTS, ListOptions(), str)


def test_the_account_that_is_read_is_unchanged(nowhere: Desk, account: Account, recording: str) -> None:
    for name in LISTS:
        good(nowhere, name)
    assert {one.method for one in account.requests.all()} == {"GET"}


def test_every_read_has_a_row_in_the_documents() -> None:
    import re

    from kardia_ctl.cli.commands.get.lists import command

    text = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bget ([a-z-]+)", text)) >= set(command.commands)
