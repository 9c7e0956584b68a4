"""ECG recordings.

Source: API reference, "ECG Recordings" and "Get Patient Recordings".
"""

import json
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from starlette.responses import Response

from kardia_ctl.sandbox.account.ecg_recordings import APP_RECORDINGS, SCREENING_RECORDINGS, of_patient
from kardia_ctl.sandbox.data.invented_ecg import AMPLITUDE_RESOLUTION, FREQUENCY
from kardia_ctl.sandbox.data.values import Recording
from kardia_ctl.sandbox.endpoints.pages import QUERY, page
from kardia_ctl.sandbox.endpoints.patients import no_such_patient
from kardia_ctl.sandbox.http.error_responses import bad_request, not_found
from kardia_ctl.sandbox.http.route import EndpointCall, Member, Presence, Route, ok
from kardia_ctl.sandbox.quirks import Naming

_NUMBER = Member(Presence.OPTIONAL, (int, float))
_TEXT = Member(Presence.OPTIONAL)
_QT = {"qt": _NUMBER, "rr": _NUMBER, "qtcb": _NUMBER, "qtcf": _NUMBER, "error": _TEXT, "errorType": _TEXT}
_ERROR_TYPES = ("poorQuality", "undeterminedRhythm", "other")
_NONE = "None Specified"


def read_of_patient(call: EndpointCall) -> Response:
    """GET /v1/patients/:id/recordings; the example of this list has no algorithmDetermination."""
    if call.account.patients.get(call.path["id"]) is None:
        raise no_such_patient()

    def text(recording: Recording) -> str:
        head = _head(recording)
        del head["algorithmDetermination"]
        return _json(head)

    return page(call, of_patient(call.path["id"]), "recordings", text)


def read_all(call: EndpointCall) -> Response:
    """GET /v1/recordings: recordings of the patients' applications."""
    return page(call, APP_RECORDINGS, "recordings", lambda recording: _json(_head(recording)))


def read_screening(call: EndpointCall) -> Response:
    """GET /v1/screening/recordings: recordings of screening stations."""
    return page(call, SCREENING_RECORDINGS, "recordings", lambda recording: _json(_head(recording)))


def read(call: EndpointCall) -> Response:
    """GET /v1/recordings/:id: the ECG with its samples, raw and enhanced."""
    recording, naming = find(call), call.quirks.naming
    data = {
        "raw": _data(recording, naming, enhanced=False),
        "enhanced": _data(recording, naming, enhanced=True),
    }
    return ok(_head(recording) | {"data": data})


def set_qt(call: EndpointCall) -> Response:
    """POST /v1/recordings/:recordingId/qt: the measurement; an error requires its type."""
    recording, body = find(call), dict(call.json)
    if body.get("error") and "errorType" not in body:
        raise bad_request("An error requires an errorType.")
    if "errorType" in body and body["errorType"] not in _ERROR_TYPES:
        raise bad_request(f"The errorType must be one of {', '.join(_ERROR_TYPES)}.")
    if not body:
        raise bad_request("Send qt, rr, qtcb and qtcf, or an error.")
    measured = {name: body[name] for name in _QT if name in body}
    content = {"recordingID": recording.id} | measured | {"measurementID": call.account.new_id()}
    call.account.recordings.measure(recording.id, _json(content))
    return ok(content)


def symptoms(call: EndpointCall) -> Response:
    """GET /v1/recordings/:id/symptoms: the patient's symptoms, or "None Specified"."""
    recording = find(call)
    names = recording.fields.symptoms or (_NONE,)
    return ok({"symptoms": [_entry(recording, name, "symptomId", "symptomName") for name in names]})


def activity(call: EndpointCall) -> Response:
    """GET /v1/recordings/:id/activity: the patient's activities, or "None Specified"."""
    recording = find(call)
    names = recording.fields.activities or (_NONE,)
    return ok({"activity": [_entry(recording, name, "activityLevelID", "name") for name in names]})


def find(call: EndpointCall) -> Recording:
    """Return the recording that the path names.

    Raises:
        RequestError: 404.
    """
    recording = call.account.recordings.get(call.path["id"])
    if recording is None:
        raise not_found("There is no recording with this id.")
    return recording


def _head(recording: Recording) -> dict[str, Any]:
    fields = recording.fields
    return {
        "id": recording.id,
        "patientID": fields.patient_id,
        "algorithmDetermination": fields.determination,
        "duration": fields.duration,
        "heartRate": fields.heart_rate,
        "note": fields.note,
        "tags": list(fields.tags),
        "recordedAt": recording.recorded_at.isoformat(timespec="seconds"),
    }


def _data(recording: Recording, naming: Naming, *, enhanced: bool) -> dict[str, Any]:
    from kardia_ctl.sandbox.data.waveform import samples

    table = naming is Naming.TABLE
    leads = samples(recording.trace, enhanced=enhanced)
    if enhanced and not table:  # the example has this name for this lead of the enhanced data alone
        leads = {"lead_I" if name == "leadI" else name: values for name, values in leads.items()}
    return {
        "frequency": FREQUENCY,
        "mainsFrequency" if table else "mains_freq": recording.trace.mains,
        "amplitudeResolution": AMPLITUDE_RESOLUTION,
        "samples": leads,
        "numLeads": len(leads),
    }


def _entry(recording: Recording, name: str, id_key: str, name_key: str) -> dict[str, str]:
    return {
        "recordingID": recording.id,
        id_key: str(uuid5(NAMESPACE_OID, f"{id_key}/{name}")),
        "createdAt": recording.added_at,
        name_key: name,
    }


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False)


ROUTES = (
    Route("GET", "/v1/patients/{id}/recordings", read_of_patient, query=QUERY),
    Route("GET", "/v1/recordings", read_all, query=QUERY),
    Route("GET", "/v1/screening/recordings", read_screening, query=QUERY),
    Route("GET", "/v1/recordings/{id}", read),
    Route("POST", "/v1/recordings/{id}/qt", set_qt, json=_QT),
    Route("GET", "/v1/recordings/{id}/symptoms", symptoms),
    Route("GET", "/v1/recordings/{id}/activity", activity),
)
