"""What is not Kardia's: the paths below /_sandbox/ that make the patients' side happen."""

from collections.abc import Callable, Iterator
from typing import Any

import click
import httpx
import pytest

from kardia_ctl.cli.commands.sandbox.control import emit_command
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.account.webhook_events import WebhookEvent
from kardia_ctl.sandbox.app import Sandbox, create_app
from kardia_ctl.sandbox.control import seeding
from kardia_ctl.sandbox.control_client import ControlError, ask
from kardia_ctl.sandbox.data.invented import API_KEY, TEMPLATES
from kardia_ctl.sandbox.data.values import Hook, PatientFields, PatientStatus
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults
from kardia_ctl.sandbox.quirks import CursorStyle
from kardia_ctl.sandbox.server import serving

Control = Callable[..., httpx.Response]


@pytest.fixture
def app(account: Account) -> Sandbox:
    return create_app(account)


@pytest.fixture
async def client(app: Sandbox) -> Any:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture
def patient(account: Account) -> str:
    return account.patients.add(PatientFields("A-1", "2000-07-21", "a@example.com"))


async def act(client: httpx.AsyncClient, action: str, **said: Any) -> httpx.Response:
    return await client.post(f"/_sandbox/{action}", json=said)


async def test_a_code_becomes_a_connection_once(
    client: httpx.AsyncClient, account: Account, patient: str
) -> None:
    assert (await act(client, "connect", mrn="A-1")).status_code == 409
    issued = account.connections.valid_code(patient, TEMPLATES[0].id)
    assert issued is not None
    answer = await act(client, "connect", mrn="A-1")
    assert answer.json() == {"patientId": patient, "customParticipantId": "A-1", "status": "connected"}
    assert (await act(client, "connect", code=issued.code)).status_code == 409
    assert (await act(client, "disconnect", patient=patient)).json()["status"] == "none"


async def test_a_void_code_connects_nobody(client: httpx.AsyncClient, account: Account, patient: str) -> None:
    issued = account.connections.valid_code(patient, TEMPLATES[0].id)
    assert issued is not None
    account.connections.disconnect(patient)
    assert (await act(client, "connect", code=issued.code)).status_code == 409
    assert account.patients.all()[0].status is PatientStatus.NONE


async def test_a_person_edits_what_kardia_has_of_a_patient(
    client: httpx.AsyncClient, account: Account, patient: str
) -> None:
    said = {"newMrn": "A-2", "dob": "2001-01-01", "email": "b@example.com", "lastname": "B", "sex": 0}
    answer = await act(client, "edit", mrn="A-1", **said)
    assert answer.json() == {"patientId": patient, "customParticipantId": "A-2", "status": "none"}
    (one,) = account.patients.all()
    assert (one.mrn, one.dob, one.email, one.firstname, one.lastname, one.sex) == (
        "A-2",
        "2001-01-01",
        "b@example.com",
        None,
        "B",
        0,
    )


async def test_a_recording_is_made_and_amended(
    client: httpx.AsyncClient, account: Account, patient: str
) -> None:
    said = {"determination": "afib", "heartRate": 110, "leads": 6, "tags": ["Coffee"], "offsetMinutes": -300}
    number = (await act(client, "record", mrn="A-1", **said)).json()["recordingId"]
    account.settings.set_callback(Hook.CALLBACK, "http://127.0.0.1:1/")
    changed = await act(client, "amend", recording=number, note="Fine.", tags=[], symptoms=["Chest pain"])
    assert changed.json()["queued"] == ["activityUpdate", "symptomsUpdate"]
    (one,) = account.recordings.all()
    fields = one.fields
    assert (fields.determination, fields.heart_rate, fields.leads) == ("afib", 110, 6)
    assert (fields.note, fields.tags, fields.symptoms) == ("Fine.", (), ("Chest pain",))
    assert one.recorded_at.isoformat().endswith("-05:00")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"recordedAt": "2021-03-15T15:53:00+05:00"}, "2021-03-15T15:53:00+05:00"),
        ({"recordedAt": "2021-03-15T15:53:00Z", "offsetMinutes": 60}, "2021-03-15T16:53:00+01:00"),
        ({"recordedAt": "2021-03-15T15:53:00-08:00"}, "2021-03-15T15:53:00-08:00"),
    ],
)
async def test_a_recording_may_be_of_another_time(
    client: httpx.AsyncClient, patient: str, said: dict[str, Any], shown: str
) -> None:
    number = (await act(client, "record", mrn="A-1", duration=1000, **said)).json()["recordingId"]
    recording = (await client.get(f"/v1/recordings/{number}", auth=(API_KEY, ""))).json()
    assert recording["recordedAt"] == shown


