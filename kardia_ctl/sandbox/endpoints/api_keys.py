"""API keys (API reference, "Authentication")."""

from kardia_ctl.sandbox.error_answers import unauthorized
from kardia_ctl.sandbox.http.endpoint import Access, Answer, Call, Endpoint, Presence, ok
from kardia_ctl.sandbox.quirks import OldKey


def read(call: Call) -> Answer:
    """POST /v1/apikey: the newest key, for the e-mail address and password of the account."""
    key = call.account.key_for(call.form["email"], call.form["password"])
    if key is None:
        raise unauthorized("The email or the password is wrong.")
    return ok({"apiKey": key})


def renew(call: Call) -> Answer:
    """POST /v1/apikey/new: a new key; this answer is its only copy for who has no password."""
    return ok({"apiKey": call.account.new_key(call.key, revoke=call.quirks.old_key is OldKey.REVOKED)})


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/apikey",
        read,
        form={"email": Presence.REQUIRED, "password": Presence.REQUIRED},
        access=Access.ANYONE,
    ),
    Endpoint("POST", "/v1/apikey/new", renew),
)
