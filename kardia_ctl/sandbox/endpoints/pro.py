"""The older API: participants, users, codes, connections, recordings, all in JSON.

Source: the Kardia Pro reference. Both APIs share one account: a participant here is a patient there, with its
customParticipantID as mrn.
"""

from functools import partial
from http import HTTPStatus

from starlette.responses import Response

from kardia_ctl.sandbox.data.invented import PRO_TEMPLATE
from kardia_ctl.sandbox.data.invented_ecg import FIBRILLATION, FREQUENCY, NOISY, NORMAL
from kardia_ctl.sandbox.data.values import Patient, PatientFields
from kardia_ctl.sandbox.endpoints.connection_codes import check_user
from kardia_ctl.sandbox.endpoints.ecgs import find
from kardia_ctl.sandbox.endpoints.patients import checked_fields
from kardia_ctl.sandbox.endpoints.reports import recording_pdf
from kardia_ctl.sandbox.http.error_responses import bad_request, conflict, not_found
from kardia_ctl.sandbox.http.route import EndpointCall, Member, Presence, Route, ok
from kardia_ctl.sandbox.quirks import ProPdf

_REQUIRED = Member(Presence.REQUIRED)
_TEXT = Member(Presence.OPTIONAL)
_PARTICIPANT = {
    "customParticipantID": _REQUIRED,
    "firstName": _REQUIRED,
    "lastName": _REQUIRED,
    "email": _TEXT,
    "phone": _TEXT,
    "dob": _TEXT,
    "sex": Member(Presence.OPTIONAL, (int,)),
}
_FIELDS = {"customParticipantID": "mrn", "firstName": "firstname", "lastName": "lastname"}
"""The members that have another name in v1."""


def create_participant(call: EndpointCall) -> Response:
    """POST /e/v1/participants: an echo without an id; 409 for a customParticipantID that exists."""
    fields = checked_fields(
        {_FIELDS.get(name, name): value for name, value in call.json.items()}, call.quirks
    )
    if call.account.patients.with_mrn(fields.mrn):
        raise conflict("Cannot create a participant with a duplicate customParticipantId")
    _add(call, fields)
    return ok({name: call.json[name] for name in _PARTICIPANT if name in call.json})


def create_user(call: EndpointCall) -> Response:
    """POST /e/v1/user: 201 with the user's token; redeems a connection_code if there is one."""
    body, connections = call.json, call.account.connections
    check_user(call, body["email"], body["country_code"])
    code = body.get("connection_code")
    if code and not connections.is_open(code):
        raise bad_request("Couldn't create user: the connection code is not valid.")
    token = connections.add_user(body["email"], body["country_code"])
    if code:
        connections.redeem(code)
    return ok({"user_token": token}, HTTPStatus.CREATED)


def generate_code(call: EndpointCall) -> Response:
    """POST /e/v1/code: a new code each time."""
    patient = _participant(call)
    known = {PRO_TEMPLATE, *(template.id for template in call.account.settings.templates())}
    if call.json["templateID"] not in known:
        raise bad_request("There is no template with this id.")
    return ok({"code": call.account.connections.new_code(patient, call.json["templateID"])})


def redeem(call: EndpointCall) -> Response:
    """POST /e/v1/connection: accepts connection_code (the example) and connectionCode (the table)."""
    codes = {call.json[name] for name in ("connection_code", "connectionCode") if name in call.json}
    if len(codes) != 1:
        raise bad_request("One connection_code is required.")
    if not call.account.connections.has_token(call.json["user_token"]):
        raise bad_request("Couldn't create connection: the user token is unknown.")
    if call.account.connections.redeem(codes.pop()) is None:
        raise bad_request("Couldn't create connection: the connection code is not valid.")
    return ok({})


def disconnect(call: EndpointCall) -> Response:
    """POST /e/v1/disconnection: an echo."""
    patient = _participant(call)
    call.account.connections.disconnect(patient.id)
    return ok({"customParticipantID": patient.mrn})


def read_recording(call: EndpointCall) -> Response:
    """GET /e/v1/recordings/:id: the ECG with the enhanced samples of lead I."""
    from kardia_ctl.sandbox.data.waveform import samples

    recording = find(call)
    patient, fields = call.account.patients.get(recording.fields.patient_id), recording.fields
    lead = samples(recording.trace, enhanced=True)["leadI"]
    data = {"frequency": FREQUENCY, "mains_freq": recording.trace.mains, "samples": {"lead_I": lead}}
    return ok(
        {
            "afibDetected": fields.determination in FIBRILLATION,
            "customParticipantID": "" if patient is None else patient.mrn,
            "data": data,
            "duration": fields.duration,
            "heartRate": fields.heart_rate,
            "id": recording.id,
            "noiseDetected": fields.determination in NOISY,
            "normalDetected": fields.determination in NORMAL,
            "recordedAt": recording.recorded_at.isoformat(timespec="seconds"),
        }
    )


def read_pdf(path: ProPdf, call: EndpointCall) -> Response:
    """GET of a recording's PDF; the document does not give the path, `Quirks.pro_pdf` does."""
    if call.quirks.pro_pdf is not path:
        raise not_found("There is no such path.")
    return recording_pdf(call)


def _participant(call: EndpointCall) -> Patient:
    patient = call.account.patients.with_mrn(call.json["customParticipantID"])
    if patient is None:
        raise bad_request("There is no participant with this customParticipantID.")
    return patient


def _add(call: EndpointCall, fields: PatientFields) -> None:
    patients, quirks, phone = call.account.patients, call.quirks, call.json.get("phone")

    def add() -> None:
        if not patients.with_mrn(fields.mrn):  # another request may have created it in the meantime
            patients.add(fields, list_lag=quirks.list_lag, phone=phone)

    if quirks.commit_latency:
        call.account.defer(quirks.commit_latency, add)
    else:
        add()


ROUTES = (
    Route("POST", "/e/v1/participants", create_participant, json=_PARTICIPANT),
    Route(
        "POST",
        "/e/v1/user",
        create_user,
        json={
            "country_code": _REQUIRED,
            "email": _REQUIRED,
            "password": _REQUIRED,
            "connection_code": _TEXT,
        },
    ),
    Route(
        "POST", "/e/v1/code", generate_code, json={"customParticipantID": _REQUIRED, "templateID": _REQUIRED}
    ),
    Route(
        "POST",
        "/e/v1/connection",
        redeem,
        json={"connection_code": _TEXT, "connectionCode": _TEXT, "user_token": _REQUIRED},
    ),
    Route("POST", "/e/v1/disconnection", disconnect, json={"customParticipantID": _REQUIRED}),
    Route("GET", "/e/v1/recordings/{id}.pdf", partial(read_pdf, ProPdf.SUFFIX)),
    Route("GET", "/e/v1/recordings/{id}/pdf", partial(read_pdf, ProPdf.FOLDER)),
    Route("GET", "/e/v1/recordings/{id}", read_recording),
)
