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
from typing import assert_never

from kardia_ctl.sandbox.account import patient_table as patient_rows
from kardia_ctl.sandbox.account.patient_table import Listed
from kardia_ctl.sandbox.data.values import PatientFields
from kardia_ctl.sandbox.endpoints.pages import QUERY, page
from kardia_ctl.sandbox.error_answers import Refusal, bad_request, not_found, unauthorized
from kardia_ctl.sandbox.http.endpoint import Answer, Call, Endpoint, Presence
from kardia_ctl.sandbox.quirks import (
    CreateStatus,
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
_SEXES = ("0", "1", "2", "9")


def create(call: Call) -> Answer:
    """POST /v1/patients: the fields and the id, without a status."""
    fields = _fields(call.form, call.quirks)
    if call.quirks.duplicate_mrn is DuplicateMrn.CONFLICT and call.account.has_mrn(fields.mrn):
        raise Refusal(HTTPStatus.CONFLICT, "There is a patient with this mrn.")
    given = {name: value for name, value in asdict(fields).items() if value is not None}
    status = HTTPStatus.CREATED if call.quirks.create_status is CreateStatus.CREATED else HTTPStatus.OK
    return Answer(status, json.dumps({"id": _add(call, fields), **given}, ensure_ascii=False))


def read(call: Call) -> Answer:
    """GET /v1/patients/:id: the patient with its status."""
    custom = _wants_custom_fields(call)
    found = call.account.patient_json(call.path["id"])
    if found is None:
        raise no_such_patient()
    return Answer(HTTPStatus.OK, _text(found, call.quirks, custom=custom))


def read_all(call: Call) -> Answer:
    """GET /v1/patients: a page of the list, newest first."""
    custom = _wants_custom_fields(call)
    name = call.quirks.envelope.value
    return page(call, patient_rows.LISTED, name, lambda row: _text(row, call.quirks, custom=custom))


def delete(call: Call) -> Answer:
    """DELETE /v1/patients/:id: accepted; the patient is gone some time later."""
    _require_data_controller(call.quirks)
    if not call.account.delete_patient(call.path["id"], call.quirks.delete_delay):
        raise no_such_patient()
    return Answer(HTTPStatus.ACCEPTED, None)


def export(call: Call) -> Answer:
    """GET /v1/patients/:id/export: accepted; a mail would tell the key's owner when it is ready."""
    _require_data_controller(call.quirks)
    if not call.account.export(call.path["id"]):
        raise no_such_patient()
    return Answer(HTTPStatus.ACCEPTED, None)


def no_such_patient() -> Refusal:
    """404 for a patient's id that is not known."""
    return not_found("There is no patient with this id.")


def _require_data_controller(quirks: Quirks) -> None:
    match quirks.data_controller:
        case DataController.GRANTED:
            return
        case DataController.WITHHELD:
            raise Refusal(HTTPStatus.FORBIDDEN, "This key has no Data Controller access.")
        case DataController.UNAUTHORIZED:
            raise unauthorized("This key has no Data Controller access.")
        case other:
            assert_never(other)


def _add(call: Call, fields: PatientFields) -> str:
    account, quirks = call.account, call.quirks
    if not quirks.commit_latency:
        return account.add_patient(fields, list_lag=quirks.list_lag)
    patient_id = account.new_id()
    account.defer(
        quirks.commit_latency,
        lambda: account.add_patient(fields, patient_id=patient_id, list_lag=quirks.list_lag),
    )
    return patient_id


def _fields(form: Mapping[str, str], quirks: Quirks) -> PatientFields:
    if not is_address(form["email"]):
        raise bad_request("The email has to be an address with an @.")
    if not is_date(form["dob"]):
        raise bad_request("The dob has to be a date as YYYY-MM-DD.")
    if (sex := form.get("sex")) is not None and sex not in _SEXES:
        raise bad_request("The sex has to be 0, 1, 2 or 9 (ISO/IEC 5218).")
    text, number = ("", 0) if quirks.unset_field is UnsetField.ZERO else (None, None)
    return PatientFields(
        mrn=form["mrn"],
        dob=form["dob"],
        email=form["email"],
        firstname=form.get("firstname", text),
        lastname=form.get("lastname", text),
        sex=number if sex is None else int(sex),
    )


def is_address(text: str) -> bool:
    """Whether this is an e-mail address: something, an @, something."""
    return bool(re.fullmatch(r"[^@\x00-\x20\x7f]+@[^@\x00-\x20\x7f]+", text))


def is_date(text: str) -> bool:
    """Whether this is a date as YYYY-MM-DD."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _wants_custom_fields(call: Call) -> bool:
    text = call.query.get("customField", "false")
    if call.quirks.strictness is Strictness.LENIENT:
        text = {"1": "true", "0": "false"}.get(text, text.lower())
    if text not in ("true", "false"):
        raise bad_request("The customField has to be true or false.")
    return text == "true"


def _text(row: Listed, quirks: Quirks, *, custom: bool) -> str:
    if not custom:
        return row.json
    fields = row.custom_fields
    if quirks.naming is Naming.TABLE:
        renamed = [
            {name[0].upper() + name[1:]: value for name, value in one.items()} for one in json.loads(fields)
        ]
        fields = json.dumps(renamed, ensure_ascii=False)
    return f'{row.json[:-1]},"participantCustomFields":{fields}}}'


ENDPOINTS = (
    Endpoint("POST", "/v1/patients", create, form=_FORM),
    Endpoint("GET", "/v1/patients", read_all, query=QUERY | {"customField"}),
    Endpoint("GET", "/v1/patients/{id}", read, query=frozenset(("customField",))),
    Endpoint("DELETE", "/v1/patients/{id}", delete),
    Endpoint("GET", "/v1/patients/{id}/export", export),
)
