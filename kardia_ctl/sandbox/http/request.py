"""Reading what a request carries: query, form, JSON. Strictly, or leaving aside what is not known."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from kardia_ctl.sandbox.error_answers import Refusal, bad_request
from kardia_ctl.sandbox.http.endpoint import Endpoint, Member, Presence
from kardia_ctl.sandbox.quirks import Strictness

FORM_TYPE = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"
MAX_BODY = 64 * 1024
"""The most bytes of a body that are read."""
_MAX_FIELDS = 100
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_FORMS = (JSON_TYPE, "multipart/form-data", "text/plain")


class Body:
    """The body of a request, to be read as its endpoint declares."""

    def __init__(self, content_type: str | None, content: bytes, strictness: Strictness) -> None:
        media, _, parameters = (content_type or "").partition(";")
        self._media = media.strip().lower()
        self._parameters = parameters.strip().lower()
        self._content = content
        self._strictness = strictness

    def check(self, endpoint: Endpoint) -> None:
        """Refuse what is too long, and what belongs to no body.

        Raises:
            Refusal: 400.
        """
        if len(self._content) > MAX_BODY:
            raise bad_request(f"The body is longer than {MAX_BODY} bytes.")
        takes = endpoint.form or endpoint.json
        if self._content and not takes and self._strictness is Strictness.STRICT:
            raise bad_request("This request takes no body.")

    def form(self, fields: Mapping[str, Presence]) -> dict[str, str]:
        """Return the fields of a form-encoded body.

        Raises:
            Refusal: 400 for another content type or encoding, and for an unknown, repeated or missing field.
        """
        if not fields:
            return {}
        if not self._is_form():
            raise bad_request(f"The body has to be {FORM_TYPE} in UTF-8.")
        given = _pairs(self._content, "field", fields, self._strictness)
        for name, presence in fields.items():
            if presence is Presence.REQUIRED and not given.get(name):
                raise bad_request(f"The field {name} is missing.")
        return given

    def json(self, members: Mapping[str, Member]) -> dict[str, Any]:
        """Return the members of a JSON object. The content type may be a form's, for curl -d says so.

        Raises:
            Refusal: 400 for what is no JSON object, and for an unknown, wrong or missing member.
        """
        if not members:
            return {}
        if self._strictness is Strictness.STRICT and self._media not in (JSON_TYPE, FORM_TYPE):
            raise bad_request(f"The body has to be {JSON_TYPE}.")
        given = _object(self._content)
        if self._strictness is Strictness.LENIENT:
            given = {name: given[name] for name in members if given.get(name) not in (None, "")}
        if set(given) - set(members):
            raise bad_request("There is a member that is not known here.")
        for name, member in members.items():
            _check(name, member, given)
        return given

    def _is_form(self) -> bool:
        if self._strictness is Strictness.LENIENT:
            return self._media not in _NOT_FORMS
        return self._media == FORM_TYPE and self._parameters in ("", "charset=utf-8")


def query(raw: bytes, known: Collection[str], strictness: Strictness) -> dict[str, str]:
    """Return the query parameters.

    Raises:
        Refusal: 400 for an unknown or repeated parameter, or a wrong encoding.
    """
    return _pairs(raw, "query parameter", known, strictness)


def _object(content: bytes) -> dict[str, Any]:
    try:
        given = json.loads(content, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise bad_request("The body is not JSON.") from None
    if not isinstance(given, dict):
        raise bad_request("The body has to be a JSON object.")
    return given


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise bad_request("A member is given twice.")
    return dict(pairs)


def _no_constant(_name: str) -> Refusal:
    raise bad_request("The body is not JSON.")


def _check(name: str, member: Member, given: Mapping[str, Any]) -> None:
    if name not in given:
        if member.presence is Presence.REQUIRED:
            raise bad_request(f"The member {name} is missing.")
        return
    value = given[name]
    if type(value) not in member.kinds:
        raise bad_request(f"The member {name} is of the wrong type.")
    if isinstance(value, str):
        if member.presence is Presence.REQUIRED and not value:
            raise bad_request(f"The member {name} is missing.")
        if _CONTROL.search(value) or not _is_text(value):
            raise bad_request(f"The member {name} holds a character that no text has.")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _pairs(raw: bytes, noun: str, known: Collection[str], strictness: Strictness) -> dict[str, str]:
    found: dict[str, str] = {}
    lenient = strictness is Strictness.LENIENT
    for name, value in _decoded(raw, noun, strictness):
        if lenient and (name not in known or not value):
            continue
        if name not in known:
            raise bad_request(f"There is a {noun} that is not known here.")
        if name in found:
            raise bad_request(f"The {noun} {name} is given twice.")
        if _CONTROL.search(value):
            raise bad_request(f"The {noun} {name} holds a control character.")
        found[name] = value
    return found


def _decoded(raw: bytes, noun: str, strictness: Strictness) -> list[tuple[str, str]]:
    if not raw:
        return []
    strict = strictness is Strictness.STRICT
    try:
        text = raw.decode()
        if strict and _BAD_ESCAPE.search(text):
            raise bad_request(f"A {noun} is not percent-encoded.")
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=strict, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except UnicodeDecodeError:
        raise bad_request(f"A {noun} is not UTF-8.") from None
    except ValueError:
        raise bad_request(f"A {noun} is not of the form name=value.") from None
