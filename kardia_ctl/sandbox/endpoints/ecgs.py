"""Recordings.

Source: API reference, "ECG Recordings" and "Get Patient Recordings".
"""

import json
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from kardia_ctl.sandbox.account import ecg_recordings as recordings
from kardia_ctl.sandbox.account.ecg_recordings import Recording
from kardia_ctl.sandbox.data.invented_ecg import AMPLITUDE_RESOLUTION, FREQUENCY
from kardia_ctl.sandbox.endpoints.pages import QUERY, page
from kardia_ctl.sandbox.endpoints.patients import no_such_patient
from kardia_ctl.sandbox.error_answers import Refusal, bad_request, not_found
from kardia_ctl.sandbox.http.endpoint import Answer, Call, Endpoint, Member, Presence, ok
from kardia_ctl.sandbox.quirks import Naming

_NUMBER = Member(Presence.OPTIONAL, (int, float))
_TEXT = Member(Presence.OPTIONAL)
_QT = {"qt": _NUMBER, "rr": _NUMBER, "qtcb": _NUMBER, "qtcf": _NUMBER, "error": _TEXT, "errorType": _TEXT}
_ERROR_TYPES = ("poorQuality", "undeterminedRhythm", "other")
_NONE = "None Specified"


def read_of_patient(call: Call) -> Answer:
    """GET /v1/patients/:id/recordings; the example of this list has no algorithmDetermination."""
    if call.account.patient(call.path["id"]) is None:
        raise no_such_patient()

    def text(one: Recording) -> str:
        return _json({name: value for name, value in _head(one).items() if name != "algorithmDetermination"})

    return page(call, recordings.of_patient(call.path["id"]), "recordings", text)


def read_all(call: Call) -> Answer:
    """GET /v1/recordings: what the patients' applications recorded."""
    return page(call, recordings.of_app(), "recordings", lambda one: _json(_head(one)))


def read_screening(call: Call) -> Answer:
    """GET /v1/screening/recordings: what screening stations recorded."""
    return page(call, recordings.of_stations(), "recordings", lambda one: _json(_head(one)))


def read(call: Call) -> Answer:
    """GET /v1/recordings/:id: the ECG with its samples, raw and enhanced."""
    one = find(call)
    kinds = (("raw", False), ("enhanced", True))
    data = {name: _data(one, call.quirks.naming, enhanced=enhanced) for name, enhanced in kinds}
    return ok(_head(one) | {"data": data})


def set_qt(call: Call) -> Answer:
    """POST /v1/recordings/:recordingId/qt: the measurement; an error needs its type."""
    one, body = find(call), dict(call.json)
    if body.get("error") and "errorType" not in body:
        raise bad_request("An error needs an errorType.")
    if "errorType" in body and body["errorType"] not in _ERROR_TYPES:
        raise bad_request(f"The errorType has to be one of {', '.join(_ERROR_TYPES)}.")
    if not body:
        raise bad_request("A measurement has qt, rr, qtcb and qtcf, or an error.")
    measured = {name: body[name] for name in _QT if name in body}
    answer = {"recordingID": one.id} | measured | {"measurementID": call.account.new_id()}
    call.account.life.measure(one.id, _json(answer))
    return ok(answer)


def symptoms(call: Call) -> Answer:
    """GET /v1/recordings/:id/symptoms: what the patient felt, "None Specified" when nothing was said."""
    one = find(call)
    names = one.draft.symptoms or (_NONE,)
    return ok({"symptoms": [_said(one, name, "symptomId", "symptomName") for name in names]})


def activity(call: Call) -> Answer:
    """GET /v1/recordings/:id/activity: what the patient did, "None Specified" when nothing was said."""
    one = find(call)
    names = one.draft.activities or (_NONE,)
    return ok({"activity": [_said(one, name, "activityLevelID", "name") for name in names]})


def find(call: Call) -> Recording:
    """Return the recording that the path names.

    Raises:
        Refusal: 404.
    """
    one = call.account.life.recording(call.path["id"])
    if one is None:
        raise no_such_recording()
    return one


def no_such_recording() -> Refusal:
    """404 for a recording's id that is not known."""
    return not_found("There is no recording with this id.")


def _head(one: Recording) -> dict[str, Any]:
    draft = one.draft
    return {
        "id": one.id,
        "patientID": draft.patient_id,
        "algorithmDetermination": draft.determination,
        "duration": draft.duration,
        "heartRate": draft.heart_rate,
        "note": draft.note,
        "tags": list(draft.tags),
        "recordedAt": one.recorded_at.isoformat(timespec="seconds"),
    }


def _data(one: Recording, naming: Naming, *, enhanced: bool) -> dict[str, Any]:
    from kardia_ctl.sandbox.data.waveform import samples

    table = naming is Naming.TABLE
    leads = samples(one.trace, enhanced=enhanced)
    if enhanced and not table:  # the document's example names only this one lead of only these data so
        leads = {"lead_I" if name == "leadI" else name: values for name, values in leads.items()}
    return {
        "frequency": FREQUENCY,
        "mainsFrequency" if table else "mains_freq": one.trace.mains,
        "amplitudeResolution": AMPLITUDE_RESOLUTION,
        "samples": leads,
        "numLeads": len(leads),
    }


def _said(one: Recording, name: str, number: str, noun: str) -> dict[str, str]:
    return {
        "recordingID": one.id,
        number: str(uuid5(NAMESPACE_OID, f"{number}/{name}")),
        "createdAt": one.added_at,
        noun: name,
    }


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False)


ENDPOINTS = (
    Endpoint("GET", "/v1/patients/{id}/recordings", read_of_patient, query=QUERY),
    Endpoint("GET", "/v1/recordings", read_all, query=QUERY),
    Endpoint("GET", "/v1/screening/recordings", read_screening, query=QUERY),
    Endpoint("POST", "/v1/recordings/{id}/qt", set_qt, json=_QT),
    Endpoint("GET", "/v1/recordings/{id}/symptoms", symptoms),
    Endpoint("GET", "/v1/recordings/{id}/activity", activity),
)
READ = Endpoint("GET", "/v1/recordings/{id}", read)
"""Its path also fits that of the PDF, so it comes after it."""
