"""``kardia-ctl import``: what it writes, what it leaves out and says, and what it leaves alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kardia_ctl.sandbox.data.invented import TEAM_ID
from kardia_ctl.sandbox.data.values import Hook, PatientFields
from tests.canary.desk import InnerDesk, inner_desk

HOOK = "https://hooks.example.com/kardia"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InnerDesk]:
    with inner_desk(tmp_path / "clinic", "# ours\nversion: 1\n") as opened:
        yield opened


def add(desk: InnerDesk, mrn: str, **values: str | None) -> str:
    known = {"dob": "1961-04-30", "email": f"{len(mrn)}@example.com", "firstname": "Zor", "lastname": "Vel"}
    return desk.account.patients.add(PatientFields(mrn, **(known | values)))  # type: ignore[arg-type]


def imported(desk: InnerDesk, *arguments: str) -> str:
    ran = desk.run("import", str(desk.path), *arguments)
    assert ran.code == 0, ran.told
    return ran.out


def refused(desk: InnerDesk, *arguments: str) -> str:
    before = {path: path.read_bytes() for path in desk.path.rglob("*") if path.is_file()}
    ran = desk.run("import", str(desk.path), *arguments)
    assert ran.code == 1, ran.told
    assert {path: path.read_bytes() for path in desk.path.rglob("*") if path.is_file()} == before
    return ran.err


def test_what_is_live_is_written_adopted_and_then_unchanged(desk: InnerDesk) -> None:
    desk.account.settings.set_callback(Hook.CALLBACK, f"{HOOK}?a=$b")
    for number in range(12):
        add(desk, f"00{number:02}")
    out = imported(desk)
    assert "Import complete: 12 patients, 1 callback URL, 2 templates from 4 requests." in out
    assert (desk.path / "kardia.yaml").read_text() == (
        "# ours\nversion: 1\n\n# Added by kardia-ctl import.\n"
        f'callback:\n  url: "{HOOK}?a=$$b"\n'
        "templates:\n"
        '  kardiamobile-1-year-connection-120: "4qq0q0tSkSKziiUcyjOYbpi9whdo7403"\n'
        '  kardiamobile-90-day-connection: "RnHOxYlu8l7zGboaWKhicma6qin4fjr7"\n'
        'include:\n  - "patients/imported.yaml"\n'
    )
    file = desk.path / "patients" / "imported.yaml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert '  - mrn: "0000"\n    dob: "1961-04-30"\n' in file.read_text()
    assert "13 to import" in desk.plan().out
    assert desk.apply().code == 0
    assert (
        "No changes. Your infrastructure matches the configuration. 13 resources are as declared."
        in desk.plan().out
    )
    assert desk.sent("POST") + desk.sent("PUT") == 0


def test_nothing_is_written_over_and_later_patients_go_into_further_files(desk: InnerDesk) -> None:
    add(desk, "A-1")
    (desk.path / "kardia.yaml").write_text("version: 1\ninclude: [patients/*.yaml]  # all\n")
    (desk.path / "patients").mkdir()
    own = desk.path / "patients" / "imported.yaml"
    own.write_text("patients: []\n")
    imported(desk)
    assert own.read_text() == "patients: []\n"
    assert (desk.path / "patients" / "imported-2.yaml").exists()
    assert "include: [patients/*.yaml]  # all\n" in (desk.path / "kardia.yaml").read_text()
    for mrn in ("A-2", "A-3", "A-4"):
        add(desk, mrn)
    imported(desk, "--split", "2")
    assert sorted(path.name for path in own.parent.iterdir()) == [
        *("imported-2.yaml", "imported-3.yaml", "imported-4.yaml", "imported.yaml")
    ]
    assert "4 to import" in desk.plan().out
    assert imported(desk).startswith("Nothing to import")


def test_several_files_are_included_by_one_pattern_and_the_keys_are_added_where_they_belong(
    desk: InnerDesk,
) -> None:
    for mrn in ("A-1", "A-2", "A-3"):
        add(desk, mrn)
    before = "version: 1\ntemplates:\n  own: x  # by hand\n\ninclude:\n- more.yaml\nlimits: {create: 5}\n"
    (desk.path / "kardia.yaml").write_text(before)
    (desk.path / "more.yaml").write_text("patients: []\n")
    imported(desk, "--split", "1")
    text = (desk.path / "kardia.yaml").read_text()
    assert '- more.yaml\n- "patients/imported-*.yaml"\nlimits' in text
    assert "  own: x  # by hand\n  kardiamobile-1-year" in text
    assert "3 to import" in desk.plan().out


def test_a_file_that_cannot_be_edited_stays_and_its_lines_are_printed(desk: InnerDesk) -> None:
    add(desk, "A-1")
    (desk.path / "kardia.yaml").write_text("{version: 1}\n")
    ran = desk.run("import", str(desk.path), "--adopt")
    assert ran.code == 0
    assert (desk.path / "kardia.yaml").read_text() == "{version: 1}\n"
    lines = ran.out.partition("touching the rest:\n")[2].partition("\n\n")[0]
    added = "\n".join(line[2:] for line in lines.splitlines())
    (desk.path / "kardia.yaml").write_text(f"version: 1\n{added}\n")
    assert "nothing was recorded in state" in ran.err
    assert "1 to import" in desk.plan().out


def test_without_a_configuration_init_comes_first(tmp_path: Path, desk: InnerDesk) -> None:
    ran = desk.run("import", str(tmp_path))
    assert ran.code == 1
    assert "Create one with kardia-ctl init" in ran.err
    assert desk.sent("GET") == 0


def test_pro_is_refused_with_the_reason(desk: InnerDesk) -> None:
    (desk.path / "kardia.yaml").write_text("version: 1\napi: {dialect: pro}\n")
    assert "the pro API shows no patients" in refused(desk)
    assert desk.sent("GET") == 0


def test_a_scan_that_is_not_proven_is_refused_unless_the_policy_proves_it(desk: InnerDesk) -> None:
    add(desk, "A-1")
    desk.wire = Miscounting(desk.wire)
    assert "could not all be read: the list has 1 patients, but its totalCount is 2" in refused(desk)
    (desk.path / "kardia.yaml").write_text("version: 1\nscan: agree-twice\n")
    assert "1 patient" in imported(desk)


class Miscounting(httpx.AsyncBaseTransport):
    """A server whose totalCount is wrong by one."""

    def __init__(self, right: httpx.AsyncBaseTransport) -> None:
        self._right = right

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._right.handle_async_request(request)
        body = json.loads(await answer.aread())
        if isinstance(body, dict) and "totalCount" in body:
            body["totalCount"] += 1
        return httpx.Response(answer.status_code, json=body, request=request)


def test_another_teams_key_writes_nothing(desk: InnerDesk) -> None:
    add(desk, "A-1")
    (desk.path / "kardia.yaml").write_text("version: 1\nteam: another\n")
    assert f"the API key belongs to team {TEAM_ID}" in refused(desk)


def test_two_with_one_mrn_are_left_out_with_the_way_out(desk: InnerDesk) -> None:
    ids = [add(desk, "T-1"), add(desk, "T-1", lastname="Other")]
    add(desk, "A-1")
    out = imported(desk)
    assert "Left out: 2 patients: 2 live patients have this mrn. Find out which record" in out
    assert "T-1" not in out
    assert all(f"  id {patient_id}" in out for patient_id in ids)
    text = (desk.path / "patients" / "imported.yaml").read_text()
    assert '#   - mrn: "T-1"\n#     dob: "1961-04-30"\n' in text
    assert all(f'#     id: "{patient_id}"\n' in text for patient_id in ids)
    plan = desk.plan().out
    assert "1 to import" in plan
    assert "Not declared: 2 live patients." in plan


def test_who_has_no_mrn_is_left_out_for_that(desk: InnerDesk) -> None:
    for mrn in ("", "", "A-1", "B\nC", "x" * 1001):
        add(desk, mrn, email="a@example.com")
    out = imported(desk)
    assert "Left out: 2 patients: its mrn is missing in Kardia. Correct it in Kardia, or leave" in out
    assert "Left out: 1 patient: its mrn has a character that cannot be printed: U+000A LINE FEED" in out
    assert "Left out: 1 patient: its mrn is longer than 1,000 characters" in out
    assert "1 to import" in desk.plan("--detailed-exitcode").out


def test_a_stanza_that_is_completed_by_a_person_is_adopted(desk: InnerDesk) -> None:
    add(desk, "A-1")
    add(desk, "M-1", email="none")
    imported(desk)
    file = desk.path / "patients" / "imported.yaml"
    lines = [
        line.removeprefix("# ") for line in file.read_text().splitlines() if not line.startswith("# its")
    ]
    lines[0] = "# edited"
    place = lines.index('  - mrn: "M-1"') + 1
    lines.insert(place, '    email: "m@example.com"\n    ignore_changes: [email]')
    file.write_text("\n".join(lines) + "\n")
    assert "2 to import" in desk.plan("--detailed-exitcode").out


def test_what_is_declared_or_departs_is_not_imported(desk: InnerDesk) -> None:
    (desk.path / "kardia.yaml").write_text(
        f"version: 1\ncallback: {{url: {HOOK}}}\n"
        "patients:\n  - {mrn: A-1, dob: 1961-04-30, email: a@example.com}\n"
        "departures:\n  - {mrn: A-2, action: disconnect, reason: moved}\n"
        "moved:\n  - {from: patient/A-4, to: patient/A-1}\n"
    )
    for mrn in ("A-1", "A-2", "A-3", "A-4"):
        add(desk, mrn)
    desk.account.settings.set_callback(Hook.CALLBACK, "https://other.example.com/")
    imported(desk)
    text = (desk.path / "patients" / "imported.yaml").read_text()
    assert text.count("mrn:") == text.count('mrn: "A-3"') == 1
    assert "other.example.com" not in (desk.path / "kardia.yaml").read_text()


def test_what_a_plan_would_block_is_left_out(desk: InnerDesk) -> None:
    first = add(desk, "A-1")
    imported(desk, "--adopt")
    (desk.path / "patients" / "imported.yaml").write_text("patients: []\n")
    desk.account.patients.change(first, mrn="B-1")
    add(desk, "C-1")
    out = imported(desk)
    assert "Left out: 1 patient: a plan would block its adoption (id_mismatch)" in out
    assert '"C-1"' in (desk.path / "patients" / "imported-2.yaml").read_text()


def test_values_that_cannot_be_declared_are_not_and_are_counted(desk: InnerDesk) -> None:
    add(desk, "A-1", firstname="=cmd()", dob="1961-04-30T00:00:00Z")
    add(desk, "A-2", firstname=None, lastname="")
    out = imported(desk)
    assert (
        "Not declared, so not compared: firstname of 1 patient: in Kardia it is the text of a spreadsheet"
        in out
    )
    assert "=cmd" not in out
    assert 'dob: "1961-04-30"\n' in (desk.path / "patients" / "imported.yaml").read_text()
    assert "2 to import" in desk.plan("--detailed-exitcode").out


def test_callbacks_that_may_not_be_declared_are_left_out_with_the_reason(desk: InnerDesk) -> None:
    (desk.path / "kardia.yaml").write_text("version: 1\ncallback_hosts: [hooks.example.com]\n")
    desk.account.settings.set_callback(Hook.CALLBACK, "https://other.example.com/")
    desk.account.settings.set_callback(Hook.QT_CALLBACK, "http://hooks.example.com/")
    out = imported(desk)
    assert "Left out: callback: the url's host is not among callback_hosts" in out
    assert "Left out: qt_callback: the url is not https" in out


def test_adopting_records_at_once_and_sends_nothing_for_it(desk: InnerDesk) -> None:
    add(desk, "A-1")
    sent = desk.sent("GET")
    out = imported(desk, "--adopt")
    assert desk.sent("GET") - sent == 4  # the list, two callbacks, the templates
    assert "Recorded in state: 1 adopted. No write was sent." in out
    assert (
        "No changes. Your infrastructure matches the configuration. 1 resource is as declared."
        in desk.plan().out
    )
    assert "import --adopt" in desk.run("audit", "list", str(desk.path)).out