@pytest.mark.parametrize("event", [event.value for event in WebhookEvent])
async def test_every_event_can_be_emitted(
    client: httpx.AsyncClient, account: Account, patient: str, event: str
) -> None:
    assert (await act(client, "emit", event=event)).status_code == 409
    await act(client, "record", mrn="A-1", duration=1000)
    for hook in Hook:
        account.settings.set_callback(hook, "http://127.0.0.1:1/")
    queued = (await act(client, "emit", event=event, mrn="A-1")).json()["queued"]
    assert len(queued) == account.outbox.waiting() > 0


async def test_an_event_about_nothing_is_not_emitted(client: httpx.AsyncClient, account: Account) -> None:
    for hook in Hook:
        account.settings.set_callback(hook, "http://127.0.0.1:1/")
    about_nothing = {"recordingInboxUpdated", "connectionEstablished"}
    for event in WebhookEvent:
        expected = 200 if event.value in about_nothing else 409
        assert (await act(client, "emit", event=event.value)).status_code == expected


def test_the_command_knows_every_event() -> None:
    choice = emit_command.params[0].type
    assert isinstance(choice, click.Choice)
    assert {event.value for event in WebhookEvent} == set(choice.choices)


@pytest.mark.parametrize(
    ("action", "said", "status"),
    [
        ("nothing", {}, 404),
        ("connect", {}, 400),
        ("connect", {"mrn": 7}, 400),
        ("connect", {"mrn": "unknown"}, 404),
        ("connect", {"mrn": "A-1", "who": "me"}, 400),
        ("disconnect", {"patient": "unknown"}, 404),
        ("edit", {"mrn": "A-1"}, 400),
        ("edit", {"mrn": "unknown", "lastname": "B"}, 404),
        ("edit", {"mrn": "A-1", "sex": 10}, 400),
        ("edit", {"mrn": "A-1", "lastname": "B", "id": "x"}, 400),
        ("record", {"mrn": "unknown"}, 404),
        ("record", {"mrn": "A-1", "determination": "fine"}, 400),
        ("record", {"mrn": "A-1", "leads": 3}, 400),
        ("record", {"mrn": "A-1", "duration": 1}, 400),
        ("record", {"mrn": "A-1", "tags": "Coffee"}, 400),
        ("record", {"mrn": "A-1", "tags": [1]}, 400),
        ("record", {"mrn": "A-1", "recordedAt": "yesterday"}, 400),
        ("record", {"mrn": "A-1", "recordedAt": "2021-03-15T15:53:00"}, 400),
        ("record", {"mrn": "A-1", "recordedAt": "0001-01-01T00:00:00+00:00"}, 400),
        ("record", {"mrn": "A-1", "screening": 1}, 400),
        ("amend", {"recording": "unknown", "note": "n"}, 404),
        ("amend", {"recording": "unknown"}, 400),
        ("emit", {"event": "unknown"}, 400),
        ("emit", {"event": "newRecording", "recording": "unknown"}, 404),
        ("emit", {"event": "newRecording", "mrn": "unknown"}, 404),
        ("seed", {"patients": 0}, 400),
        ("quirks", {"unknown": 1}, 400),
        ("faults", {"unknown": 1}, 400),
    ],
)
async def test_what_is_wrong_is_refused_and_does_nothing(
    client: httpx.AsyncClient, account: Account, patient: str, action: str, said: dict[str, Any], status: int
) -> None:
    response = await act(client, action, **said)
    assert response.status_code == status
    assert response.json()["errors"][0]["status"] == str(status)
    assert len(account.patients.all()) == 1
    assert account.recordings.all() == []


