"""Webhooks: what is sent, where, how often, and that a dead receiver stands in nobody's way."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.account.webhook_events import EventDetails, WebhookEvent
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY, TEAM_ID, TEAM_NAME
from kardia_ctl.sandbox.data.values import Hook, PatientFields, PatientStatus, RecordingFields
from kardia_ctl.sandbox.loopback import is_loopback
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from kardia_ctl.sandbox.webhook_sender import BACK_OFF, DeliveryResult, WebhookSender, delivering

Connect = Callable[..., httpx.AsyncClient]


@dataclass
class Receiver:
    """A callback's server on loopback: what it got, and what it answers."""

    url: str = ""
    status: int = 200
    got: list[tuple[str, str | None, bytes]] = field(default_factory=list)
    wait: threading.Event | None = None


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    held = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            held.got.append((self.path, self.headers["content-type"], body))
            if held.wait is not None:
                held.wait.wait(10)
            self.send_response(held.status)
            self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        held.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield held
        server.shutdown()
        thread.join()


@pytest.fixture
def hooked(account: Account, receiver: Receiver) -> Receiver:
    for hook in Hook:
        account.settings.set_callback(hook, f"{receiver.url}/{hook.value}?a=b")
    return receiver


def add(account: Account) -> str:
    return account.patients.add(PatientFields("mrn123", "2000-07-21", "a@example.com"))


def bodies(receiver: Receiver, hook: Hook) -> list[Any]:
    paths = [
        (json.loads(body) if body else "") for path, _, body in receiver.got if path == f"/{hook.value}?a=b"
    ]
    receiver.got = [one for one in receiver.got if one[0] != f"/{hook.value}?a=b"]
    return paths


async def test_the_funnel_is_told_as_it_happens(connect: Connect, account: Account, hooked: Receiver) -> None:
    client, courier = connect(), WebhookSender(account)
    patient = add(account)
    code = (await client.get(f"/v1/patients/{patient}/code")).json()["code"]
    assert courier.deliver_due() == 0
    assert account.connections.redeem(code) is not None
    connected = {"eventType": "participantConnected", "patientId": patient, "customParticipantId": "mrn123"}
    assert courier.deliver_due() == 3
    assert bodies(hooked, Hook.CALLBACK) == [connected]
    pro = {"eventType": "participantConnected", "customParticipantId": "mrn123"}
    assert bodies(hooked, Hook.PRO_CALLBACK) == ["", pro]

    number = account.recordings.add(RecordingFields(patient, 2000)).id
    assert courier.deliver_due() == 3
    new = {"eventType": "newRecording", "recordingId": number, "patientId": patient}
    assert bodies(hooked, Hook.CALLBACK) == [new]
    assert bodies(hooked, Hook.QT_CALLBACK) == [{"eventType": "qtAnalysis", "recordingId": number}]
    pro = {"eventType": "newRecording", "customParticipantId": "mrn123"}
    assert bodies(hooked, Hook.PRO_CALLBACK) == [pro]

    await client.post(f"/v1/recordings/{number}/qt", json={"qt": 1.45})
    await client.post(f"/v1/patients/{patient}/disconnect")
    assert courier.deliver_due() == 3
    result = {"eventType": "qtResultNotification", "recordingId": number, "patientId": patient}
    gone = {"eventType": "participantDisconnected", "patientId": patient, "customParticipantId": "mrn123"}
    assert bodies(hooked, Hook.CALLBACK) == [result, gone]


async def test_a_new_user_connects_its_patient_now_or_soon(
    connect: Connect, account: Account, clock: ManualClock, hooked: Receiver
) -> None:
    patient = add(account)
    form = {"email": "a@example.com", "password": "5up3R53Cur3", "countryCode": "us", "patientId": patient}
    client = connect(Quirks(user_delay=10))
    assert set((await client.post("/v1/users", data=form)).json()) == {"requestId"}
    assert account.patients.all()[0].status is PatientStatus.NONE
    clock.advance(10)
    assert account.patients.all()[0].status is PatientStatus.CONNECTED
    assert WebhookSender(account).deliver_due() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"patientId": "unknown"},
        {"patientId": ""},
        {"email": "nowhere"},
        {"password": ""},
        {"countryCode": "usa"},
        {"countryCode": "1"},
    ],
)
async def test_a_wrong_user_connects_nobody(
    connect: Connect, account: Account, change: dict[str, str]
) -> None:
    form = {
        "email": "a@example.com",
        "password": "5up3R53Cur3",
        "countryCode": "us",
        "patientId": add(account),
    }
    assert (await connect().post("/v1/users", data=form | change)).status_code in (400, 404)
    assert account.patients.all()[0].status is PatientStatus.NONE
    assert account.connections.users() == []


