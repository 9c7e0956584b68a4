"""Where a request says its API key: as Basic user name, as bearer token, or bare."""

import base64
import binascii

from kardia_ctl.sandbox.error_answers import unauthorized
from kardia_ctl.sandbox.http.endpoint import Api
from kardia_ctl.sandbox.quirks import Strictness

_CHALLENGES = {Api.V1: "Basic", Api.PRO: "Bearer"}


def api_key(authorization: str | None, api: Api, strictness: Strictness) -> str:
    """Return the API key of an Authorization header.

    v1 takes Basic credentials with an empty password (API reference, "Authentication"), pro the bare key or a
    bearer token (Kardia Pro reference, "Authentication" and "PUT callback").

    Raises:
        Refusal: 401.
    """
    scheme, space, rest = (authorization or "").partition(" ")
    lenient = strictness is Strictness.LENIENT
    match scheme.lower():
        case "basic" if space and (lenient or api is Api.V1):
            return _basic(rest.strip(), _CHALLENGES[api], any_password=lenient)
        case "bearer" if space and rest.strip() and (lenient or api is Api.PRO):
            return rest.strip()
        case bare if bare and not space and (lenient or api is Api.PRO):
            return scheme
    if api is Api.PRO:
        raise unauthorized("The API key is required, bare or as a bearer token.", "Bearer")
    raise unauthorized("Basic authentication with an API key is required.")


def _basic(encoded: str, challenge: str, *, any_password: bool) -> str:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise unauthorized("The Basic credentials cannot be decoded.", challenge) from None
    key, colon, password = text.partition(":")
    if not colon or (password and not any_password):
        raise unauthorized("The API key is the user name, and the password is empty.", challenge)
    return key
