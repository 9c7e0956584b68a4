"""What the endpoints do when all is well, and what each quirk changes."""

from collections.abc import Callable

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.data.invented import API_KEY, LOGIN_EMAIL, LOGIN_PASSWORD, TEAM_ID, TEMPLATES
from kardia_ctl.sandbox.data.values import Hook, PatientFields, PatientStatus, Provider
from kardia_ctl.sandbox.quirks import (
    CreateStatus,
    DataController,
    DuplicateMrn,
    ListEnvelope,
    OldKey,
    Quirks,
    UnsetCallback,
    UnsetField,
)

Connect = Callable[..., httpx.AsyncClient]
LOGIN = {"email": LOGIN_EMAIL, "password": LOGIN_PASSWORD}


def add(account: Account, mrn: str = "A-1") -> str:
    return account.patients.add(PatientFields(mrn, "2000-07-21", "a@example.com"))


async def test_create_answers_the_fields_and_the_id_without_a_status(
    connect: Connect, account: Account, joe: dict[str, str]
) -> None:
    response = await connect().post("/v1/patients", data=joe | {"firstname": "Joe", "sex": "1"})
    (patient,) = account.patients.all()
    assert response.status_code == 200
    assert response.json() == joe | {"id": patient.id, "firstname": "Joe", "lastname": "", "sex": 1}
    assert len(patient.id) == 32


async def test_a_patient_reads_back_with_its_status(
    connect: Connect, account: Account, joe: dict[str, str]
) -> None:
    client = connect()
    created = (await client.post("/v1/patients", data=joe)).json()
    path = f"/v1/patients/{created['id']}"
    assert (await client.get(path)).json() == created | {"status": "none"}
    account.patients.set_status(created["id"], PatientStatus.CONNECTED)
    assert (await client.get(path)).json() == created | {"status": "connected"}


async def test_custom_fields_come_when_asked_for(connect: Connect, account: Account) -> None:
    patient = add(account)
    fields = [{"id": "F1", "fieldName": "steps", "displayName": "Steps", "fieldValue": "10"}]
    account.patients.set_custom_fields(patient, fields)
    client = connect()
    alone = (await client.get(f"/v1/patients/{patient}", params={"customField": "true"})).json()
    page = (await client.get("/v1/patients", params={"customField": "true"})).json()
    assert alone["participantCustomFields"] == fields
    assert page["patients"] == [alone]
    assert "participantCustomFields" not in (await client.get(f"/v1/patients/{patient}")).json()


async def test_fields_that_were_not_given_are_zero_or_absent(connect: Connect, joe: dict[str, str]) -> None:
    zero = (await connect().post("/v1/patients", data=joe)).json()
    absent = (await connect(Quirks(unset_field=UnsetField.ABSENT)).post("/v1/patients", data=joe)).json()
    read = (await connect().get(f"/v1/patients/{absent['id']}")).json()
    assert (zero["firstname"], zero["lastname"], zero["sex"]) == ("", "", 0)
    assert absent == joe | {"id": absent["id"]}
    assert read == absent | {"status": "none"}


async def test_a_second_patient_with_one_mrn_is_accepted_or_409(
    connect: Connect, account: Account, joe: dict[str, str]
) -> None:
    for _ in range(2):
        assert (await connect().post("/v1/patients", data=joe)).status_code == 200
    strict = connect(Quirks(duplicate_mrn=DuplicateMrn.CONFLICT))
    assert (await strict.post("/v1/patients", data=joe)).status_code == 409
    assert (await strict.post("/v1/patients", data=joe | {"mrn": "js-20000721"})).status_code == 200
    assert len(account.patients.all()) == 3


async def test_create_may_answer_201(connect: Connect, joe: dict[str, str]) -> None:
    client = connect(Quirks(create_status=CreateStatus.CREATED))
    assert (await client.post("/v1/patients", data=joe)).status_code == 201


async def test_a_new_patient_lags_in_the_list_but_not_by_id(
    connect: Connect, account: Account, clock: ManualClock, joe: dict[str, str]
) -> None:
    add(account)
    client = connect(Quirks(list_lag=10))
    created = (await client.post("/v1/patients", data=joe)).json()
    assert (await client.get(f"/v1/patients/{created['id']}")).status_code == 200
    before = (await client.get("/v1/patients")).json()
    clock.advance(10)
    after = (await client.get("/v1/patients")).json()
    assert (before["totalCount"], len(before["patients"])) == (1, 1)
    assert (after["totalCount"], len(after["patients"])) == (2, 2)


async def test_a_late_commit_is_nowhere_until_it_is_due(
    connect: Connect, account: Account, clock: ManualClock, joe: dict[str, str]
) -> None:
    client = connect(Quirks(commit_latency=5))
    created = (await client.post("/v1/patients", data=joe)).json()
    path = f"/v1/patients/{created['id']}"
    assert (await client.get(path)).status_code == 404
    assert account.patients.all() == []
    clock.advance(60)
    assert (await client.get(path)).json()["mrn"] == joe["mrn"]
    assert account.patients.all()[0].created_at == clock() - 55


