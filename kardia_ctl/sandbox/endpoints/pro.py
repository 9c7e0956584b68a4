"""The older API: participants, users, codes, connections, recordings, all in JSON.

Source: the Kardia Pro reference. One account holds what both APIs create: a participant of this one is a
patient of the other, its customParticipantID the mrn.
"""

from functools import partial
from http import HTTPStatus

from kardia_ctl.sandbox.data.invented import PRO_TEMPLATE
from kardia_ctl.sandbox.data.invented_ecg import FIBRILLATION, FREQUENCY, NOISY, NORMAL
from kardia_ctl.sandbox.data.values import Patient, PatientFields
from kardia_ctl.sandbox.endpoints import reports
from kardia_ctl.sandbox.endpoints.ecgs import find
from kardia_ctl.sandbox.endpoints.patients import is_address, is_date
from kardia_ctl.sandbox.endpoints.users import check
from kardia_ctl.sandbox.error_answers import Refusal, bad_request, not_found
from kardia_ctl.sandbox.http.endpoint import Answer, Call, Endpoint, Member, Presence, ok
from kardia_ctl.sandbox.quirks import ProPdf, UnsetField

_NEEDED = Member(Presence.REQUIRED)
_TEXT = Member(Presence.OPTIONAL)
_PARTICIPANT = {
    "customParticipantID": _NEEDED,
    "firstName": _NEEDED,
    "lastName": _NEEDED,
    "email": _TEXT,
    "phone": _TEXT,
    "dob": _TEXT,
    "sex": Member(Presence.OPTIONAL, (int,)),
}


def create_participant(call: Call) -> Answer:
    """POST /e/v1/participants: an echo without an id; 409 for a customParticipantID that is taken."""
    given = dict(call.json)
    if "email" in given and not is_address(given["email"]):
        raise bad_request("The email has to be an address with an @.")
    if "dob" in given and not is_date(given["dob"]):
        raise bad_request("The dob has to be a date as YYYY-MM-DD.")
    if given.get("sex", 0) not in (0, 1, 2, 9):
        raise bad_request("The sex has to be 0, 1, 2 or 9 (ISO/IEC 5218).")
    if call.account.has_mrn(given["customParticipantID"]):
        detail = "Cannot create a participant with a duplicate customParticipantId"
        raise Refusal(HTTPStatus.CONFLICT, detail)
    _add(call)
    return ok({name: given[name] for name in _PARTICIPANT if name in given})


def create_user(call: Call) -> Answer:
    """POST /e/v1/user: 201 with the user's token; a connection_code is redeemed with it."""
    given = call.json
    check(call, given["email"], given["country_code"])
    code = given.get("connection_code")
    if code and not call.account.life.accepts_code(code):
        raise bad_request("Couldn't create user: the connection code is not valid.")
    token = call.account.life.add_user(given["email"], given["country_code"])
    if code:
        call.account.life.redeem(code)
    return ok({"user_token": token}, HTTPStatus.CREATED)


def generate_code(call: Call) -> Answer:
    """POST /e/v1/code: a new code each time."""
    patient = _participant(call)
    known = {PRO_TEMPLATE, *(template.id for template in call.account.templates())}
    if call.json["templateID"] not in known:
        raise bad_request("There is no template with this id.")
    return ok({"code": call.account.life.new_code(patient.id, call.json["templateID"])})


def redeem(call: Call) -> Answer:
    """POST /e/v1/connection: the example says connection_code, the table connectionCode; either will do."""
    codes = {call.json[name] for name in ("connection_code", "connectionCode") if name in call.json}
    if len(codes) != 1:
        raise bad_request("One connection_code is required.")
    if not call.account.life.has_token(call.json["user_token"]):
        raise bad_request("Couldn't create connection: the user token is not known.")
    if call.account.life.redeem(codes.pop()) is None:
        raise bad_request("Couldn't create connection: the connection code is not valid.")
    return ok({})


def disconnect(call: Call) -> Answer:
    """POST /e/v1/disconnection: an echo."""
    patient = _participant(call)
    call.account.disconnect(patient.id)
    return ok({"customParticipantID": patient.mrn})


def read_recording(call: Call) -> Answer:
    """GET /e/v1/recordings/:id: the ECG with the enhanced samples of lead I."""
    from kardia_ctl.sandbox.data.waveform import samples

    one = find(call)
    patient, draft = call.account.patient(one.draft.patient_id), one.draft
    lead = samples(one.trace, enhanced=True)["leadI"]
    data = {"frequency": FREQUENCY, "mains_freq": one.trace.mains, "samples": {"lead_I": lead}}
    return ok(
        {
            "afibDetected": draft.determination in FIBRILLATION,
            "customParticipantID": "" if patient is None else patient.mrn,
            "data": data,
            "duration": draft.duration,
            "heartRate": draft.heart_rate,
            "id": one.id,
            "noiseDetected": draft.determination in NOISY,
            "normalDetected": draft.determination in NORMAL,
            "recordedAt": one.recorded_at.isoformat(timespec="seconds"),
        }
    )


def read_pdf(where: ProPdf, call: Call) -> Answer:
    """GET of a recording's PDF, whose path the document does not give."""
    if call.quirks.pro_pdf is not where:
        raise not_found("There is no such path.")
    return reports.recording(call)


def _participant(call: Call) -> Patient:
    patient = call.account.life.find(mrn=call.json["customParticipantID"])
    if patient is None:
        raise bad_request("There is no participant with this customParticipantID.")
    return patient


def _add(call: Call) -> None:
    account, quirks, given = call.account, call.quirks, call.json
    text, number = ("", 0) if quirks.unset_field is UnsetField.ZERO else (None, None)
    fields = PatientFields(
        mrn=given["customParticipantID"],
        dob=given.get("dob", ""),
        email=given.get("email", ""),
        firstname=given.get("firstName", text),
        lastname=given.get("lastName", text),
        sex=given.get("sex", number),
    )

    def add() -> None:
        if not account.has_mrn(fields.mrn):  # another one may have come while this one was under way
            account.add_patient(fields, list_lag=quirks.list_lag, phone=given.get("phone"))

    if quirks.commit_latency:
        account.defer(quirks.commit_latency, add)
    else:
        add()


ENDPOINTS = (
    Endpoint("POST", "/e/v1/participants", create_participant, json=_PARTICIPANT),
    Endpoint(
        "POST",
        "/e/v1/user",
        create_user,
        json={"country_code": _NEEDED, "email": _NEEDED, "password": _NEEDED, "connection_code": _TEXT},
    ),
    Endpoint(
        "POST", "/e/v1/code", generate_code, json={"customParticipantID": _NEEDED, "templateID": _NEEDED}
    ),
    Endpoint(
        "POST",
        "/e/v1/connection",
        redeem,
        json={"connection_code": _TEXT, "connectionCode": _TEXT, "user_token": _NEEDED},
    ),
    Endpoint("POST", "/e/v1/disconnection", disconnect, json={"customParticipantID": _NEEDED}),
    Endpoint("GET", "/e/v1/recordings/{id}.pdf", partial(read_pdf, ProPdf.SUFFIX)),
    Endpoint("GET", "/e/v1/recordings/{id}/pdf", partial(read_pdf, ProPdf.FOLDER)),
    Endpoint("GET", "/e/v1/recordings/{id}", read_recording),
)
