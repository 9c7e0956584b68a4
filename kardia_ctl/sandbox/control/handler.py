"""What is not Kardia's: paths below /_sandbox/ that make the patients' side happen in a running sandbox.

They answer on this machine alone, to JSON, without a key; faults and quirks do not touch them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from kardia_ctl.sandbox.account.ecg_recordings import Draft, Recording
from kardia_ctl.sandbox.account.webhook_events import About, Event
from kardia_ctl.sandbox.control.control_request import Said, read
from kardia_ctl.sandbox.control_client import PREFIX
from kardia_ctl.sandbox.data.invented_ecg import DETERMINATIONS
from kardia_ctl.sandbox.data.values import Patient
from kardia_ctl.sandbox.error_answers import Refusal, bad_request, method_not_allowed, not_found
from kardia_ctl.sandbox.faults.faults import Faults
from kardia_ctl.sandbox.http.endpoint import Answer, ok
from kardia_ctl.sandbox.loopback import is_loopback
from kardia_ctl.sandbox.quirks import Quirks

if TYPE_CHECKING:
    from kardia_ctl.sandbox.app import Sandbox

_OF_PATIENTS = (Event.CONNECTED, Event.DISCONNECTED)
_OF_RECORDINGS = tuple(
    event for event in Event if event not in (*_OF_PATIENTS, Event.INBOX, Event.ESTABLISHED)
)
_LONGEST = 300_000
_DAY = 24 * 60 - 1
_MOST_SEEDED = 100_000


def answer(sandbox: "Sandbox", request: Request, body: bytes) -> Answer:
    """Do what a control request asks for."""
    try:
        _require_here(request)
        name = request.url.path.removeprefix(PREFIX)
        if name == "deliveries":
            return _deliveries(sandbox, request)
        if name not in _ACTIONS:
            raise not_found(f"There is no such path; known are {', '.join((*_ACTIONS, 'deliveries'))}.")
        if request.method != "POST":
            raise method_not_allowed(["POST"])
        return ok(_ACTIONS[name](sandbox, read(request.headers.get("content-type", ""), body)))
    except Refusal as refusal:
        return Answer(refusal.status, refusal.body(sandbox.account.new_id()), refusal.headers)


def _require_here(request: Request) -> None:
    client = request.client
    if (client is not None and not is_loopback(client.host)) or not is_loopback(request.url.hostname):
        raise Refusal(HTTPStatus.FORBIDDEN, "The sandbox is controlled from its own machine alone.")


def _patient(sandbox: "Sandbox", said: Said) -> Patient:
    number, mrn = said.text("patient"), said.text("mrn")
    if number is None and mrn is None:
        raise bad_request("Name a patient: its id as patient, or its mrn.")
    patient = sandbox.account.life.find(patient_id=number, mrn=mrn)
    if patient is None:
        raise not_found("There is no such patient.")
    return patient


def _shown(patient: Patient | None) -> dict[str, Any]:
    if patient is None:
        raise not_found("The patient is gone.")
    return {"patientId": patient.id, "customParticipantId": patient.mrn, "status": patient.status.value}


def _connect(sandbox: "Sandbox", said: Said) -> dict[str, Any]:
    life, code = sandbox.account.life, said.text("code")
    if code is None:
        code = life.open_code(_patient(sandbox, said).id)
    said.end()
    patient = None if code is None else life.redeem(code)
    if patient is None:
        raise Refusal(
            HTTPStatus.CONFLICT,
            "There is no code that can be redeemed: it is unknown, void, used or not issued.",
        )
    return _shown(patient)


def _disconnect(sandbox: "Sandbox", said: Said) -> dict[str, Any]:
    patient = _patient(sandbox, said)
    said.end()
    sandbox.account.disconnect(patient.id)
    return _shown(sandbox.account.patient(patient.id))


def _record(sandbox: "Sandbox", said: Said) -> dict[str, Any]:
    account, plain, moment = sandbox.account, Draft(""), said.moment("recordedAt")
    offset = None if moment is None else moment.utcoffset()
    draft = Draft(
        patient_id=_patient(sandbox, said).id,
        duration=said.number("duration", plain.duration, 1000, _LONGEST),
        heart_rate=said.number("heartRate", plain.heart_rate, 20, 300),
        determination=said.text("determination") or plain.determination,
        note=said.text("note") or "",
        tags=said.texts("tags") or (),
        symptoms=said.texts("symptoms") or (),
        activities=said.texts("activities") or (),
        leads=said.number("leads", plain.leads, 1, 6),
        screening=said.yes("screening"),
        offset_minutes=said.number("offsetMinutes", _minutes(offset), -_DAY, _DAY),
        seed=said.number("seed", account.life.recording_count(), 0, 2**32),
    )
    said.end()
    if draft.determination not in DETERMINATIONS:
        raise bad_request(f"The determination has to be one of {'; '.join(DETERMINATIONS)}.")
    if draft.leads not in (1, 6):
        raise bad_request("The leads have to be 1 or 6.")
    at = None if moment is None else moment.timestamp()
    return {"recordingId": account.life.record(draft, recorded_at=at).id, "patientId": draft.patient_id}


def _minutes(offset: timedelta | None) -> int:
    return 0 if offset is None else int(offset.total_seconds() // 60)


def _amend(sandbox: "Sandbox", said: Said) -> dict[str, Any]:
    number, note = said.text("recording"), said.text("note")
    lists = {name: said.texts(name) for name in ("tags", "symptoms", "activities")}
    said.end()
    values: dict[str, str | tuple[str, ...]] = {} if note is None else {"note": note}
    values |= {name: value for name, value in lists.items() if value is not None}
    if not values:
        raise bad_request("Say what changes: note, tags, symptoms or activities.")
    try:
        queued = sandbox.account.life.amend(number or "", **values)
    except KeyError:
        raise not_found("There is no such recording.") from None
    return {"recordingId": number, "queued": [one.event for one in queued]}


def _emit(sandbox: "Sandbox", said: Said) -> dict[str, Any]:
    account, name = sandbox.account, said.text("event")
    if name not in [event.value for event in Event]:
        raise bad_request(f"The event has to be one of {', '.join(event.value for event in Event)}.")
    about = _about(sandbox, said, Event(name))
    said.end()
    queued = account.life.emit(Event(name), about)
    if not queued:
        raise Refusal(HTTPStatus.CONFLICT, "No callback URL is set for this event: PUT one first.")
    return {"queued": [{"callback": one.hook.value, "eventType": one.event} for one in queued]}


def _about(sandbox: "Sandbox", said: Said, event: Event) -> About:
    account, plain = sandbox.account, About()
    named = (said.text("recording"), said.text("patient"), said.text("mrn"))
    patient, recording = _subject(sandbox, *named)
    if event in _OF_RECORDINGS and recording is None:
        raise Refusal(HTTPStatus.CONFLICT, "There is no recording to speak of: sandbox record makes one.")
    if event in _OF_PATIENTS and patient is None:
        raise Refusal(HTTPStatus.CONFLICT, "There is no patient to speak of: sandbox seed makes some.")
    return replace(
        plain,
        patient_id="" if patient is None else patient.id,
        mrn="" if patient is None else patient.mrn,
        recording_id="" if recording is None else recording.id,
        remarks=said.text("remarks") or "notes here",
        timestamp=said.text("timestamp") or str(int(account.now())),
        fields=said.texts("fields") or plain.fields,
        team_id=account.teams()[0].id,
        team_name=account.teams()[0].name,
        member_id=said.text("member") or "doctorMemberId",
        action=said.text("action") or plain.action,
    )


def _subject(
    sandbox: "Sandbox", recording_id: str | None, patient_id: str | None, mrn: str | None
) -> tuple[Patient | None, Recording | None]:
    """The patient and the recording that are named; else the newest recording, or the newest patient."""
    account = sandbox.account
    patient = account.life.find(patient_id=patient_id, mrn=mrn)
    if patient is None and (patient_id or mrn):
        raise not_found("There is no such patient.")
    if recording_id is None:
        recording = account.life.newest_recording(None if patient is None else patient.id)
    else:
        recording = account.life.recording(recording_id)
        if recording is None:
            raise not_found("There is no such recording.")
    if patient is None:
        owner = None if recording is None else recording.draft.patient_id
        patient = account.life.newest_patient() if owner is None else account.patient(owner)
    return patient, recording


def _seed(sandbox: "Sandbox", said: Said) -> dict[str, Any]:
    from kardia_ctl.sandbox.control.seeding import seed

    count, number = said.number("patients", 5, 1, _MOST_SEEDED), said.number("seed", 0, -(2**32), 2**32)
    said.end()
    return {"patients": count, "recordings": seed(sandbox.account, count, number)}


def _quirks(sandbox: "Sandbox", said: Said) -> dict[str, Any]:
    try:
        sandbox.quirks = Quirks.from_mapping(said.rest())
    except ValueError as error:
        raise bad_request(f"{error}.") from None
    return {}


def _faults(sandbox: "Sandbox", said: Said) -> dict[str, Any]:
    try:
        sandbox.faults = Faults.from_mapping(said.rest())
    except ValueError as error:
        raise bad_request(f"{error}.") from None
    return {}


def _deliveries(sandbox: "Sandbox", request: Request) -> Answer:
    if request.method != "GET":
        raise method_not_allowed(["GET"])
    life = sandbox.account.life
    done = [
        {"callback": one.hook, "eventType": one.event, "statusCode": one.status, "error": one.error}
        for one in life.deliveries()
    ]
    return ok({"waiting": life.waiting(), "deliveries": done})


_ACTIONS: Mapping[str, Callable[["Sandbox", Said], dict[str, Any]]] = {
    "connect": _connect,
    "disconnect": _disconnect,
    "record": _record,
    "amend": _amend,
    "emit": _emit,
    "seed": _seed,
    "quirks": _quirks,
    "faults": _faults,
}
