"""Patients who leave, through the whole command: once, step by step, and never on a guess."""

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.data.values import PatientFields, RecordingFields
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import DataController, Quirks
from tests.cli.commands.apply.test_pro import served
from tests.cli.conftest import Desk

LIST = "GET /v1/patients"
ONE = "GET /v1/patients/{id}"
TEMPLATES = "GET /v1/teamConnectionTemplate"
COUNT = "GET /v1/patients/{id}/recordings"
EXPORT = "GET /v1/patients/{id}/export"
DELETE = "DELETE /v1/patients/{id}"
DISCONNECT = "POST /v1/patients/{id}/disconnect"
CREATE = "POST /v1/patients"
ADDRESS = "patient/GO-1"

PEOPLE = (
    "  - {mrn: GO-1, dob: 1950-01-01, email: go1@example.com, firstname: Ada}\n"
    "  - {mrn: ST-1, dob: 1951-01-01, email: st1@example.com, firstname: Bea}\n"
)


def leaving(more: str = "", action: str = "delete") -> str:
    stays = PEOPLE.splitlines(keepends=True)[1]
    entry = f"{{mrn: GO-1, action: {action}, reason: withdrew consent 2026-03-02{more}}}"
    return f"version: 1\npatients:\n{stays}departures:\n  - {entry}\n"


@pytest.fixture
def clinic(desk: Desk) -> Desk:
    desk.write(f"version: 1\npatients:\n{PEOPLE}")
    assert desk.apply().code == 0
    return desk


def id_of(account: Account, mrn: str = "GO-1") -> str:
    return next(patient.id for patient in account.patients.all() if patient.mrn == mrn)


def test_an_export_goes_before_the_deletion_and_a_person_says_when_it_has_come(clinic: Desk) -> None:
    clinic.write(leaving(", export: true"))
    plan = clinic.plan("--detailed-exitcode")
    assert plan.code == 2
    assert plan.requests.count(COUNT) == 1
    assert EXPORT not in plan.requests
    ran = clinic.apply()
    assert (ran.code, ran.requests.count(EXPORT), DELETE in ran.requests) == (0, 1, False)
    for _ in range(2):
        waits = clinic.apply()
        assert (waits.code, EXPORT in waits.requests, DELETE in waits.requests) == (0, False, False)
        assert COUNT not in waits.requests
        assert "the plan after that has the deletion" in waits.unwrapped
    assert clinic.plan("--detailed-exitcode").code == 0
    clinic.write(leaving(", export: true, exported: 2026-03-04"))
    gone = clinic.apply()
    assert (gone.code, gone.requests.count(DELETE), EXPORT in gone.requests) == (0, 1, False)
    assert clinic.account.patients.exports() == [clinic.account.patients.exports()[0]]
    assert [patient.mrn for patient in clinic.account.patients.all()] == ["ST-1"]


@pytest.mark.parametrize("moment", list(Moment))
def test_an_export_in_doubt_is_never_repeated(clinic: Desk, moment: Moment) -> None:
    clinic.write(leaving(", export: true"))
    lost = Faults((FaultRule(FaultKind.DROPPED, moment, path="/v1/patients/*/export", times=1),))
    with served(clinic, faults=lost):
        ran = clinic.apply()
        assert (ran.code, ran.requests.count(EXPORT)) == (1, 1)
        for _ in range(2):
            again = clinic.apply()
            assert (again.code, EXPORT in again.requests) == (1, False)
            assert f"--assume-absent '{ADDRESS}'" in again.out
        told = clinic.apply("--assume-created", ADDRESS)
        assert (told.code, told.requests) == (1, [])
        assert "add exported: DATE" in told.err
        if moment is Moment.BEFORE:
            assert clinic.apply("--assume-absent", ADDRESS).code == 0
        clinic.write(leaving(", export: true, exported: 2026-03-04"))
        assert clinic.apply().code == 0
    assert len(clinic.account.patients.exports()) == 1
    assert clinic.plan("--detailed-exitcode").code == 0


def test_recordings_are_counted_with_one_read_and_need_a_confirmation(clinic: Desk) -> None:
    for seed in range(3):
        clinic.account.recordings.add(RecordingFields(id_of(clinic.account), seed=seed))
    clinic.write(leaving())
    plan = clinic.plan()
    assert plan.code == 1
    assert plan.requests.count(COUNT) == 1
    assert "the patient has 3 recordings, and a deletion cannot be undone" in plan.out
    ran = clinic.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)
    clinic.write(leaving(", confirm: has-recordings"))
    shown = clinic.plan()
    assert "recordings" in shown.out
    assert shown.requests.count(COUNT) == 1
    assert clinic.apply().requests.count(DELETE) == 1


def test_nobody_is_counted_who_does_not_leave_by_deletion(clinic: Desk) -> None:
    clinic.write(leaving(action="disconnect"))
    ran = clinic.apply()
    assert (ran.code, ran.requests.count(DISCONNECT), COUNT in ran.requests) == (0, 1, False)


def test_a_connected_patient_is_deleted_only_when_that_is_confirmed(clinic: Desk) -> None:
    clinic.account.connections.connect(id_of(clinic.account))
    clinic.write(leaving())
    assert "the patient is connected" in clinic.apply().out
    clinic.write(leaving(", confirm: has-recordings"))
    assert clinic.apply().requests.count(DELETE) == 1