@pytest.mark.parametrize(
    ("values", "body"),
    [
        ({"note": "n"}, {"eventType": "activityUpdate", "fieldsUpdated": ["note"]}),
        (
            {"note": "n", "tags": ("t",)},
            {"eventType": "activityUpdate", "fieldsUpdated": ["note", "tags_data"]},
        ),
        ({"symptoms": ("s",)}, {"eventType": "symptomsUpdate", "teamID": TEAM_ID, "teamName": TEAM_NAME}),
        ({"activities": ("a",)}, {"eventType": "activityUpdate", "teamID": TEAM_ID, "teamName": TEAM_NAME}),
    ],
)
def test_the_two_activity_updates_are_told_apart(
    account: Account, hooked: Receiver, values: dict[str, Any], body: dict[str, Any]
) -> None:
    number = account.recordings.add(RecordingFields(add(account), 2000)).id
    courier = WebhookSender(account)
    courier.deliver_due()
    hooked.got.clear()
    account.recordings.amend(number, **values)
    courier.deliver_due()
    assert bodies(hooked, Hook.CALLBACK) == [{"recordingId": number, **body}]


def test_a_screening_recording_is_no_new_recording(account: Account, hooked: Receiver) -> None:
    account.recordings.add(RecordingFields(add(account), 2000, screening=True))
    assert account.outbox.waiting() == 0


def test_json_is_sent_as_json_and_nothing_as_nothing(account: Account, hooked: Receiver) -> None:
    account.outbox.emit(WebhookEvent.CONNECTED, EventDetails(patient_id="p", mrn="Zoë"))
    WebhookSender(account).deliver_due()
    assert [(kind, len(body) > 0) for _, kind, body in hooked.got] == [
        ("application/json", True),
        (None, False),
        ("application/json", True),
    ]
    assert json.loads(hooked.got[0][2])["customParticipantId"] == "Zoë"


def test_without_a_callback_nothing_waits(account: Account) -> None:
    account.recordings.add(RecordingFields(add(account), 2000))
    assert account.outbox.waiting() == 0


async def test_a_failure_is_tried_again_and_each_attempt_is_logged(
    connect: Connect, account: Account, clock: ManualClock, hooked: Receiver
) -> None:
    hooked.status = 503
    account.outbox.emit(WebhookEvent.QT_RESULT, EventDetails())
    courier = WebhookSender(account)
    attempts = []
    for seconds in (0.0, *BACK_OFF, 1000.0):
        clock.advance(seconds)
        attempts.append((courier.deliver_due(), courier.deliver_due()))
    assert attempts == [(1, 0)] * 4 + [(0, 0)]
    assert account.outbox.waiting() == 0
    logs = (await connect().get("/v1/logs")).json()
    assert logs["totalCount"] == 4
    assert logs["logs"][0] == {
        "statusCode": "503",
        "eventType": "qtResultNotification",
        "createdAt": "2023-11-14T22:13:51Z",
        "error": "Failed to send qt result notification to callback url: the response was 503",
    }


async def test_a_success_ends_the_tries_and_has_no_error(
    connect: Connect, account: Account, clock: ManualClock, hooked: Receiver
) -> None:
    hooked.status = 302
    account.outbox.emit(WebhookEvent.INBOX, EventDetails(member_id="m"))
    courier = WebhookSender(account)
    courier.deliver_due()
    hooked.status = 204
    clock.advance(BACK_OFF[0])
    courier.deliver_due()
    clock.advance(1000)
    assert courier.deliver_due() == 0
    newest, oldest = (await connect().get("/v1/logs")).json()["logs"]
    assert (newest["statusCode"], "error" in newest) == ("204", False)
    assert (oldest["statusCode"], "error" in oldest) == ("302", True)
    assert {path for path, _, _ in hooked.got} == {"/callback?a=b"}