async def test_a_deletion_is_accepted_and_takes_its_time(
    connect: Connect, account: Account, clock: ManualClock
) -> None:
    path = f"/v1/patients/{add(account)}"
    client = connect(Quirks(delete_delay=30))
    response = await client.delete(path)
    assert (response.status_code, response.content) == (202, b"")
    clock.advance(20)
    assert (await client.delete(path)).status_code == 202
    assert (await client.get(path)).status_code == 200
    clock.advance(10)
    assert (await client.get(path)).status_code == 404
    assert (await client.delete(path)).status_code == 404
    assert (await client.get("/v1/patients")).json()["totalCount"] == 0


async def test_without_data_controller_access_a_deletion_is_403(connect: Connect, account: Account) -> None:
    client = connect(Quirks(data_controller=DataController.WITHHELD))
    assert (await client.delete(f"/v1/patients/{add(account)}")).status_code == 403
    assert len(account.patients.all()) == 1


async def test_a_code_is_minted_once_for_a_patient_and_template(connect: Connect, account: Account) -> None:
    first, second = add(account, "A-1"), add(account, "A-2")
    client = connect()
    answers = [
        (await client.get(f"/v1/patients/{patient}/code", params={"template_id": template.id})).json()
        for patient in (first, second, first, second)
        for template in TEMPLATES
    ]
    assert answers[:4] == answers[4:]
    assert len({answer["code"] for answer in answers}) == len(account.connections.codes()) == 4
    assert {answer["status"] for answer in answers} == {"pending"}
    assert {patient.status for patient in account.patients.all()} == {PatientStatus.PENDING}


async def test_a_code_without_a_template_is_of_the_first_one(connect: Connect, account: Account) -> None:
    await connect().get(f"/v1/patients/{add(account)}/code")
    assert [code.template_id for code in account.connections.codes()] == [TEMPLATES[0].id]


async def test_an_unknown_template_mints_nothing(connect: Connect, account: Account) -> None:
    path = f"/v1/patients/{add(account)}/code"
    assert (await connect().get(path, params={"template_id": "unknown"})).status_code == 404
    assert account.connections.codes() == []
    assert account.patients.all()[0].status is PatientStatus.NONE


async def test_the_code_of_a_connected_patient_says_connected(connect: Connect, account: Account) -> None:
    patient = add(account)
    account.patients.set_status(patient, PatientStatus.CONNECTED)
    assert (await connect().get(f"/v1/patients/{patient}/code")).json()["status"] == "connected"


async def test_disconnecting_ends_the_connection_and_its_codes(connect: Connect, account: Account) -> None:
    patient = add(account)
    client = connect()
    old = (await client.get(f"/v1/patients/{patient}/code")).json()["code"]
    assert (await client.post(f"/v1/patients/{patient}/disconnect")).json() == {}
    assert account.patients.all()[0].status is PatientStatus.NONE
    assert (await client.get(f"/v1/patients/{patient}/code")).json()["code"] != old
    assert [code.voided_at is None for code in account.connections.codes()] == [False, True]


async def test_an_unused_code_may_expire(connect: Connect, account: Account, clock: ManualClock) -> None:
    used, unused = add(account, "A-1"), add(account, "A-2")
    client = connect(Quirks(code_lifetime=90.0))
    codes = [(await client.get(f"/v1/patients/{patient}/code")).json()["code"] for patient in (used, unused)]
    account.patients.set_status(used, PatientStatus.CONNECTED)
    clock.advance(90)
    assert (await client.get(f"/v1/patients/{unused}")).json()["status"] == "none"
    assert (await client.get(f"/v1/patients/{used}/code")).json()["code"] == codes[0]
    assert (await client.get(f"/v1/patients/{unused}/code")).json()["code"] != codes[1]


async def test_templates_are_a_bare_array(connect: Connect) -> None:
    templates = (await connect().get("/v1/teamConnectionTemplate")).json()
    assert [template["templateId"] for template in templates] == [template.id for template in TEMPLATES]


async def test_an_account_without_templates_has_no_code_to_give(connect: Connect, account: Account) -> None:
    for template in TEMPLATES:
        account.settings.remove_template(template.id)
    assert (await connect().get(f"/v1/patients/{add(account)}/code")).status_code == 404


@pytest.mark.parametrize("hook", [Hook.CALLBACK, Hook.QT_CALLBACK])
async def test_a_callback_reads_back_and_leaves_the_other_alone(
    connect: Connect, account: Account, hook: Hook
) -> None:
    client, url = connect(), {"url": "https://www.example.com/webhooks"}
    assert (await client.put(f"/v1/{hook.value}", data=url)).json() == url
    assert (await client.get(f"/v1/{hook.value}")).json() == url
    assert {other: account.settings.callback(other) for other in Hook} == dict.fromkeys(Hook) | {
        hook: url["url"]
    }


