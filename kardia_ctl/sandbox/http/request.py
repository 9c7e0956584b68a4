"""Reads a request's API key, query, form and JSON: strictly, or ignoring what is unknown."""

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from kardia_ctl.sandbox.http.error_responses import RequestError, bad_request, unauthorized
from kardia_ctl.sandbox.http.route import Api, Member, Presence, Route
from kardia_ctl.sandbox.quirks import Strictness

FORM_TYPE = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"
MAX_BODY = 64 * 1024
"""The maximum size of a body, in bytes."""
_MAX_FIELDS = 100
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters and lone surrogates."""
_NOT_FORMS = (JSON_TYPE, "multipart/form-data", "text/plain")
_CHALLENGES = {Api.V1: "Basic", Api.PRO: "Bearer"}


def api_key(authorization: str | None, api: Api, strictness: Strictness) -> str:
    """Return the API key of an Authorization header.

    v1 accepts Basic credentials with an empty password (API reference, "Authentication"), pro the bare key or
    a bearer token (Kardia Pro reference, "Authentication" and "PUT callback"); lenient, both accept all.

    Raises:
        RequestError: 401.
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


async def read_body(request: Request) -> bytes:
    """Return a request's body, cut off once it is longer than `MAX_BODY`."""
    body = b""
    async for chunk in request.stream():
        if len(body) <= MAX_BODY:
            body += chunk
    return body


class Body:
    """The body of a request, read as its route declares."""

    def __init__(self, content_type: str | None, content: bytes, strictness: Strictness) -> None:
        media, _, parameters = (content_type or "").partition(";")
        self._media = media.strip().lower()
        self._parameters = parameters.strip().lower()
        self._content = content
        self._strictness = strictness

    def check(self, route: Route) -> None:
        """Refuse a body that is too long, or that the route does not accept.

        Raises:
            RequestError: 400.
        """
        if len(self._content) > MAX_BODY:
            raise bad_request(f"The body is longer than {MAX_BODY} bytes.")
        takes = route.form or route.json
        if self._content and not takes and self._strictness is Strictness.STRICT:
            raise bad_request("This endpoint accepts no body.")

    def form(self, fields: Mapping[str, Presence]) -> dict[str, str]:
        """Return the fields of a form-encoded body.

        Raises:
            RequestError: 400 for another content type or encoding, or an unknown, repeated or missing field.
        """
        if not fields:
            return {}
        if not self._is_form():
            raise bad_request(f"The body must be {FORM_TYPE} in UTF-8.")
        given = _pairs(self._content, "field", fields, self._strictness)
        for name, presence in fields.items():
            if presence is Presence.REQUIRED and not given.get(name):
                raise bad_request(f"The field {name} is required.")
        return given

    def json(self, members: Mapping[str, Member]) -> dict[str, Any]:
        """Return the members of a JSON object. The content type may be a form's, which curl -d sends.

        Raises:
            RequestError: 400 for anything but a JSON object, or an unknown, wrong or missing member.
        """
        if not members:
            return {}
        if self._strictness is Strictness.STRICT and self._media not in (JSON_TYPE, FORM_TYPE):
            raise bad_request(f"The body must be {JSON_TYPE}.")
        given = _object(self._content)
        if self._strictness is Strictness.LENIENT:
            given = {name: given[name] for name in members if given.get(name) not in (None, "")}
        if set(given) - set(members):
            raise bad_request("The body has an unknown member.")
        for name, member in members.items():
            _check(name, member, given)
        return given

    def _is_form(self) -> bool:
        if self._strictness is Strictness.LENIENT:
            return self._media not in _NOT_FORMS
        return self._media == FORM_TYPE and self._parameters in ("", "charset=utf-8")


def query_parameters(raw: bytes, known: Collection[str], strictness: Strictness) -> dict[str, str]:
    """Return the query parameters.

    Raises:
        RequestError: 400 for an unknown or repeated parameter, or a wrong encoding.
    """
    return _pairs(raw, "query parameter", known, strictness)


def _object(content: bytes) -> dict[str, Any]:
    try:
        given = json.loads(content, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON.") from None
    if not isinstance(given, dict):
        raise bad_request("The body must be a JSON object.")
    return given


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise bad_request("The body has a duplicate member.")
    return dict(pairs)


def _no_constant(_name: str) -> RequestError:
    raise bad_request("The body is not valid JSON.")


def _check(name: str, member: Member, given: Mapping[str, Any]) -> None:
    if name not in given:
        if member.presence is Presence.REQUIRED:
            raise bad_request(f"The member {name} is required.")
        return
    value = given[name]
    if type(value) not in member.kinds:
        raise bad_request(f"The member {name} has the wrong type.")
    if isinstance(value, str):
        if member.presence is Presence.REQUIRED and not value:
            raise bad_request(f"The member {name} is required.")
        if _NOT_TEXT.search(value):
            raise bad_request(f"The member {name} contains a control character or a lone surrogate.")


def _pairs(raw: bytes, noun: str, known: Collection[str], strictness: Strictness) -> dict[str, str]:
    pairs: dict[str, str] = {}
    lenient = strictness is Strictness.LENIENT
    for name, value in _decoded(raw, noun, strictness):
        if lenient and (name not in known or not value):
            continue
        if name not in known:
            raise bad_request(f"There is an unknown {noun}.")
        if name in pairs:
            raise bad_request(f"The {noun} {name} is repeated.")
        if _NOT_TEXT.search(value):
            raise bad_request(f"The {noun} {name} contains a control character.")
        pairs[name] = value
    return pairs


def _decoded(raw: bytes, noun: str, strictness: Strictness) -> list[tuple[str, str]]:
    if not raw:
        return []
    strict = strictness is Strictness.STRICT
    try:
        text = raw.decode()
        if strict and _BAD_ESCAPE.search(text):
            raise bad_request(f"A {noun} is not percent-encoded correctly.")
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=strict, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except UnicodeDecodeError:
        raise bad_request(f"A {noun} is not UTF-8.") from None
    except ValueError:
        raise bad_request(f"A {noun} does not have the form name=value.") from None
