"""The main job, end to end, on a real port: what a clinic does, and how many requests it takes."""

from collections import Counter

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.values import PatientFields
from tests.cli.conftest import Desk

LIST = "GET /v1/patients"
ONE = "GET /v1/patients/{id}"
TEMPLATES = "GET /v1/teamConnectionTemplate"
CREATE = "POST /v1/patients"
CODE = "GET /v1/patients/{id}/code"
READS = [LIST, "GET /v1/callback", "GET /v1/qtCallback"]
WRITES = {
    "PUT /v1/callback": 1,
    "PUT /v1/qtCallback": 1,
    "POST /partner/v1/teams/{id}/serviceProviderTeams/{spid}": 1,
    CREATE: 3,
    CODE: 2,
}


def writes(requests: list[str]) -> Counter[str]:
    return Counter(one for one in requests if not one.startswith("GET") or one == CODE)


def test_a_first_plan_takes_four_reads_and_says_what_apply_will_send(desk: Desk) -> None:
    ran = desk.plan("--detailed-exitcode")
    assert ran.code == 2
    assert sorted(ran.requests) == sorted([*READS, TEMPLATES])
    assert "Plan: 8 to add, 0 to change, 0 to destroy." in ran.out
    assert ran.last == "Requests: 4 to plan; apply sends 13 (5 reads, 8 writes)."


def test_a_plan_leaves_no_file_behind(desk: Desk) -> None:
    before = sorted(desk.path.rglob("*"))
    desk.plan()
    assert sorted(desk.path.rglob("*")) == before


def test_apply_sends_the_four_reads_and_eight_writes(desk: Desk) -> None:
    ran = desk.apply()
    assert ran.code == 0
    assert len(ran.requests) == 13
    assert writes(ran.requests) == WRITES
    assert "Apply complete! Resources: 8 added, 0 changed, 0 destroyed." in ran.out
    assert len(desk.account.patients.all()) == 3
    assert len(desk.account.connections.codes()) == 2


def test_after_an_apply_a_plan_takes_three_reads_and_is_empty(desk: Desk) -> None:
    desk.apply()
    ran = desk.plan("--detailed-exitcode")
    assert ran.code == 0
    assert ran.requests == READS
    assert ran.out.startswith("No changes.")


def test_a_second_apply_sends_no_write(desk: Desk) -> None:
    desk.apply()
    ran = desk.apply()
    assert ran.code == 0
    assert ran.requests == READS


def test_a_kind_that_is_not_declared_is_not_read(desk: Desk) -> None:
    desk.write("version: 1\ncallback: {url: https://hooks.example.com/kardia}\n")
    assert desk.plan().requests == ["GET /v1/callback"]


def test_few_managed_patients_among_many_are_read_by_id(desk: Desk) -> None:
    desk.account.patients.seed(1198, 3)
    people = [
        PatientFields(mrn=f"TR-{number}", dob="1980-02-03", email=f"tr{number}@example.com")
        for number in (1, 2)
    ]
    for fields in people:
        desk.account.patients.add(fields)
    declared = "".join(f"  - {{mrn: {one.mrn}, dob: {one.dob}, email: {one.email}}}\n" for one in people)
    desk.write(f"version: 1\npatients:\n{declared}")
    assert desk.apply().requests == [LIST, LIST, LIST, TEMPLATES]  # first contact: whose account is it?
    ran = desk.plan("--detailed-exitcode")
    assert (ran.code, ran.requests) == (0, [ONE] * 2)
    assert ran.out.startswith("No changes.")


def test_a_changed_name_is_blocked_and_nothing_is_sent_for_it(desk: Desk) -> None:
    desk.apply()
    desk.edit(lambda text: text.replace("Fernquist", "Fernquist-Oldham", 1))
    ran = desk.plan()
    assert ran.code == 1
    assert "patient/CL-0001042 is blocked" in ran.out
    assert "1 blocked" in ran.out
    assert "Fernquist" not in ran.out
    ran = desk.apply()
    assert ran.code == 1
    assert not writes(ran.requests)


def test_the_rest_is_done_when_one_address_is_blocked(desk: Desk) -> None:
    desk.apply()
    desk.edit(
        lambda text: text.replace("Fernquist", "Fernquist-Oldham", 1).replace("/kardia}", "/elsewhere}", 1)
    )
    ran = desk.apply()
    assert ran.code == 1
    assert writes(ran.requests) == {"PUT /v1/callback": 1}


def test_a_patient_taken_out_is_forgotten_and_still_there(desk: Desk) -> None:
    desk.apply()
    desk.edit(lambda text: text[: text.index("  - mrn: CL-0001063")])
    ran = desk.plan("--detailed-exitcode")
    assert ran.code == 0
    assert "patient/CL-0001063 will be forgotten" in ran.out
    ran = desk.apply()
    assert (ran.code, writes(ran.requests)) == (0, {})
    assert "CL-0001063" in {patient.mrn for patient in desk.account.patients.all()}
    assert desk.plan().out.startswith("No changes.")


def test_a_lost_state_gives_adopts_and_no_create(desk: Desk) -> None:
    desk.apply()
    desk.lose_state()
    ran = desk.plan("--detailed-exitcode")
    assert ran.out.count("will be imported") == 5
    assert "connection_code/CL-0001042/one-year" in ran.out
    assert "Plan: 5 to import, 1 to add, 0 to change, 0 to destroy." in ran.out
    ran = desk.apply()
    assert ran.code == 0
    assert writes(ran.requests) == {"POST /partner/v1/teams/{id}/serviceProviderTeams/{spid}": 1}
    assert len(desk.account.patients.all()) == 3
    assert desk.plan("--detailed-exitcode").code == 0


def test_a_patient_who_comes_back_is_not_ordered_for_again(desk: Desk) -> None:
    desk.apply()
    whole = (desk.path / "kardia.yaml").read_text()
    cut = whole.index("  - mrn: CL-0001042"), whole.index("  - mrn: CL-0001057")
    desk.write(whole[: cut[0]] + whole[cut[1] :])
    desk.apply()
    desk.write(whole)
    ran = desk.apply()
    assert ran.code == 0
    assert not writes(ran.requests)
    assert "patient/CL-0001042 will be imported" in ran.out


@pytest.mark.parametrize("key", ["", "not-the-key"])
def test_a_wrong_key_says_what_to_check(desk: Desk, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARDIA_API_KEY", key)
    ran = desk.plan()
    assert ran.code == 1
    assert "KARDIA_API_KEY" in ran.err
    assert "Traceback" not in ran.err


def test_a_key_of_another_team_writes_nothing(desk: Desk, account: Account) -> None:
    desk.edit(lambda text: text.replace("Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah", "another-team"))
    ran = desk.apply()
    assert ran.code == 1
    assert not writes(ran.requests)
    assert "another-team" in ran.out
    assert account.patients.all() == []


def test_a_prompt_without_a_terminal_names_auto_approve(desk: Desk) -> None:
    ran = desk.run("apply", str(desk.path))
    assert ran.code == 1
    assert "--auto-approve" in ran.err
    assert not writes(ran.requests)