def test_a_departure_acts_once_per_recorded_id(clinic: Desk) -> None:
    clinic.write(leaving(action="disconnect"))
    assert clinic.apply().requests.count(DISCONNECT) == 1
    again = clinic.apply()
    assert (again.code, DISCONNECT in again.requests) == (0, False)
    assert "it is not repeated" in again.out
    clinic.write(leaving())
    assert clinic.apply().requests.count(DELETE) == 1
    done = clinic.apply()
    assert (done.code, DELETE in done.requests) == (0, False)
    assert clinic.plan("--detailed-exitcode").code == 0


def test_a_deletion_is_followed_until_the_patient_is_gone_and_only_then_the_mrn_is_free(clinic: Desk) -> None:
    dying = id_of(clinic.account)
    with served(clinic, Quirks(delete_delay=3600)):
        clinic.write(leaving())
        assert clinic.apply().requests.count(DELETE) == 1
        still = clinic.plan("--detailed-exitcode")
        assert still.code == 0
        assert "the deletion was accepted, and the patient is still listed" in still.out
        clinic.write(f"version: 1\npatients:\n{PEOPLE}")
        waits = clinic.apply()
        assert (waits.code, CREATE in waits.requests, "will be imported" in waits.out) == (1, False, False)
        clinic.account.patients.remove(dying)
        back = clinic.apply()
        assert (back.code, back.requests.count(CREATE)) == (0, 1)
    assert id_of(clinic.account) != dying


def test_a_deletion_is_followed_by_id_until_a_404_and_the_list_say_that_it_is_over(clinic: Desk) -> None:
    dying = id_of(clinic.account)
    clinic.write(leaving().replace(PEOPLE.splitlines(keepends=True)[1], "").replace("patients:\n", ""))
    with served(clinic, Quirks(delete_delay=3600)):
        assert clinic.apply().requests.count(DELETE) == 1
        for _ in range(2):
            still = clinic.apply()
            assert (still.code, still.requests) == (0, [ONE])
            assert "accepted, and the patient is still listed" in still.out
        clinic.account.patients.remove(dying)
        gone = clinic.apply()
        assert (gone.code, gone.requests) == (0, [ONE, LIST, TEMPLATES])  # whose key is it that shows nobody?
        assert "deleted, and gone" in gone.out
        over = clinic.apply()
    assert (over.code, over.requests) == (0, [])
    assert "deleted, and gone" in over.out


@pytest.mark.parametrize("access", [DataController.WITHHELD, DataController.UNAUTHORIZED])
@pytest.mark.parametrize("more", ["", ", export: true"])
def test_a_key_without_data_controller_access_is_told_so_and_the_rest_is_done(
    clinic: Desk, access: DataController, more: str
) -> None:
    new = "  - {mrn: NEW-1, dob: 1952-01-01, email: new1@example.com, firstname: Cleo}\n"
    for number in range(2, 5):
        clinic.account.patients.add(
            PatientFields(f"GO-{number}", f"196{number}-01-01", "x@example.com", "X", "Y", 0)
        )
    ids = {patient.mrn: patient.id for patient in clinic.account.patients.all()}
    others = "".join(
        f"  - {{mrn: GO-{number}, id: {ids[f'GO-{number}']}, action: delete, reason: gone{more}}}\n"
        for number in range(2, 5)
    )
    clinic.write(leaving(more).replace("departures:", f"{new}departures:") + others)
    with served(clinic, Quirks(data_controller=access)):
        ran = clinic.apply("--parallelism", "1")
    refused = EXPORT if more else DELETE
    assert ran.code == 1
    assert (ran.requests.count(refused), ran.requests.count(CREATE)) == (1, 1)
    assert "Data Controller access" in ran.err
    assert "KARDIA_API_KEY" not in ran.err
    assert "3 skipped" in ran.out
    assert len(clinic.account.patients.all()) == 6


def test_a_key_that_is_refused_for_everything_still_ends_the_run(
    clinic: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.write(leaving())
    monkeypatch.setenv("KARDIA_API_KEY", f"{API_KEY}-of-somebody")
    ran = clinic.apply()
    assert ran.code == 1
    assert "KARDIA_API_KEY" in ran.err
    assert DELETE not in ran.requests


def test_a_saved_plan_of_a_deletion_is_refused_when_a_recording_came_since(clinic: Desk) -> None:
    clinic.write(leaving())
    file = clinic.path.parent / "leave.plan"
    assert clinic.plan("--out", str(file)).code == 0
    clinic.account.recordings.add(RecordingFields(id_of(clinic.account)))
    ran = clinic.run("apply", str(file))
    assert ran.code == 1
    assert DELETE not in ran.requests
    assert "Saved plan is stale" in ran.err


def test_neither_target_nor_limit_lets_anybody_depart_who_was_not_meant(clinic: Desk) -> None:
    clinic.write(leaving())
    ran = clinic.apply("--target", "patient/ST-1")
    assert (ran.code, DELETE in ran.requests) == (0, False)
    assert LIST in ran.requests or ONE in ran.requests
