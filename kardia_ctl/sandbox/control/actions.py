"""Events outside the API: patients connect, record and disconnect; messages are queued for the callbacks."""

from datetime import datetime
from typing import Any

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.webhook_events import EventDetails, WebhookEvent
from kardia_ctl.sandbox.control.control_request import ControlRequest
from kardia_ctl.sandbox.control.seeding import seed
from kardia_ctl.sandbox.data.invented_ecg import DETERMINATIONS
from kardia_ctl.sandbox.data.values import Patient, Recording, RecordingFields
from kardia_ctl.sandbox.http.error_responses import bad_request, conflict, not_found

_OF_PATIENTS = (WebhookEvent.CONNECTED, WebhookEvent.DISCONNECTED)
_OF_RECORDINGS = tuple(
    event
    for event in WebhookEvent
    if event not in (*_OF_PATIENTS, WebhookEvent.INBOX, WebhookEvent.ESTABLISHED)
)
_MAX_DURATION = 300_000
_MAX_OFFSET = 24 * 60 - 1
_MAX_SEEDED = 100_000
_NO_RECORDING = "There is no recording yet: create one with kardia-ctl sandbox record."
_NO_PATIENT = "There is no patient yet: create some with kardia-ctl sandbox seed."


class Actions:
    """The actions of control requests; each returns the content of its response."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def connect(self, request: ControlRequest) -> dict[str, Any]:
        """Redeem a code, or the open code of a patient."""
        connections, code = self._account.connections, request.text("code")
        if code is None:
            code = connections.open_code(self._patient(request).id)
        request.end()
        patient = None if code is None else connections.redeem(code)
        if patient is None:
            raise conflict("There is no code to redeem: it is unknown, void, used or not issued.")
        return _patient_json(patient)

    def disconnect(self, request: ControlRequest) -> dict[str, Any]:
        """End a patient's connection."""
        patient = self._patient(request)
        request.end()
        self._account.connections.disconnect(patient.id)
        return _patient_json(self._account.patients.get(patient.id))

    def edit(self, request: ControlRequest) -> dict[str, Any]:
        """Change what Kardia has of a patient, as a person in the vendor's application does."""
        patient = self._patient(request)
        texts = {name: request.text(name) for name in ("dob", "email", "firstname", "lastname")}
        values: dict[str, str | int] = {name: text for name, text in texts.items() if text is not None}
        if (mrn := request.text("newMrn")) is not None:
            values["mrn"] = mrn
        if (sex := request.number("sex", -1, 0, 9)) >= 0:
            values["sex"] = sex
        request.end()
        if not values:
            raise bad_request(f"Give one of newMrn, {', '.join(texts)}, sex.")
        self._account.patients.change(patient.id, **values)
        return _patient_json(self._account.patients.get(patient.id))

    def record(self, request: ControlRequest) -> dict[str, Any]:
        """Add a recording."""
        recordings, default, time = self._account.recordings, RecordingFields(""), request.time("recordedAt")
        fields = RecordingFields(
            patient_id=self._patient(request).id,
            duration=request.number("duration", default.duration, 1000, _MAX_DURATION),
            heart_rate=request.number("heartRate", default.heart_rate, 20, 300),
            determination=request.text("determination") or default.determination,
            note=request.text("note") or "",
            tags=request.texts("tags") or (),
            symptoms=request.texts("symptoms") or (),
            activities=request.texts("activities") or (),
            leads=request.number("leads", default.leads, 1, 6),
            screening=request.flag("screening"),
            offset_minutes=request.number("offsetMinutes", _offset(time), -_MAX_OFFSET, _MAX_OFFSET),
            seed=request.number("seed", recordings.count(), 0, 2**32),
        )
        request.end()
        if fields.determination not in DETERMINATIONS:
            raise bad_request(f"The determination must be one of {'; '.join(DETERMINATIONS)}.")
        if fields.leads not in (1, 6):
            raise bad_request("The leads must be 1 or 6.")
        recording = recordings.add(fields, recorded_at=None if time is None else time.timestamp())
        return {"recordingId": recording.id, "patientId": fields.patient_id}

    def amend(self, request: ControlRequest) -> dict[str, Any]:
        """Change a recording's note, tags, symptoms or activities."""
        number, note = request.text("recording"), request.text("note")
        lists = {name: request.texts(name) for name in ("tags", "symptoms", "activities")}
        request.end()
        values: dict[str, str | tuple[str, ...]] = {} if note is None else {"note": note}
        values |= {name: value for name, value in lists.items() if value is not None}
        if not values:
            raise bad_request("Give a note, tags, symptoms or activities.")
        try:
            queued = self._account.recordings.amend(number or "", **values)
        except KeyError:
            raise not_found("There is no recording with this id.") from None
        return {"recordingId": number, "queued": [message.event for message in queued]}

    def emit(self, request: ControlRequest) -> dict[str, Any]:
        """Queue an event for the callbacks."""
        name, names = request.text("event"), [event.value for event in WebhookEvent]
        if name not in names:
            raise bad_request(f"The event must be one of {', '.join(names)}.")
        details = self._details(request, WebhookEvent(name))
        request.end()
        queued = self._account.outbox.emit(WebhookEvent(name), details)
        if not queued:
            raise conflict("No callback URL is set for this event: PUT one first.")
        return {"queued": [{"callback": m.hook.value, "eventType": m.event} for m in queued]}

    def seed(self, request: ControlRequest) -> dict[str, Any]:
        """Add invented patients and recordings."""
        count = request.number("patients", 5, 1, _MAX_SEEDED)
        number = request.number("seed", 0, -(2**32), 2**32)
        request.end()
        return {"patients": count, "recordings": seed(self._account, count, number)}

    def _patient(self, request: ControlRequest) -> Patient:
        patient_id, mrn = request.text("patient"), request.text("mrn")
        if patient_id is None and mrn is None:
            raise bad_request("Name a patient: its id as patient, or its mrn.")
        patient = self._find(patient_id, mrn)
        if patient is None:
            raise not_found("There is no such patient.")
        return patient

    def _find(self, patient_id: str | None, mrn: str | None) -> Patient | None:
        if patient_id is not None:
            return self._account.patients.get(patient_id)
        return None if mrn is None else self._account.patients.with_mrn(mrn)

    def _details(self, request: ControlRequest, event: WebhookEvent) -> EventDetails:
        default, team = EventDetails(), self._account.settings.teams()[0]
        patient, recording = self._subject(
            request.text("recording"), request.text("patient"), request.text("mrn")
        )
        if event in _OF_RECORDINGS and recording is None:
            raise conflict(_NO_RECORDING)
        if event in _OF_PATIENTS and patient is None:
            raise conflict(_NO_PATIENT)
        return EventDetails(
            patient_id="" if patient is None else patient.id,
            mrn="" if patient is None else patient.mrn,
            recording_id="" if recording is None else recording.id,
            remarks=request.text("remarks") or "notes here",
            timestamp=request.text("timestamp") or str(int(self._account.now())),
            fields=request.texts("fields") or default.fields,
            team_id=team.id,
            team_name=team.name,
            member_id=request.text("member") or "doctorMemberId",
            action=request.text("action") or default.action,
        )

    def _subject(
        self, recording_id: str | None, patient_id: str | None, mrn: str | None
    ) -> tuple[Patient | None, Recording | None]:
        """Return the named patient and recording; without a name, the newest recording, or newest patient."""
        patients, recordings = self._account.patients, self._account.recordings
        patient = self._find(patient_id, mrn)
        if patient is None and (patient_id or mrn):
            raise not_found("There is no such patient.")
        if recording_id is None:
            recording = recordings.newest(None if patient is None else patient.id)
        else:
            recording = recordings.get(recording_id)
            if recording is None:
                raise not_found("There is no recording with this id.")
        if patient is None and recording is not None:
            patient = patients.get(recording.fields.patient_id)
        elif patient is None:
            patient = patients.newest()
        return patient, recording


def _patient_json(patient: Patient | None) -> dict[str, Any]:
    if patient is None:
        raise not_found("The patient no longer exists.")
    return {"patientId": patient.id, "customParticipantId": patient.mrn, "status": patient.status.value}


def _offset(time: datetime | None) -> int:
    offset = None if time is None else time.utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)
