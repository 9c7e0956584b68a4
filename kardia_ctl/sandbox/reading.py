"""Strict reading of what a request carries: credentials, query and form."""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl

from kardia_ctl.sandbox.calls import Presence
from kardia_ctl.sandbox.refusals import bad_request, unauthorized

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_BODY = 64 * 1024
"""The most bytes of a body that are read."""
_MAX_FIELDS = 100
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def api_key(authorization: str | None) -> str:
    """Return the user name of Basic credentials with an empty password (API reference, "Authentication").

    Raises:
        Refusal: 401.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        raise unauthorized("Basic authentication with an API key is required.")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise unauthorized("The Basic credentials cannot be decoded.") from None
    key, colon, password = text.partition(":")
    if not colon or password:
        raise unauthorized("The API key is the user name, and the password is empty.")
    return key


def query(raw: bytes, known: Collection[str]) -> dict[str, str]:
    """Return the query parameters.

    Raises:
        Refusal: 400 for an unknown or repeated parameter, or a wrong encoding.
    """
    return _pairs(raw, "query parameter", known)


def form(content_type: str | None, body: bytes, fields: Mapping[str, Presence]) -> dict[str, str]:
    """Return the fields of a form-encoded body.

    Raises:
        Refusal: 400 for another content type or encoding, and for an unknown, repeated or missing field.
    """
    if len(body) > MAX_BODY:
        raise bad_request(f"The body is longer than {MAX_BODY} bytes.")
    if not fields:
        if body:
            raise bad_request("This request takes no body.")
        return {}
    media, _, parameters = (content_type or "").partition(";")
    if media.strip().lower() != FORM_TYPE or parameters.strip().lower() not in ("", "charset=utf-8"):
        raise bad_request(f"The body has to be {FORM_TYPE} in UTF-8.")
    given = _pairs(body, "field", fields)
    for name, presence in fields.items():
        if presence is Presence.REQUIRED and not given.get(name):
            raise bad_request(f"The field {name} is missing.")
    return given


def _pairs(raw: bytes, noun: str, known: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _decoded(raw, noun):
        if name not in known:
            raise bad_request(f"There is a {noun} that is not known here.")
        if name in found:
            raise bad_request(f"The {noun} {name} is given twice.")
        if _CONTROL.search(value):
            raise bad_request(f"The {noun} {name} holds a control character.")
        found[name] = value
    return found


def _decoded(raw: bytes, noun: str) -> list[tuple[str, str]]:
    if not raw:
        return []
    try:
        text = raw.decode()
        if _BAD_ESCAPE.search(text):
            raise bad_request(f"A {noun} is not percent-encoded.")
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except UnicodeDecodeError:
        raise bad_request(f"A {noun} is not UTF-8.") from None
    except ValueError:
        raise bad_request(f"A {noun} is not of the form name=value.") from None
