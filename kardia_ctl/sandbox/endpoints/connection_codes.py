"""Connection templates and codes, disconnection, and mobile users.

Source: API reference, "Get Connection Templates", "Get Connection Code", "Disconnect patient connection",
"Create User".
"""

import re
from http import HTTPStatus
from typing import assert_never

from starlette.responses import Response

from kardia_ctl.sandbox.endpoints.patients import check_address, no_such_patient
from kardia_ctl.sandbox.http.error_responses import bad_request, conflict, not_found
from kardia_ctl.sandbox.http.route import EndpointCall, Presence, Route, ok
from kardia_ctl.sandbox.quirks import Disconnected, DuplicateUser


def templates(call: EndpointCall) -> Response:
    """GET /v1/teamConnectionTemplate: a bare array."""
    return ok(
        [
            {
                "teamID": template.team_id,
                "templateName": template.name,
                "templateId": template.id,
                "duration": template.duration,
                "price": template.price,
            }
            for template in call.account.settings.templates()
        ]
    )


def code(call: EndpointCall) -> Response:
    """GET /v1/patients/:id/code: the valid code of the patient and template, minted if there is none."""
    known = [template.id for template in call.account.settings.templates()]
    template = call.query.get("template_id", known[0] if known else None)
    if template is None or template not in known:
        raise not_found("There is no template with this id.")
    valid = call.account.connections.valid_code(call.path["id"], template)
    if valid is None:
        raise no_such_patient()
    return ok({"code": valid.code, "status": valid.status.value})


def disconnect(call: EndpointCall) -> Response:
    """POST /v1/patients/:id/disconnect: ends the connection and its codes; an empty response."""
    if not call.account.connections.disconnect(call.path["id"]):
        raise no_such_patient()
    return ok({}) if call.quirks.disconnected is Disconnected.OBJECT else Response()


def create_user(call: EndpointCall) -> Response:
    """POST /v1/users: a request id; the patient is connected after `Quirks.user_delay`."""
    form, account = call.form, call.account
    check_user(call, form["email"], form["countryCode"])
    patient_id = form["patientId"]
    if account.patients.get(patient_id) is None:
        raise no_such_patient()
    account.connections.add_user(form["email"], form["countryCode"])
    if call.quirks.user_delay:
        account.defer(call.quirks.user_delay, lambda: account.connections.connect(patient_id))
    else:
        account.connections.connect(patient_id)
    return ok({"requestId": account.new_id()}, HTTPStatus(int(call.quirks.user_status.value)))


def check_user(call: EndpointCall, email: str, country: str) -> None:
    """Refuse a user that cannot be created.

    Raises:
        RequestError: 400, or 409 for a known address where `Quirks.duplicate_user` says so.
    """
    check_address(email)
    if not re.fullmatch(r"[A-Za-z]{2}", country):
        raise bad_request("The country code must be two letters (ISO 3166-1 alpha-2).")
    if not call.account.connections.has_user(email):
        return
    match call.quirks.duplicate_user:
        case DuplicateUser.ACCEPTED:
            return
        case DuplicateUser.CONFLICT:
            raise conflict("There is already a user with this email.")
        case DuplicateUser.BAD_REQUEST:
            raise bad_request("There is already a user with this email.")
        case other:
            assert_never(other)


ROUTES = (
    Route("GET", "/v1/teamConnectionTemplate", templates),
    Route("GET", "/v1/patients/{id}/code", code, query=frozenset(("template_id",))),
    Route("POST", "/v1/patients/{id}/disconnect", disconnect),
    Route(
        "POST",
        "/v1/users",
        create_user,
        form=dict.fromkeys(("email", "password", "countryCode", "patientId"), Presence.REQUIRED),
    ),
)