async def test_logs_are_paged_newest_first_and_leave_pro_out(
    connect: Connect, account: Account, hooked: Receiver
) -> None:
    events = [
        WebhookEvent.QT_RESULT,
        WebhookEvent.CONNECTED,
        WebhookEvent.SYMPTOMS,
        WebhookEvent.QT_ANALYSIS,
        WebhookEvent.INBOX,
    ]
    for event in events:
        account.outbox.emit(event, EventDetails())
    WebhookSender(account).deliver_due()
    client, found, start, more = connect(), [], None, True
    while more:
        params = {"limit": "2"} | ({} if start is None else {"start": start})
        page = (await client.get("/v1/logs", params=params)).json()
        assert page["totalCount"] == 5
        found += [entry["eventType"] for entry in page["logs"]]
        start, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == [event.value for event in reversed(events)]


def test_nothing_leaves_this_machine_unless_told(account: Account) -> None:
    sent: list[str | None] = []

    def post(url: Any, _body: str) -> DeliveryResult:
        sent.append(url.hostname)
        return DeliveryResult("200")

    for anywhere in (False, True):
        account.settings.set_callback(Hook.CALLBACK, "https://hooks.example.com/kardia")
        account.outbox.emit(WebhookEvent.INBOX, EventDetails())
        WebhookSender(account, anywhere=anywhere, post=post).deliver_due()
    assert sent == ["hooks.example.com"]
    refused, delivered = account.outbox.deliveries()
    assert "this machine only" in (refused.error or "")
    assert delivered.error is None
    assert account.outbox.waiting() == 0


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("hook.localhost", True),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
        (None, False),
    ],
)
def test_what_this_machine_is(host: str | None, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://localhost:99999/", "https://127.0.0.1:1/"])
def test_a_receiver_that_is_not_there_is_a_line_in_the_log(account: Account, url: str) -> None:
    account.settings.set_callback(Hook.CALLBACK, url)
    account.outbox.emit(WebhookEvent.INBOX, EventDetails())
    assert WebhookSender(account).deliver_due() == 1
    (one,) = account.outbox.deliveries()
    assert one.status == "500"
    assert one.error is not None
    assert account.outbox.waiting() == 1


def test_a_receiver_that_hangs_does_not_block_the_api(receiver: Receiver) -> None:
    receiver.wait = threading.Event()
    with Account() as account, delivering(account), serving(create_app(account)) as url:
        account.settings.set_callback(Hook.CALLBACK, receiver.url)
        with httpx.Client(base_url=url, auth=(API_KEY, ""), trust_env=False) as client:
            patient = add(account)
            account.patients.set_status(patient, PatientStatus.CONNECTED)
            client.post(f"/v1/patients/{patient}/disconnect")
            while not receiver.got:
                time.sleep(0.01)
            for _ in range(5):
                assert client.get("/v1/patients").status_code == 200
            assert client.get("/v1/logs").json()["totalCount"] == 0
            receiver.wait.set()
            while not account.outbox.deliveries():
                time.sleep(0.01)
            assert client.get("/v1/logs").json()["logs"][0]["statusCode"] == "200"


def test_a_message_waits_for_the_next_start(tmp_path: Any, receiver: Receiver, clock: ManualClock) -> None:
    with Account(tmp_path / "account.db", now=clock) as account:
        account.settings.set_callback(Hook.CALLBACK, receiver.url)
        account.outbox.emit(WebhookEvent.INBOX, EventDetails())
    with Account(tmp_path / "account.db", now=clock) as account:
        assert WebhookSender(account).deliver_due() == 1
    assert len(receiver.got) == 1


def test_who_is_connected_already_is_not_told_of_again(account: Account, hooked: Receiver) -> None:
    patient = add(account)
    for _ in range(2):
        account.connections.connect(patient)
    account.connections.disconnect(patient)
    account.connections.disconnect(patient)
    WebhookSender(account).deliver_due()
    told = [body["eventType"] for body in bodies(hooked, Hook.CALLBACK)]
    assert told == ["participantConnected", "participantDisconnected"]
