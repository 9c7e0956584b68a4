"""The messages of errors: which request, how it ended, what to do next, and nothing about a person."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from kardia_ctl.api.answer import Answer, error_entries
from kardia_ctl.api.endpoints import Endpoint
from kardia_ctl.api.outcomes import Conclusion, Ending
from kardia_ctl.api.schemas import ErrorEntry
from kardia_ctl.api.scrub import redacted

_ERRORS_SHOWN: Final = 3
_PAGE_SHOWN: Final = 80
_TYPE_SHOWN: Final = 60
_TITLE: Final = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
_ABOUT_ANOTHER: Final = 409
"""A conflict's detail describes what exists already: another patient."""

_NEXT: Final = {
    Ending.UNSENT: "run again later",
    Ending.NEVER_CONNECTED: "check the endpoint, the network and the proxy",
    Ending.LOST: "check the network and run again",
    Ending.UNREADABLE: "check that the endpoint is the Kardia API and that no proxy answers in its place",
    Ending.UNEXPECTED: "run again; if it stays, report it to the vendor",
    Ending.REDIRECT: "check the endpoint and the region; redirects are not followed",
    Ending.REFUSED: "check what was declared and what the key may do",
    Ending.UNAUTHORIZED: "check KARDIA_API_KEY, and that its region is the configured one",
    Ending.THROTTLED: "run again later, or with a lower --parallelism",
    Ending.EARLY: "run again later",
    Ending.OTHER_CLIENT_ERROR: "check that the endpoint is the Kardia API",
    Ending.SERVER_ERROR: "run again later",
}
_NEXT_OF_STATUS: Final = {
    403: "ask the vendor whether the key may do this",
    404: "check the id and the region",
    409: "look whether it exists already",
}
_NOT_ALLOWED: Final = (401, 403)
_GUARDED: Final = (
    "ask the vendor whether the key has Data Controller access, which deleting and exporting need; without "
    "it take the departure out"
)
_KNOWN: Final = {
    Conclusion.IN_DOUBT: "; it may have taken effect",
    Conclusion.NOT_EXECUTED: "; it was not executed",
}


def error_message(
    endpoint: Endpoint, ending: Ending, conclusion: Conclusion, answer: Answer | None, reason: str, tries: int
) -> str:
    """One line for a person. ``reason`` is safe to print already; ``tries`` counts what was sent."""
    status_text = _status_text(ending, answer)
    detail = f": {reason.rstrip('.')}" if reason else ""
    often = f" after {tries} tries" if tries > 1 else ""
    status = answer.status if answer else 0
    remedy = _NEXT_OF_STATUS.get(status) or _NEXT.get(ending, "run again")
    if endpoint.guarded and status in _NOT_ALLOWED:
        remedy = _GUARDED
    return f"{endpoint}: {status_text}{often}{detail}{_KNOWN.get(conclusion, '')}. Next: {remedy}"


def _status_text(ending: Ending, answer: Answer | None) -> str:
    if ending is Ending.UNAUTHORIZED:
        return "401: the key is not accepted"
    if answer is None:
        return str(ending.value)
    try:
        phrase: str = HTTPStatus(answer.status).phrase
    except ValueError:
        return str(answer.status)
    return f"{answer.status} {phrase}"


def describe_answer(endpoint: Endpoint, answer: Answer, hidden: Iterable[str]) -> str:
    """What an answer that is no success contains: its errors, or else its type and how it begins.

    What may describe a person is not quoted: of an answer in 2xx nothing but a page; of the errors of a
    patient's endpoint no detail, unless it is about the patient who was sent, whose values are ``hidden``.
    """
    hidden = tuple(hidden)
    if 300 <= answer.status < 400:
        return _redirect(answer.location, hidden)
    quoted = not endpoint.personal and answer.status != _ABOUT_ANOTHER
    if entries := error_entries(answer):
        text: str = "; ".join(
            _entry_text(entry, hidden, detailed=quoted) for entry in entries[:_ERRORS_SHOWN]
        )
        return f"{text}; and {len(entries) - _ERRORS_SHOWN} more" if len(entries) > _ERRORS_SHOWN else text
    if not answer.body.strip():
        return ""
    kind = redacted(answer.content_type or "no content type", hidden, _TYPE_SHOWN)
    if answer.is_page and (title := _TITLE.search(_text(answer.body))):
        return f"{kind}, titled {redacted(title[1], hidden, _PAGE_SHOWN)!r}"
    if not quoted or (answer.is_success and not answer.is_page):
        return f"{kind}, {len(answer.body)} bytes"
    return f"{kind}, beginning {redacted(_text(answer.body), hidden, _PAGE_SHOWN)!r}"


def _redirect(location: str, hidden: Iterable[str]) -> str:
    try:
        parts = urlsplit(location)
        host = parts.hostname
    except ValueError:
        return ""
    return f"a redirect to {redacted(f'{parts.scheme}://{host}', hidden)}" if host else "a redirect"


def _text(body: bytes) -> str:
    return body[:2000].decode("utf-8", "replace")


def _entry_text(entry: ErrorEntry, hidden: Iterable[str], *, detailed: bool) -> str:
    title = entry.title or entry.code or entry.status or "an error without a title"
    code = f" ({entry.code})" if entry.code and entry.title else ""
    detail = f": {entry.detail}" if entry.detail and detailed else ""
    return redacted(f"{title}{code}{detail}", hidden)
