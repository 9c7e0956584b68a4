"""The messages of errors: which request, how it ended, what to do next, and nothing about a person."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from kardia_ctl.api.answer import Answer, error_entries
from kardia_ctl.api.endpoints import Endpoint
from kardia_ctl.api.outcomes import Conclusion, Ending
from kardia_ctl.api.schemas import ErrorEntry
from kardia_ctl.api.scrubbing.scrub import Scrubber

_ERRORS_SHOWN: Final = 3
_SHOWN: Final = 200
_PAGE_SHOWN: Final = 80
_READ: Final = 5000
"""Bytes of a body that are examined: more than are printed, so that a cut value is not."""
_KINDS: Final = frozenset(
    {
        "application/json", "application/octet-stream", "application/pdf", "application/problem+json",
        "application/vnd.api+json", "application/x-www-form-urlencoded", "application/xhtml+xml",
        "application/xml", "image/png", "multipart/form-data", "text/csv", "text/html", "text/plain",
        "text/xml",
    }
)  # fmt: skip
"""The content types that are named; a server may write anything in this header."""
_TITLE: Final = re.compile(r"<title[^<>]*>([^<]*)", re.IGNORECASE)
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
    endpoint: Endpoint,
    ending: Ending,
    conclusion: Conclusion,
    answer: Answer | None,
    reason: str,
    tries: int,
    *,
    remedy: str = "",
) -> str:
    """One line for a person. ``reason`` is safe to print already; ``tries`` counts what was sent.

    ``remedy`` is the next step where more is known than the ending says.
    """
    status_text = _status_text(ending, answer)
    detail = f": {reason.rstrip('.')}" if reason else ""
    often = f" after {tries} tries" if tries > 1 else ""
    status = answer.status if answer else 0
    remedy = remedy or _NEXT_OF_STATUS.get(status) or _NEXT.get(ending, "run again")
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


def describe_answer(endpoint: Endpoint, answer: Answer, hidden: Iterable[str], scrub: Scrubber) -> str:
    """What an answer that is no success contains: its errors, or else its type and how it begins.

    Every text of the server goes through ``scrub``, without what the request held (``hidden``). What may
    describe a person is not quoted: of an answer in 2xx nothing but a page; of the errors of a patient's
    endpoint no detail.
    """

    def shown(text: str, limit: int = _SHOWN) -> str:
        return scrub(text, hidden, limit, kept=str(answer.status))

    hidden = tuple(hidden)
    if 300 <= answer.status < 400:
        return _redirect(answer.location, shown)
    quoted = not endpoint.personal and answer.status != _ABOUT_ANOTHER
    if entries := error_entries(answer):
        text: str = "; ".join(_entry_text(entry, shown, detailed=quoted) for entry in entries[:_ERRORS_SHOWN])
        return f"{text}; and {len(entries) - _ERRORS_SHOWN} more" if len(entries) > _ERRORS_SHOWN else text
    if not answer.body.strip():
        return ""
    kind = _content_type(answer.content_type)
    if answer.is_page and (title := _TITLE.search(_text(answer.body))):
        return f"{kind}, titled {shown(title[1], _PAGE_SHOWN)!r}"
    if not quoted or (answer.is_success and not answer.is_page):
        return f"{kind}, {len(answer.body)} bytes"
    return f"{kind}, beginning {shown(_text(answer.body), _PAGE_SHOWN)!r}"


def _content_type(header: str) -> str:
    kind = header.partition(";")[0].strip().lower()
    return (kind if kind in _KINDS else "an unusual content type") if header else "no content type"


def _redirect(location: str, shown: Callable[[str], str]) -> str:
    try:
        parts = urlsplit(location)
        host = parts.hostname
    except ValueError:
        return ""
    if not host:
        return "a redirect"
    return f"a redirect to {shown(f'{parts.scheme}://{host}')}"


def _text(body: bytes) -> str:
    return body[:_READ].decode("utf-8", "replace")


def _entry_text(entry: ErrorEntry, shown: Callable[[str], str], *, detailed: bool) -> str:
    title = entry.title or entry.code or entry.status or "an error without a title"
    code = f" ({entry.code})" if entry.code and entry.title else ""
    detail = f": {entry.detail}" if entry.detail and detailed else ""
    return shown(f"{title}{code}{detail}")
