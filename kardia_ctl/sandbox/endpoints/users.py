"""Kardia Mobile users (API reference, "Create User")."""

import re
from http import HTTPStatus
from typing import assert_never

from kardia_ctl.sandbox.endpoints.patients import is_address, no_such_patient
from kardia_ctl.sandbox.error_answers import Refusal, bad_request
from kardia_ctl.sandbox.http.endpoint import Answer, Call, Endpoint, Presence, ok
from kardia_ctl.sandbox.quirks import DuplicateUser, UserStatus


def create(call: Call) -> Answer:
    """POST /v1/users: a request's id; the user is connected to the patient's team, soon."""
    form, account = call.form, call.account
    check(call, form["email"], form["countryCode"])
    patient_id = form["patientId"]
    if account.patient(patient_id) is None:
        raise no_such_patient()
    account.life.add_user(form["email"], form["countryCode"])
    if call.quirks.user_delay:
        account.defer(call.quirks.user_delay, lambda: account.life.connect(patient_id))
    else:
        account.life.connect(patient_id)
    created = call.quirks.user_status is UserStatus.CREATED
    return ok({"requestId": account.new_id()}, HTTPStatus.CREATED if created else HTTPStatus.OK)


def check(call: Call, email: str, country: str) -> None:
    """Refuse a user that cannot be made.

    Raises:
        Refusal: 400, or what `Quirks.duplicate_user` says for an address that has a user.
    """
    if not is_address(email):
        raise bad_request("The email has to be an address with an @.")
    if not re.fullmatch(r"[A-Za-z]{2}", country):
        raise bad_request("The country code has to be two letters (ISO 3166-1 alpha-2).")
    if not call.account.life.has_user(email):
        return
    match call.quirks.duplicate_user:
        case DuplicateUser.ACCEPTED:
            return
        case DuplicateUser.CONFLICT:
            raise Refusal(HTTPStatus.CONFLICT, "There is a user with this email.")
        case DuplicateUser.BAD_REQUEST:
            raise bad_request("There is a user with this email.")
        case other:
            assert_never(other)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/users",
        create,
        form=dict.fromkeys(("email", "password", "countryCode", "patientId"), Presence.REQUIRED),
    ),
)
