"""Users of the Kardia app through the whole command: made once, with a password that is kept nowhere."""

import csv
from pathlib import Path

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.values import PatientFields, PatientStatus
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import CreateStatus, DuplicateUser, Quirks
from tests.cli.commands.apply.test_pro import PASSWORD, dropped, served
from tests.cli.conftest import Desk, Ran
from tests.paths import DATA

CREATE = "POST /v1/patients"
USER = "POST /v1/users"
LIST = "GET /v1/patients"
ONE = "GET /v1/patients/{id}"
TEMPLATES = "GET /v1/teamConnectionTemplate"
ADDRESS = "mobile_user/US-1"


def declared(password: str, *mrns: str) -> str:
    people = (
        f"  - {{mrn: {mrn}, dob: 1957-10-04, email: {mrn}@example.com, firstname: No {mrn}, "
        f"lastname: Sample, mobile_user: {{country: us, password: {{{password}}}}}}}\n"
        for mrn in mrns or ("US-1",)
    )
    return f"version: 1\npatients:\n{''.join(people)}"


@pytest.fixture
def users(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("US_PASSWORD", PASSWORD)
    desk.write(declared("env: US_PASSWORD"))
    return desk


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def status_of(account: Account) -> PatientStatus:
    return account.patients.all()[0].status


@pytest.mark.parametrize("status", list(CreateStatus))
def test_a_user_is_made_once_and_its_patient_is_connected(users: Desk, status: CreateStatus) -> None:
    with served(users, Quirks(user_status=status)):
        plan = users.plan("--detailed-exitcode")
        assert (plan.code, plan.last) == (2, "Requests: 1 to plan; apply sends 5 (3 reads, 2 writes).")
        ran = users.apply()
        assert (ran.code, ran.requests) == (0, [LIST, TEMPLATES, CREATE, USER, LIST])
        assert users.plan("--detailed-exitcode").code == 0
        assert USER not in users.apply().requests
    assert status_of(users.account) is PatientStatus.CONNECTED
    assert len(users.account.connections.users()) == 1


def test_a_password_comes_from_a_file_beside_the_configuration(users: Desk) -> None:
    users.write(declared("file: secrets/us-1"))
    (users.path / "secrets").mkdir()
    users.write(f"{PASSWORD}\n", "secrets/us-1")
    assert users.apply().code == 0
    assert len(users.account.connections.users()) == 1


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("env: UNSET_PASSWORD", "env UNSET_PASSWORD: it is not set"),
        ("file: missing", "file missing: No such file"),
        ("file: empty", "file empty: it is empty"),
        ("file: binary", "file binary: it is not a line of text"),
        ("file: folder", "file folder: Is a directory"),
        ("env: WEAK_PASSWORD", "env WEAK_PASSWORD: the password is easy to guess"),
        ("env: OWN_PASSWORD", "env OWN_PASSWORD: the password is easy to guess"),
    ],
)
def test_a_password_that_cannot_be_had_or_is_weak_stops_before_the_first_write(
    users: Desk, password: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAK_PASSWORD", "summer2026")
    monkeypatch.setenv("OWN_PASSWORD", "no us-1sample")
    users.write(declared(password))
    users.write("", "empty")
    (users.path / "binary").write_bytes(b"one\ntwo\0")
    (users.path / "folder").mkdir()
    ran = users.apply()
    assert ran.code == 1
    assert set(ran.requests) <= {LIST, TEMPLATES}
    assert f"{ADDRESS}: {told}" in ran.err
    assert "summer2026" not in ran.out + ran.err
    assert users.account.patients.all() == []


def test_every_password_that_is_missing_is_told_at_once(users: Desk) -> None:
    users.write(declared("env: UNSET_PASSWORD", "US-1", "US-2"))
    ran = users.apply("--auto-approve")
    assert ran.code == 1
    assert "mobile_user/US-1" in ran.err
    assert "mobile_user/US-2" in ran.err


def test_a_made_up_password_needs_a_file_and_stands_there_alone(users: Desk) -> None:
    users.write(declared("generate: true"))
    codes = users.path.parent / "codes.csv"
    refused = users.apply()
    assert refused.code == 1
    assert CREATE not in refused.requests
    assert "--codes-out" in refused.err
    ran = users.apply("--codes-out", str(codes))
    assert ran.code == 0
    (row,) = rows(codes)
    assert row["mrn"] == "US-1"
    assert len(row["password"]) == 20
    assert codes.stat().st_mode & 0o777 == 0o600
    assert row["password"] not in ran.out + ran.err
    state = b"".join(file.read_bytes() for file in (users.path / ".kardia").rglob("*") if file.is_file())
    assert row["password"].encode() not in state
    users.apply("--codes-out", str(codes))
    assert rows(codes) == [row]


def test_a_made_up_password_is_written_before_it_is_sent_and_anew_for_another_try(users: Desk) -> None:
    users.write(declared("generate: true"))
    codes = users.path.parent / "codes.csv"
    with served(users, faults=Faults((FaultRule(FaultKind.ERROR, path="/v1/users", times=1, status=400),))):
        assert users.apply("--codes-out", str(codes)).code == 1
        first = rows(codes)
        assert len(first) == 1
        assert users.apply("--codes-out", str(codes)).code == 0
    assert len(rows(codes)) == 2
    assert rows(codes)[0] == first[0] != rows(codes)[1]


def test_a_file_without_a_password_column_is_refused_before_anything_is_sent(users: Desk) -> None:
    users.write(declared("generate: true"))
    codes = users.path.parent / "codes.csv"
    codes.write_text("mrn,code,template,issued,status\nM-1,LQYP-MSAK-NPJR,one-year,,pending\n")
    ran = users.apply("--codes-out", str(codes))
    assert ran.code == 1
    assert CREATE not in ran.requests
    assert "no column password" in ran.err


def test_a_user_of_a_connected_patient_is_adopted_without_a_request(users: Desk) -> None:
    patient = users.account.patients.add(
        PatientFields("US-1", "1957-10-04", "US-1@example.com", "No US-1", "Sample", 0)
    )
    users.account.connections.connect(patient)
    ran = users.apply()
    assert ran.code == 0
    assert f"{ADDRESS} will be imported" in ran.out
    assert USER not in ran.requests
    assert users.plan("--detailed-exitcode").code == 0


@pytest.mark.parametrize("moment", list(Moment))
def test_a_user_in_doubt_is_never_sent_again_on_a_guess(users: Desk, moment: Moment) -> None:
    quirks = Quirks(duplicate_user=DuplicateUser.ACCEPTED, user_delay=3600)
    with served(users, quirks, dropped("/v1/users", moment)):
        assert users.apply().requests.count(USER) == 1
        for _ in range(2):
            ran = users.apply()
            assert (ran.code, USER in ran.requests) == (1, False)
            assert f"--assume-created '{ADDRESS}'" in ran.out
        decided = "--assume-created" if moment is Moment.AFTER else "--assume-absent"
        assert users.apply(decided, ADDRESS).code == 0
    assert len(users.account.connections.users()) == 1


def test_a_user_in_doubt_whose_patient_is_connected_is_settled(users: Desk) -> None:
    with served(users, faults=dropped("/v1/users", Moment.AFTER)):
        assert users.apply().code == 1
        ran = users.apply()
    assert ran.code == 0
    assert f"{ADDRESS} will be imported" in ran.out
    assert len(users.account.connections.users()) == 1


@pytest.mark.parametrize("password", ["env: US_PASSWORD", "generate: true"])
def test_a_user_follows_a_patient_whose_create_an_earlier_run_left_in_doubt(
    users: Desk, password: str
) -> None:
    users.write(declared(password))
    out = ("--codes-out", str(users.path.parent / "codes.csv"), "--settle", "0.3")
    with served(users, faults=dropped("/v1/patients", Moment.BEFORE, times=1000)):
        assert users.apply(*out).code == 1
    with served(users):
        users.seen = len(users.account.requests.all())
        ran = users.apply(*out)
    assert ran.code == 0, ran.out + ran.err
    assert ran.requests.count(USER) == 1
    assert len(users.account.patients.all()) == len(users.account.connections.users()) == 1


def test_a_user_is_forgotten_and_comes_back_without_a_request(users: Desk) -> None:
    users.apply()
    whole = (users.path / "kardia.yaml").read_text()
    users.edit(lambda text: text.replace(", mobile_user: {country: us, password: {env: US_PASSWORD}}", ""))
    ran = users.apply()
    assert f"{ADDRESS} will be forgotten" in ran.out
    users.write(whole)
    again = users.apply()
    assert (again.code, USER in again.requests) == (0, False)
    assert users.plan("--detailed-exitcode").code == 0
    assert len(users.account.connections.users()) == 1


def test_a_user_that_exists_elsewhere_is_told_and_the_patient_stays(users: Desk) -> None:
    users.account.connections.add_user("us-1@example.com", "us")
    ran = users.apply()
    assert ran.code == 1
    assert f"{ADDRESS}: create failed" in ran.err
    assert "US-1@example.com" not in ran.err
    assert len(users.account.patients.all()) == 1


@pytest.mark.parametrize("where", ["defaults", "constants"])
def test_a_whole_cohort_gets_users(users: Desk, where: str) -> None:
    users.write(
        "version: 1\ncohorts:\n  spring:\n    source: spring.csv\n"
        f"    {where}: {{mobile_user: {{country: us, password: {{generate: true}}}}}}\n"
    )
    people = "".join(f"C-{number},1950-01-0{number},c{number}@example.com\n" for number in range(1, 6))
    users.write(f"mrn,dob,email\n{people}", "spring.csv")
    assert "5 patients, 5 mobile users" in users.run("validate", str(users.path)).out
    codes = users.path.parent / "codes.csv"
    ran = users.apply("--codes-out", str(codes))
    assert (ran.code, ran.requests.count(USER)) == (0, 5)
    assert len({row["password"] for row in rows(codes)}) == 5
    assert users.plan("--detailed-exitcode").code == 0


def test_a_user_can_be_a_target_and_is_never_sent_without_its_patient(users: Desk) -> None:
    users.write(declared("env: US_PASSWORD", "US-1", "US-2").replace("No US-2", "No US-1"))
    blocked = users.apply()
    assert blocked.code == 1
    assert USER not in blocked.requests
    users.write(declared("env: US_PASSWORD", "US-1", "US-2"))
    ran = users.apply("--target", ADDRESS)
    assert (ran.code, ran.requests.count(CREATE), ran.requests.count(USER)) == (0, 1, 1)


def test_in_this_process_users_are_made_too(users: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KARDIA_ENDPOINT", "KARDIA_API_KEY"):
        monkeypatch.delenv(name)

    def inside(command: str, *arguments: str) -> Ran:
        return users.run(command, str(users.path), "--sandbox", *arguments)

    assert inside("apply", "--auto-approve").code == 0
    assert inside("plan", "--detailed-exitcode").code == 0


def test_the_example_of_users_runs_as_it_is(users: Desk) -> None:
    users.write((DATA / "users" / "kardia.yaml").read_text())
    codes = users.path.parent / "codes.csv"
    assert users.apply("--codes-out", str(codes)).code == 0
    assert users.plan("--detailed-exitcode").code == 0
    assert [row["mrn"] for row in rows(codes)] == ["US-001"]