@pytest.mark.parametrize(
    "url", ["http://[::1]:9000/hook", "http://my_service:80?a=b", "https://h.example.com"]
)
async def test_a_callback_may_be_any_web_address(connect: Connect, url: str) -> None:
    assert (await connect().put("/v1/callback", data={"url": url})).json() == {"url": url}


@pytest.mark.parametrize(
    ("quirk", "status", "body"),
    [
        (UnsetCallback.EMPTY, 200, {"url": ""}),
        (UnsetCallback.NULL, 200, {"url": None}),
        (UnsetCallback.NOT_FOUND, 404, None),
        (UnsetCallback.BAD_REQUEST, 400, None),
    ],
)
async def test_a_callback_that_was_never_set(
    connect: Connect, quirk: UnsetCallback, status: int, body: dict[str, str | None] | None
) -> None:
    for path in ("/v1/callback", "/v1/qtCallback"):
        response = await connect(Quirks(unset_callback=quirk)).get(path)
        assert response.status_code == status
        assert response.json() == body or (body is None and "errors" in response.json())


async def test_a_provider_is_added_once(connect: Connect, account: Account) -> None:
    for _ in range(2):
        response = await connect().post(f"/partner/v1/teams/{TEAM_ID}/serviceProviderTeams/P1")
        assert response.status_code == 200
    assert account.settings.providers() == [Provider(TEAM_ID, "P1")]


async def test_a_provider_of_an_unknown_team_is_the_documented_500(
    connect: Connect, account: Account
) -> None:
    response = await connect().post("/partner/v1/teams/unknown/serviceProviderTeams/P1")
    assert response.status_code == 500
    assert response.json()["errors"][0]["detail"] == "Failed to add service provider"
    assert account.settings.providers() == []


async def test_teams_come_with_their_secret_and_callback(connect: Connect, account: Account) -> None:
    account.settings.set_callback(Hook.CALLBACK, "https://www.example.com/webhooks")
    (team,) = (await connect().get("/partner/v1/teams")).json()["teams"]
    assert team["id"] == TEAM_ID
    assert team["secretKey"]
    assert team["callbackUrl"] == "https://www.example.com/webhooks"


async def test_a_login_gets_the_newest_key(connect: Connect, account: Account) -> None:
    client = connect()
    assert (await client.post("/v1/apikey", data=LOGIN, auth=httpx.Auth())).json() == {"apiKey": API_KEY}
    new = (await client.post("/v1/apikey/new")).json()
    assert (await client.post("/v1/apikey", data=LOGIN, auth=httpx.Auth())).json() == new
    for wrong in ({"password": "wrong"}, {"email": "other@example.com"}):
        assert (await client.post("/v1/apikey", data=LOGIN | wrong)).status_code == 401


@pytest.mark.parametrize(("quirk", "status"), [(OldKey.REVOKED, 401), (OldKey.LIVES, 200)])
async def test_a_new_key_works_and_the_old_one_may_die(
    connect: Connect, account: Account, quirk: OldKey, status: int
) -> None:
    client = connect(Quirks(old_key=quirk))
    new = (await client.post("/v1/apikey/new")).json()["apiKey"]
    assert (await client.get("/v1/callback", auth=(new, ""))).status_code == 200
    assert (await client.get("/v1/callback")).status_code == status
    assert account.keys.all() == ([new] if status == 401 else [API_KEY, new])


async def test_the_array_may_be_named_data(connect: Connect, account: Account) -> None:
    add(account)
    page = (await connect(Quirks(envelope=ListEnvelope.DATA)).get("/v1/patients")).json()
    assert len(page["data"]) == 1
    assert "patients" not in page


def test_quirks_read_from_json() -> None:
    mapping = {"duplicate_mrn": "409", "cursor_style": "second", "list_lag": 2.5, "page_cap": 50}
    quirks = Quirks.from_mapping(mapping)
    assert (quirks.duplicate_mrn, quirks.list_lag, quirks.page_cap) == (DuplicateMrn.CONFLICT, 2.5, 50)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"lag": 1}, "unknown quirk 'lag'"),
        ({"envelope": "items"}, "quirk envelope: must be one of patients, data"),
        ({"list_lag": "3"}, "quirk list_lag: must be a number"),
        ({"list_lag": None}, "quirk list_lag: must be a number"),
        ({"list_lag": -1}, "quirk list_lag: must not be negative"),
        ({"page_cap": 1.5}, "quirk page_cap: must be a whole number"),
        ({"page_cap": 0}, "quirk page_cap: must be 1 to 500"),
    ],
)
def test_wrong_quirks_are_named(mapping: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Quirks.from_mapping(mapping)