async def test_quirks_and_faults_change_while_it_runs_and_do_not_touch_control(
    client: httpx.AsyncClient, app: Sandbox, account: Account
) -> None:
    await act(client, "faults", rules=[{"kind": "throttled"}])
    await act(client, "quirks", cursor_style="offset")
    assert app.faults == Faults((FaultRule(FaultKind.THROTTLED),))
    assert app.quirks.cursor_style is CursorStyle.OFFSET
    assert (await client.get("/v1/patients", auth=(API_KEY, ""))).status_code == 429
    assert (await act(client, "faults")).status_code == 200
    assert (await client.get("/v1/patients", auth=(API_KEY, ""))).status_code == 200
    assert {one.route for one in account.requests.all()} == {"/v1/patients"}


async def test_deliveries_are_there_to_read(client: httpx.AsyncClient, account: Account) -> None:
    account.settings.set_callback(Hook.CALLBACK, "http://127.0.0.1:1/")
    await act(client, "emit", event="recordingInboxUpdated")
    assert (await client.get("/_sandbox/deliveries")).json() == {"waiting": 1, "deliveries": []}
    assert (await client.post("/_sandbox/deliveries")).status_code == 405
    assert (await client.get("/_sandbox/seed")).status_code == 405


@pytest.mark.parametrize(("host", "peer"), [("sandbox.example.com", "127.0.0.1"), ("127.0.0.1", "10.0.0.7")])
async def test_it_is_controlled_from_its_own_machine_alone(
    app: Sandbox, account: Account, host: str, peer: str
) -> None:
    transport = httpx.ASGITransport(app, client=(peer, 1234))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        assert (await act(client, "seed")).status_code == 403
    assert account.patients.all() == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_browsers_page_cannot_control_it(
    client: httpx.AsyncClient, account: Account, kind: str
) -> None:
    headers = {"content-type": kind}
    response = await client.post("/_sandbox/seed", content="{}", headers=headers)
    assert response.status_code == 400
    assert account.patients.all() == []


# Asking a running one


@pytest.fixture
def url(app: Sandbox) -> Iterator[str]:
    with serving(app) as served:
        yield served


def test_a_running_sandbox_is_asked(url: str, account: Account) -> None:
    assert ask(url, "seed", {"patients": 8})["patients"] == 8
    assert len(account.patients.all()) == 8
    with pytest.raises(ControlError, match="There is no such patient"):
        ask(url, "disconnect", {"mrn": "unknown"})


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://api.kardia.com", "nowhere", "http://"])
def test_where_no_sandbox_is_it_says_so(url: str) -> None:
    with pytest.raises(ControlError, match="sandbox"):
        ask(url, "seed", {})


# Seeding


def test_equal_seeds_tell_equal_stories() -> None:
    told = []
    for _ in range(2):
        with Account(now=ManualClock(), seed=1) as one:
            seeding.seed(one, 20, 7)
            told.append((one.patients.all(), one.recordings.all(), one.connections.codes()))
    assert told[0] == told[1]
    patients, recordings, codes = told[0]
    statuses = [patient.status for patient in patients]
    assert (statuses.count(PatientStatus.CONNECTED), statuses.count(PatientStatus.PENDING)) == (10, 5)
    assert statuses.count(PatientStatus.NONE) == 5
    assert {one.fields.patient_id for one in recordings} == {
        patient.id for patient in patients if patient.status is PatientStatus.CONNECTED
    }
    assert len(codes) == 15


def test_seeding_again_with_the_same_seed_adds_others(account: Account) -> None:
    account.settings.set_callback(Hook.CALLBACK, "http://127.0.0.1:1/")
    for _ in range(3):
        seeding.seed(account, 8)
    assert len({patient.id for patient in account.patients.all()}) == 24
    assert len({patient.mrn for patient in account.patients.all()}) == 24
    assert account.outbox.waiting() == 0


def test_who_is_seeded_as_pending_can_be_connected(account: Account) -> None:
    seeding.seed(account, 4)
    (pending,) = [one for one in account.patients.all() if one.status is PatientStatus.PENDING]
    code = account.connections.open_code(pending.id)
    assert code is not None
    assert account.connections.redeem(code) is not None
