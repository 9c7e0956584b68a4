"""Patients (API reference, "Create Patient", "Get Patient", "Get All Patients", "Delete Patient")."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from http import HTTPStatus

from kardia_ctl.sandbox import paging
from kardia_ctl.sandbox.calls import Answer, Call, Endpoint, Presence
from kardia_ctl.sandbox.patient_rows import Listed
from kardia_ctl.sandbox.quirks import CreateStatus, DataController, DuplicateMrn, Quirks, UnsetField
from kardia_ctl.sandbox.records import PatientFields
from kardia_ctl.sandbox.refusals import Refusal, bad_request, not_found

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
    return Answer(HTTPStatus.OK, _text(found, custom=custom))


def read_all(call: Call) -> Answer:
    """GET /v1/patients: a page of the list, newest first."""
    custom, style = _wants_custom_fields(call), call.quirks.cursor_style
    limit = min(paging.limit_of(call.query), call.quirks.page_cap or paging.MAX_LIMIT)
    place = paging.place_of(call.query, style)
    rows, total = call.account.page(paging.reader(style, place, limit))
    page = rows[:limit]
    info = {
        "startCursor": paging.cursor_after(style, place, page[0], 0) if page else "",
        "endCursor": paging.cursor_after(style, place, page[-1], len(page) - 1) if page else "",
        "hasNextPage": len(rows) > limit,
    }
    texts = ",".join([_text(row, custom=custom) for row in page])
    total = max(0, total + call.quirks.total_count_offset)
    name = call.quirks.envelope.value
    return Answer(HTTPStatus.OK, f'{{"totalCount":{total},"{name}":[{texts}],"pageInfo":{json.dumps(info)}}}')


def delete(call: Call) -> Answer:
    """DELETE /v1/patients/:id: accepted; the patient is gone some time later."""
    if call.quirks.data_controller is DataController.WITHHELD:
        raise Refusal(HTTPStatus.FORBIDDEN, "This key has no Data Controller access.")
    if not call.account.delete_patient(call.path["id"], call.quirks.delete_delay):
        raise no_such_patient()
    return Answer(HTTPStatus.ACCEPTED, None)


def no_such_patient() -> Refusal:
    """404 for a patient's id that is not known."""
    return not_found("There is no patient with this id.")


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
    if not re.fullmatch(r"[^@\x00-\x20\x7f]+@[^@\x00-\x20\x7f]+", form["email"]):
        raise bad_request("The email has to be an address with an @.")
    if not _is_date(form["dob"]):
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


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _wants_custom_fields(call: Call) -> bool:
    text = call.query.get("customField", "false")
    if text not in ("true", "false"):
        raise bad_request("The customField has to be true or false.")
    return text == "true"


def _text(row: Listed, *, custom: bool) -> str:
    return f'{row.json[:-1]},"participantCustomFields":{row.custom_fields}}}' if custom else row.json


ENDPOINTS = (
    Endpoint("POST", "/v1/patients", create, form=_FORM),
    Endpoint("GET", "/v1/patients", read_all, query=frozenset(("limit", "start", "customField"))),
    Endpoint("GET", "/v1/patients/{id}", read, query=frozenset(("customField",))),
    Endpoint("DELETE", "/v1/patients/{id}", delete),
)
