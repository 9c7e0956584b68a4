"""Kardia Mobile users (API reference, "Create User")."""

import re
from http import HTTPStatus
from typing import assert_never

from starlette.responses import Response

from kardia_ctl.sandbox.endpoints.patients import check_address, no_such_patient
from kardia_ctl.sandbox.http.error_responses import bad_request, conflict
from kardia_ctl.sandbox.http.route import EndpointCall, Presence, Route, ok
from kardia_ctl.sandbox.quirks import DuplicateUser, UserStatus


def create(call: EndpointCall) -> Response:
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
    created = call.quirks.user_status is UserStatus.CREATED
    return ok({"requestId": account.new_id()}, HTTPStatus.CREATED if created else HTTPStatus.OK)


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
    Route(
        "POST",
        "/v1/users",
        create,
        form=dict.fromkeys(("email", "password", "countryCode", "patientId"), Presence.REQUIRED),
    ),
)
