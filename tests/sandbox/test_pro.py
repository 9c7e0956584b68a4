"""The older API: each example of its reference, its statuses, and the account that it shares with v1."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.data.invented import API_KEY, TEMPLATES
from kardia_ctl.sandbox.data.values import PatientFields, PatientStatus, RecordingFields
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import DuplicateUser, ProPdf, Quirks, Strictness, UnsetCallback, UnsetField

Connect = Callable[..., httpx.AsyncClient]
JON: dict[str, Any] = {
    "customParticipantID": "AC001",
    "firstName": "Jon",
    "lastName": "Snow",
    "email": "jsnow@example.com",
    "phone": "555-555-5555",
    "dob": "1970-07-21",
    "sex": 1,
}
USER = {"country_code": "us", "email": "jsnow@example.com", "password": "5up3R53Cur3"}
ORDER = {"customParticipantID": "AC001", "templateID": TEMPLATES[0].id}


@pytest.fixture
def pro(connect: Connect) -> Connect:
    def connected(*values: Any, **named: Any) -> httpx.AsyncClient:
        client = connect(*values, **named)
        client.auth = httpx.Auth()
        client.headers["authorization"] = API_KEY
        return client

    return connected


def only(account: Account) -> PatientStatus:
    (patient,) = account.patients.all()
    return patient.status


async def test_a_participant_is_echoed_without_an_id(pro: Connect, account: Account) -> None:
    response = await pro().post("/e/v1/participants", json=JON)
    assert (response.status_code, response.json()) == (200, JON)
    (patient,) = account.patients.all()
    assert (patient.mrn, patient.firstname, patient.lastname) == ("AC001", "Jon", "Snow")
    assert (patient.dob, patient.email, patient.sex) == ("1970-07-21", "jsnow@example.com", 1)
    assert account.patients.phone(patient.id) == "555-555-5555"


async def test_a_second_participant_with_one_id_is_409(pro: Connect, account: Account) -> None:
    client = pro()
    await client.post("/e/v1/participants", json=JON)
    response = await client.post("/e/v1/participants", json=JON | {"firstName": "Other"})
    assert response.status_code == 409
    assert (
        await client.post("/e/v1/participants", json=JON | {"customParticipantID": "ac001"})
    ).status_code == 200
    assert len(account.patients.all()) == 2


async def test_two_participants_under_way_with_one_id_become_one(
    pro: Connect, account: Account, clock: ManualClock
) -> None:
    client = pro(Quirks(commit_latency=5))
    for _ in range(2):
        await client.post("/e/v1/participants", json=JON)
    clock.advance(5)
    assert len(account.patients.all()) == 1


async def test_what_is_optional_may_be_absent(pro: Connect, connect: Connect, account: Account) -> None:
    least = {name: JON[name] for name in ("customParticipantID", "firstName", "lastName")}
    assert (await pro().post("/e/v1/participants", json=least)).json() == least
    (listed,) = (await connect().get("/v1/patients")).json()["patients"]
    assert (listed["dob"], listed["email"], listed["sex"]) == ("", "", 0)
    more = least | {"customParticipantID": "AC002"}
    await pro(Quirks(unset_field=UnsetField.ABSENT)).post("/e/v1/participants", json=more)
    assert account.patients.all()[0].sex is None


@pytest.mark.parametrize(
    "change",
    [
        {"customParticipantID": None},
        {"customParticipantID": ""},
        {"customParticipantID": 7},
        {"firstName": ""},
        {"lastName": None},
        {"email": "nowhere"},
        {"dob": "21.07.1970"},
        {"dob": ""},
        {"sex": "1"},
        {"sex": True},
        {"sex": 3},
        {"phone": "1\n2"},
        {"phone": "\ud800"},
        {"mrn": "AC001"},
    ],
)
async def test_a_wrong_participant_is_nobody(pro: Connect, account: Account, change: dict[str, Any]) -> None:
    headers = {"content-type": "application/json"}
    response = await pro().post("/e/v1/participants", content=json.dumps(JON | change), headers=headers)
    assert response.status_code == 400
    assert account.patients.all() == []


async def test_a_lenient_sandbox_leaves_null_empty_and_unknown_aside(pro: Connect, account: Account) -> None:
    body = JON | {"email": None, "dob": "", "unknown": 1}
    client = pro(Quirks(strictness=Strictness.LENIENT))
    response = await client.post("/e/v1/participants", json=body)
    left = {name: value for name, value in JON.items() if name not in ("email", "dob")}
    assert (response.status_code, response.json()) == (200, left)


async def test_each_code_is_a_new_one(pro: Connect, account: Account) -> None:
    client = pro()
    await client.post("/e/v1/participants", json=JON)
    first, second = [(await client.post("/e/v1/code", json=ORDER)).json()["code"] for _ in range(2)]
    assert first != second
    assert [code.voided_at is None for code in account.connections.codes()] == [False, True]
    assert only(account) is PatientStatus.PENDING


async def test_the_documents_template_is_known(pro: Connect) -> None:
    client = pro()
    await client.post("/e/v1/participants", json=JON)
    order = ORDER | {"templateID": "7uhcmvtlb87c4n5nyx1qq9ur7"}
    assert (await client.post("/e/v1/code", json=order)).status_code == 200


@pytest.mark.parametrize("change", [{"customParticipantID": "unknown"}, {"templateID": "unknown"}])
async def test_a_code_of_nobody_or_nothing_is_400(
    pro: Connect, account: Account, change: dict[str, str]
) -> None:
    client = pro()
    await client.post("/e/v1/participants", json=JON)
    assert (await client.post("/e/v1/code", json=ORDER | change)).status_code == 400
    assert account.connections.codes() == []


@pytest.mark.parametrize("name", ["connection_code", "connectionCode"])
async def test_a_user_redeems_a_code_once(pro: Connect, account: Account, name: str) -> None:
    client = pro()
    await client.post("/e/v1/participants", json=JON)
    code = (await client.post("/e/v1/code", json=ORDER)).json()["code"]
    made = await client.post("/e/v1/user", json=USER)
    assert made.status_code == 201
    body = {name: code, "user_token": made.json()["user_token"]}
    assert (await client.post("/e/v1/connection", json=body)).status_code == 200
    assert only(account) is PatientStatus.CONNECTED
    assert (await client.post("/e/v1/connection", json=body)).status_code == 400


async def test_a_user_may_bring_its_code(pro: Connect, account: Account) -> None:
    client = pro()
    await client.post("/e/v1/participants", json=JON)
    code = (await client.post("/e/v1/code", json=ORDER)).json()["code"]
    wrong = await client.post("/e/v1/user", json=USER | {"connection_code": "LQYP-MSAK-NPJR"})
    assert (wrong.status_code, account.connections.users()) == (400, [])
    assert (await client.post("/e/v1/user", json=USER | {"connection_code": code})).status_code == 201
    assert only(account) is PatientStatus.CONNECTED


@pytest.mark.parametrize(
    ("quirk", "status"),
    [(DuplicateUser.BAD_REQUEST, 400), (DuplicateUser.CONFLICT, 409), (DuplicateUser.ACCEPTED, 201)],
)
async def test_a_second_user_with_one_address(pro: Connect, quirk: DuplicateUser, status: int) -> None:
    client = pro(Quirks(duplicate_user=quirk))
    await client.post("/e/v1/user", json=USER)
    again = await client.post("/e/v1/user", json=USER | {"email": "JSnow@example.com"})
    assert again.status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {"user_token": "known"},
        {"connection_code": "LQYP-MSAK-NPJR"},
        {"connection_code": "LQYP-MSAK-NPJR", "user_token": "unknown"},
        {"connection_code": "LQYP-MSAK-NPJR", "connectionCode": "OTHR-MSAK-NPJR", "user_token": "unknown"},
    ],
)
async def test_a_connection_needs_a_code_and_a_user(pro: Connect, body: dict[str, str]) -> None:
    assert (await pro().post("/e/v1/connection", json=body)).status_code == 400


async def test_a_disconnection_is_echoed(pro: Connect, account: Account) -> None:
    client = pro()
    await client.post("/e/v1/participants", json=JON)
    account.patients.set_status(account.patients.all()[0].id, PatientStatus.CONNECTED)
    body = {"customParticipantID": "AC001"}
    response = await client.post("/e/v1/disconnection", json=body)
    assert (response.status_code, response.json()) == (200, body)
    assert only(account) is PatientStatus.NONE
    unknown = await client.post("/e/v1/disconnection", json={"customParticipantID": "unknown"})
    assert unknown.status_code == 400


@pytest.mark.parametrize(
    ("determination", "flags"),
    [
        ("afib", (True, False, False)),
        ("normal", (False, False, True)),
        ("sinus_rhythm", (False, False, True)),
        ("unreadable", (False, True, False)),
        ("bradycardia", (False, False, False)),
    ],
)
async def test_a_recording_is_what_the_example_shows(
    pro: Connect, account: Account, determination: str, flags: tuple[bool, bool, bool]
) -> None:
    owner = account.patients.add(PatientFields("AC001", "1970-07-21", "jsnow@example.com"))
    one = account.recordings.add(RecordingFields(owner, 2000, 71, determination))
    answer = (await pro().get(f"/e/v1/recordings/{one.id}")).json()
    samples = answer.pop("data")["samples"]
    assert len(samples["lead_I"]) == 600
    assert answer == {
        "afibDetected": flags[0],
        "customParticipantID": "AC001",
        "duration": 2000,
        "heartRate": 71,
        "id": one.id,
        "noiseDetected": flags[1],
        "normalDetected": flags[2],
        "recordedAt": one.recorded_at.isoformat(timespec="seconds"),
    }
    pdf = await pro().get(f"/e/v1/recordings/{one.id}.pdf")
    assert pdf.content.startswith(b"%PDF")


async def test_an_unknown_recording_and_its_pdf_are_404(pro: Connect) -> None:
    for path in ("/e/v1/recordings/unknown", "/e/v1/recordings/unknown.pdf"):
        assert (await pro().get(path)).status_code == 404


@pytest.mark.parametrize(("quirk", "statuses"), [(ProPdf.SUFFIX, (200, 404)), (ProPdf.FOLDER, (404, 200))])
async def test_the_path_of_the_pdf_is_one_of_two(
    pro: Connect, account: Account, quirk: ProPdf, statuses: tuple[int, int]
) -> None:
    owner = account.patients.add(PatientFields("AC001", "1970-07-21", "jsnow@example.com"))
    path, client = (
        f"/e/v1/recordings/{account.recordings.add(RecordingFields(owner, 2000)).id}",
        pro(Quirks(pro_pdf=quirk)),
    )
    answers = [await client.get(path + end) for end in (".pdf", "/pdf")]
    assert tuple(answer.status_code for answer in answers) == statuses


async def test_its_callback_is_its_own(pro: Connect, connect: Connect) -> None:
    url = {"url": "http://example.com/callback"}
    client = pro(Quirks(unset_callback=UnsetCallback.NOT_FOUND))
    assert (await client.get("/e/v1/callback")).status_code == 404
    headers = {"content-type": "application/x-www-form-urlencoded"}  # what curl -d says of itself
    response = await client.put(
        "/e/v1/callback", content='{ "url": "http://example.com/callback"}', headers=headers
    )
    assert (response.status_code, response.json()) == (200, url)
    assert (await client.get("/e/v1/callback")).json() == url
    assert (await connect().get("/v1/callback")).json() == {"url": ""}
    assert (await client.put("/e/v1/callback", json={"url": "nowhere"})).status_code == 400


async def test_faults_strike_here_too(pro: Connect, account: Account) -> None:
    rule = FaultRule(
        FaultKind.UNAVAILABLE, Moment.AFTER, methods=frozenset({"POST"}), path="/e/v1/*", times=1
    )
    client = pro(faults=Faults((rule,)))
    assert (await client.post("/e/v1/participants", json=JON)).status_code == 503
    assert (await client.post("/e/v1/participants", json=JON)).status_code == 409
    assert [one.fault for one in account.requests.all()] == ["unavailable-after", None]
