"""An answer of the API and its JSON, read tolerantly: unknown fields, missing fields, null and odd types."""

import json
import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final, TypeVar

import msgspec

from kardia_ctl.api.schemas import ErrorEntry, ErrorList, PageInfo, Scalar, Verdict

T = TypeVar("T")

_MOST_ERRORS: Final = 100
_NUMBER: Final = re.compile(r"\s*[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\s*", re.ASCII)
"""A number as text. Python reads more than that: other scripts' digits, and ``1_000``."""
_OK: Final = 200
_MULTI_STATUS: Final = 207
_NO: Final = (False, "false")
_FAILURES: Final = frozenset({"error", "failed", "failure"})
_LEAST_FAILURE: Final = 400
_BOM: Final = b"\xef\xbb\xbf"
"""The byte order mark that some servers put before their JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read to its end, or (``complete`` False) to the bound.

    ``wait`` is the Retry-After in seconds, ``location`` the target of a redirect, ``date`` the server's Date
    as it was sent, ``tls`` the version of TLS, such as TLSv1.3; empty without one.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    complete: bool = True
    wait: float | None = None
    location: str = field(default="", repr=False)
    date: str = ""
    tls: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the status is in 2xx."""
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Whether it is HTML or XML: a proxy or gateway answered, not the API."""
        return "html" in self.content_type or self.body.lstrip()[:1] == b"<"

    @property
    def is_array(self) -> bool:
        """Whether the body begins as a JSON array."""
        return self.body.removeprefix(_BOM).lstrip().startswith(b"[")


class UnreadableAnswer(Exception):  # noqa: N818  (it names an ending)
    """The body is not JSON, or not complete. The text does not quote it."""


class UnexpectedAnswer(Exception):  # noqa: N818  (it names an ending)
    """The body is JSON without the expected content. The text holds none of its values."""


def decode_json(answer: Answer, shape: type[T]) -> T:
    """The body, decoded as a shape.

    Raises:
        UnreadableAnswer: it is not JSON, or not complete.
        UnexpectedAnswer: it is JSON of another shape.
    """
    check_complete(answer)
    try:
        return msgspec.json.decode(answer.body.removeprefix(_BOM), type=shape)
    except msgspec.ValidationError as error:
        # "Expected `str`, got `int` - at `$.url`": types and places, never values.
        raise UnexpectedAnswer(f"the answer has another shape: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        check_no_page(answer)
        raise UnreadableAnswer("the answer is not JSON") from None
    except RecursionError:
        raise UnreadableAnswer("the answer is nested too deeply") from None


def error_entries(answer: Answer) -> tuple[ErrorEntry, ...]:
    """The ``errors`` of an answer, whatever its status; empty when it has none that can be read."""
    try:
        errors = decode_json(answer, ErrorList).errors
    except (UnreadableAnswer, UnexpectedAnswer):
        return ()
    if not errors:
        return ()
    entries = errors if isinstance(errors, list) else [errors]
    return tuple(_error_entry(entry) for entry in entries[:_MOST_ERRORS])


def _error_entry(entry: Any) -> ErrorEntry:
    try:
        return msgspec.convert(entry, ErrorEntry)
    except msgspec.ValidationError:
        return ErrorEntry()


def check_complete(answer: Answer) -> None:
    """Raise ``UnreadableAnswer`` when the body was larger than the bound."""
    if not answer.complete:
        raise UnreadableAnswer("the answer is larger than the bound")


def check_no_page(answer: Answer) -> None:
    """Raise ``UnreadableAnswer`` when a web page answered in place of the API."""
    if answer.is_page:
        raise UnreadableAnswer("the answer is a web page")


def check_no_errors(answer: Answer) -> None:
    """Raise ``UnexpectedAnswer`` when the answer has errors in spite of its status."""
    if error_entries(answer):
        raise UnexpectedAnswer("the answer holds errors in spite of its status")


def check_accepted(answer: Answer) -> None:
    """Raise ``UnexpectedAnswer`` when a 2xx says itself that it is no success, or one only in part.

    ``errors`` is the API's own word (API reference, "Errors"); gateways write ``error`` or ``success``.
    """
    check_no_errors(answer)
    if answer.status == _MULTI_STATUS or answer.body.strip() == b"false":
        raise UnexpectedAnswer("the answer does not say that the request was accepted")
    try:
        verdict = decode_json(answer, Verdict)
    except (UnreadableAnswer, UnexpectedAnswer):
        return
    denied = verdict.error or verdict.success in _NO or verdict.ok in _NO
    if denied or _is_failure(verdict.status) or _is_failure(verdict.statusCode):
        raise UnexpectedAnswer("the answer says that the request failed, in spite of its status")


def _is_failure(status: object) -> bool:
    """Whether a status in a body is a failure: a word for it, or a status of HTTP."""
    if isinstance(status, str) and status.casefold() in _FAILURES:
        return True
    code = number(status) if isinstance(status, int | float | str) else None
    return code is not None and code >= _LEAST_FAILURE


def check_certain(answer: Answer) -> None:
    """Raise ``UnexpectedAnswer`` unless it is the API's whole answer, and says each thing once.

    Other statuses of success mean less: 202 is not ready, 203 was altered on its way, 206 is a part
    (RFC 9110, 15.3). Of a key that is repeated, in whatever letters, nobody knows which value counts.
    """
    if answer.status != _OK:
        raise UnexpectedAnswer(f"the answer has status {answer.status}, and only {_OK} is a whole answer")
    try:
        json.loads(answer.body.decode("utf-8-sig"), object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError):
        raise UnexpectedAnswer("the answer repeats a key, or is not plain JSON") from None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name.casefold() for name, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def next_cursor(info: PageInfo | None) -> str | None:
    """The cursor of the next page; None when this is the last.

    Raises:
        UnexpectedAnswer: there is a next page and no cursor.
    """
    if info is None or info.has_next_page in {None, False, "false", ""}:
        return None
    cursor = text(info.end_cursor)
    if not cursor:
        raise UnexpectedAnswer("the answer claims a further page and gives no cursor to it")
    return cursor


def text(value: Scalar) -> str:
    """A value as text; empty for null."""
    return "" if value is None else str(value)


def optional_text(value: Scalar) -> str | None:
    """A value as text; None for null."""
    return None if value is None else str(value)


def number(value: Scalar) -> float | None:
    """A finite number, however it was sent; None for anything else."""
    if value is None or isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        return None
    try:
        parsed = float(value)
    except (ValueError, OverflowError):
        return None
    return parsed if isfinite(parsed) else None


def whole_number(value: Scalar) -> int | None:
    """A whole number, however it was sent; None for anything else."""
    parsed = number(value)
    return int(parsed) if parsed is not None and parsed.is_integer() else None
