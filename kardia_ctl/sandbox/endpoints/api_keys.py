"""API keys (API reference, "Authentication")."""

from starlette.responses import Response

from kardia_ctl.sandbox.http.error_responses import unauthorized
from kardia_ctl.sandbox.http.route import Access, EndpointCall, Presence, Route, ok
from kardia_ctl.sandbox.quirks import OldKey


def read(call: EndpointCall) -> Response:
    """POST /v1/apikey: the newest key of an e-mail address and password."""
    key = call.account.keys.of_login(call.form["email"], call.form["password"])
    if key is None:
        raise unauthorized("The email or the password is wrong.")
    return ok({"apiKey": key})


def renew(call: EndpointCall) -> Response:
    """POST /v1/apikey/new: a new key; without the password, this response is its only copy."""
    return ok({"apiKey": call.account.keys.renew(call.key, revoke=call.quirks.old_key is OldKey.REVOKED)})


ROUTES = (
    Route(
        "POST",
        "/v1/apikey",
        read,
        form={"email": Presence.REQUIRED, "password": Presence.REQUIRED},
        access=Access.ANYONE,
    ),
    Route("POST", "/v1/apikey/new", renew),
)
