"""Patients.

Source: API reference, "Create Patient", "Get Patient", "Get All Patients", "Delete Patient",
"Export Patient".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from http import HTTPStatus
from typing import Any, assert_never

from starlette.responses import Response

from kardia_ctl.sandbox.account.patient_table import LISTED_PATIENTS, ListedPatient
from kardia_ctl.sandbox.data.values import PatientFields
from kardia_ctl.sandbox.endpoints.pages import QUERY, page
from kardia_ctl.sandbox.http.error_responses import (
    RequestError,
    bad_request,
    conflict,
    not_found,
    unauthorized,
)
from kardia_ctl.sandbox.http.route import EndpointCall, Presence, Route, json_text, ok
from kardia_ctl.sandbox.quirks import (
    DataController,
    DuplicateMrn,
    Naming,
    Quirks,
    Strictness,
    UnsetField,
)

_FORM = {
    "mrn": Presence.REQUIRED,
    "email": Presence.REQUIRED,
    "dob": Presence.REQUIRED,
    "firstname": Presence.OPTIONAL,
    "lastname": Presence.OPTIONAL,
    "sex": Presence.OPTIONAL,
}
_SEXES = {"0": 0, "1": 1, "2": 2, "9": 9}


def create(call: EndpointCall) -> Response:
    """POST /v1/patients: the fields and the id, without a status."""
    given: dict[str, Any] = dict(call.form)
    if "sex" in given:
        given["sex"] = _SEXES.get(given["sex"], -1)
    fields = checked_fields(given, call.quirks)
    if call.quirks.duplicate_mrn is DuplicateMrn.CONFLICT and call.account.patients.with_mrn(fields.mrn):
        raise conflict("There is already a patient with this mrn.")
    content = {name: value for name, value in asdict(fields).items() if value is not None}
    return ok({"id": _add(call, fields), **content}, HTTPStatus(int(call.quirks.create_status.value)))


def read(call: EndpointCall) -> Response:
    """GET /v1/patients/:id: the patient with its status."""
    custom = _wants_custom_fields(call)
    patient = call.account.patients.listed(call.path["id"])
    if patient is None:
        raise no_such_patient()
    return json_text(_text(patient, call.quirks, custom=custom))


def read_all(call: EndpointCall) -> Response:
    """GET /v1/patients: a page of the list, newest first."""
    custom = _wants_custom_fields(call)
    name = call.quirks.envelope.value
    return page(call, LISTED_PATIENTS, name, lambda row: _text(row, call.quirks, custom=custom))


def delete(call: EndpointCall) -> Response:
    """DELETE /v1/patients/:id: 202; the patient disappears after `Quirks.delete_delay`."""
    _require_data_controller(call.quirks)
    if not call.account.patients.delete(call.path["id"], call.quirks.delete_delay):
        raise no_such_patient()
    return Response(status_code=HTTPStatus.ACCEPTED)


def export(call: EndpointCall) -> Response:
    """GET /v1/patients/:id/export: 202; the sandbox records the request and mails nothing."""
    _require_data_controller(call.quirks)
    if not call.account.patients.export(call.path["id"]):
        raise no_such_patient()
    return Response(status_code=HTTPStatus.ACCEPTED)


def no_such_patient() -> RequestError:
    """404 for an unknown patient id."""
    return not_found("There is no patient with this id.")


def checked_fields(given: Mapping[str, Any], quirks: Quirks) -> PatientFields:
    """Return the fields of a new patient; only `mrn` must be there.

    Raises:
        RequestError: 400 for a value that is not valid.
    """
    if "email" in given:
        check_address(given["email"])
    if "dob" in given and not _is_date(given["dob"]):
        raise bad_request("The dob must be a date as YYYY-MM-DD.")
    if given.get("sex", 0) not in _SEXES.values():
        raise bad_request("The sex must be 0, 1, 2 or 9 (ISO/IEC 5218).")
    text, number = ("", 0) if quirks.unset_field is UnsetField.ZERO else (None, None)
    return PatientFields(
        mrn=given["mrn"],
        dob=given.get("dob", ""),
        email=given.get("email", ""),
        firstname=given.get("firstname", text),
        lastname=given.get("lastname", text),
        sex=given.get("sex", number),
    )


def check_address(email: str) -> None:
    """Refuse anything but an e-mail address: some characters, an @, some characters.

    Raises:
        RequestError: 400.
    """
    if not re.fullmatch(r"[^@\x00-\x20\x7f]+@[^@\x00-\x20\x7f]+", email):
        raise bad_request("The email must be an address with an @.")


def _require_data_controller(quirks: Quirks) -> None:
    match quirks.data_controller:
        case DataController.GRANTED:
            return
        case DataController.WITHHELD:
            raise RequestError(HTTPStatus.FORBIDDEN, "This key has no Data Controller access.")
        case DataController.UNAUTHORIZED:
            raise unauthorized("This key has no Data Controller access.")
        case other:
            assert_never(other)


def _add(call: EndpointCall, fields: PatientFields) -> str:
    account, lag = call.account, call.quirks.list_lag
    if not call.quirks.commit_latency:
        return account.patients.add(fields, list_lag=lag)
    patient_id = account.new_id()
    account.defer(
        call.quirks.commit_latency,
        lambda: account.patients.add(fields, patient_id=patient_id, list_lag=lag),
    )
    return patient_id


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _wants_custom_fields(call: EndpointCall) -> bool:
    text = call.query.get("customField", "false")
    if call.quirks.strictness is Strictness.LENIENT:
        text = {"1": "true", "0": "false"}.get(text, text.lower())
    if text not in ("true", "false"):
        raise bad_request("The customField must be true or false.")
    return text == "true"


def _text(patient: ListedPatient, quirks: Quirks, *, custom: bool) -> str:
    if not custom:
        return patient.json
    fields = patient.custom_fields
    if quirks.naming is Naming.TABLE:
        renamed = [
            {name[0].upper() + name[1:]: value for name, value in field.items()}
            for field in json.loads(fields)
        ]
        fields = json.dumps(renamed, ensure_ascii=False)
    return f'{patient.json[:-1]},"participantCustomFields":{fields}}}'


ROUTES = (
    Route("POST", "/v1/patients", create, form=_FORM),
    Route("GET", "/v1/patients", read_all, query=QUERY | {"customField"}),
    Route("GET", "/v1/patients/{id}", read, query=frozenset(("customField",))),
    Route("DELETE", "/v1/patients/{id}", delete),
    Route("GET", "/v1/patients/{id}/export", export),
)
