"""What the documents leave open, and their examples of teams and users: each reading of each."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.invented import TEAM_FIELDS, TEAM_ID
from kardia_ctl.sandbox.data.values import PatientFields
from kardia_ctl.sandbox.quirks import (
    SERVED,
    CreateStatus,
    DataController,
    Disconnected,
    DuplicateUser,
    Quirks,
    Strictness,
)

Connect = Callable[..., httpx.AsyncClient]
LENIENT = Quirks(strictness=Strictness.LENIENT)
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def patient(account: Account) -> str:
    return account.patients.add(PatientFields("A-1", "2000-07-21", "a@example.com"))


def user(patient: str) -> dict[str, str]:
    return {"email": "a@example.com", "password": "5up3R53Cur3", "countryCode": "US", "patientId": patient}


async def test_an_export_is_accepted_and_queued(connect: Connect, account: Account, patient: str) -> None:
    response = await connect().get(f"/v1/patients/{patient}/export")
    assert (response.status_code, response.content) == (202, b"")
    assert account.patients.exports() == [patient]


@pytest.mark.parametrize(
    ("quirk", "status"), [(DataController.WITHHELD, 403), (DataController.UNAUTHORIZED, 401)]
)
async def test_without_data_controller_access_nothing_leaves_and_nobody_goes(
    connect: Connect, account: Account, patient: str, quirk: DataController, status: int
) -> None:
    client = connect(Quirks(data_controller=quirk))
    assert (await client.get(f"/v1/patients/{patient}/export")).status_code == status
    assert (await client.delete(f"/v1/patients/{patient}")).status_code == status
    assert account.patients.exports() == []
    assert len(account.patients.all()) == 1


async def test_a_disconnection_may_answer_nothing(connect: Connect, patient: str) -> None:
    response = await connect(Quirks(disconnected=Disconnected.NOTHING)).post(
        f"/v1/patients/{patient}/disconnect"
    )
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(("quirk", "status"), [(CreateStatus.OK, 200), (CreateStatus.CREATED, 201)])
async def test_a_created_user_may_be_200_or_201(
    connect: Connect, account: Account, patient: str, quirk: CreateStatus, status: int
) -> None:
    response = await connect(Quirks(user_status=quirk)).post("/v1/users", data=user(patient))
    assert (response.status_code, list(response.json())) == (status, ["requestId"])
    assert [(one.email, one.country) for one in account.connections.users()] == [("a@example.com", "US")]


@pytest.mark.parametrize(
    ("quirk", "status"),
    [(DuplicateUser.BAD_REQUEST, 400), (DuplicateUser.CONFLICT, 409), (DuplicateUser.ACCEPTED, 200)],
)
async def test_a_second_v1_user_with_one_address(
    connect: Connect, patient: str, quirk: DuplicateUser, status: int
) -> None:
    client = connect(Quirks(duplicate_user=quirk))
    await client.post("/v1/users", data=user(patient))
    assert (await client.post("/v1/users", data=user(patient))).status_code == status


async def test_no_password_of_a_user_is_kept(connect: Connect, account: Account, patient: str) -> None:
    await connect().post("/v1/users", data=user(patient))
    with account.reading() as db:
        assert "5up3R53Cur3" not in "".join(db.iterdump())


async def test_the_fields_of_a_team_are_under_the_key_teams(connect: Connect) -> None:
    (name, *_), *_ = TEAM_FIELDS
    fields = (await connect().get(f"/partner/v1/teams/{TEAM_ID}/patient/fields")).json()["teams"]
    assert [field["fieldName"] for field in fields] == [field for field, *_ in TEAM_FIELDS]
    assert set(fields[0]) == {
        "id",
        "teamId",
        "fieldName",
        "displayName",
        "isRequired",
        "isVisible",
        "isCustom",
        "isKeyIdentifier",
        "kardiaRXVisible",
        "createdAt",
        "updatedAt",
    }
    assert [field["fieldName"] for field in fields if field["isKeyIdentifier"]] == [name]
    assert {field["teamId"] for field in fields} == {TEAM_ID}


async def test_a_team_is_what_the_example_shows(connect: Connect) -> None:
    (team,) = (await connect().get("/partner/v1/teams")).json()["teams"]
    names = "id name avatarUrl callbackUrl logoUrl timezone secretKey createdAt updatedAt"
    assert list(team) == names.split()
    assert team["createdAt"].endswith(" +0000 +0000")


# What a lenient sandbox lets pass


@pytest.mark.parametrize(
    "body",
    [
        b"mrn=1&dob=2000-07-21&email=joe@example.com&phone=123&unknown=",
        b"mrn=1&dob=2000-07-21&email=joe@example.com&sex=&firstname=",
        b"mrn=1&dob=2000-07-21&email=joe@example.com&",
        b"mrn=1&dob=2000-07-21&email=joe@example.com&firstname=50%",
    ],
)
@pytest.mark.parametrize("headers", [FORM, {}])
async def test_a_lenient_sandbox_leaves_aside_what_it_does_not_know(
    connect: Connect, account: Account, body: bytes, headers: dict[str, str]
) -> None:
    response = await connect(LENIENT).post("/v1/patients", content=body, headers=headers)
    assert response.status_code == 200
    assert account.patients.all()[0].mrn == "1"


@pytest.mark.parametrize(
    "body",
    [
        b"mrn=1&dob=2000-07-21",
        b"mrn=&dob=2000-07-21&email=joe@example.com",
        b"mrn=1&mrn=2&dob=2000-07-21&email=joe@example.com",
        b"mrn=1&dob=tomorrow&email=joe@example.com",
        b"mrn=1&dob=2000-07-21&email=joe@example.com&sex=male",
        b"mrn=%00&dob=2000-07-21&email=joe@example.com",
        b'{"mrn": "1", "dob": "2000-07-21", "email": "joe@example.com"}',
    ],
)
async def test_a_lenient_sandbox_still_wants_what_is_documented(
    connect: Connect, account: Account, body: bytes
) -> None:
    response = await connect(LENIENT).post("/v1/patients", content=body, headers=FORM)
    assert response.status_code == 400
    assert account.patients.all() == []


async def test_a_lenient_sandbox_reads_what_languages_make_of_true(connect: Connect, patient: str) -> None:
    client = connect(LENIENT)
    for value in ("true", "True", "1", "TRUE"):
        answer: Any = (await client.get("/v1/patients", params={"customField": value, "page": "1"})).json()
        assert "participantCustomFields" in answer["patients"][0]
    assert (await client.get("/v1/patients", params={"customField": "yes"})).status_code == 400
    assert (await client.get("/v1/patients", params={"limit": "501"})).status_code == 400


async def test_a_lenient_sandbox_ignores_a_body_where_none_belongs(connect: Connect, patient: str) -> None:
    response = await connect(LENIENT).post(f"/v1/patients/{patient}/disconnect", data={"a": "b"})
    assert response.status_code == 200


def test_what_is_served_is_a_reading_of_the_quirks() -> None:
    assert Quirks.from_mapping(SERVED).strictness is Strictness.LENIENT
