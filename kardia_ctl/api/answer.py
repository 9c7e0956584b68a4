"""An answer of the API and its JSON, read tolerantly: unknown fields, missing fields, null and odd types."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final, TypeVar

import msgspec

from kardia_ctl.api.schemas import ErrorEntry, ErrorList, PageInfo, Scalar

T = TypeVar("T")

_MOST_ERRORS: Final = 100
_BOM: Final = b"\xef\xbb\xbf"
"""The byte order mark that some servers put before their JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read to its end, or (``complete`` False) to the bound.

    ``wait`` is the Retry-After in seconds, ``location`` the target of a redirect.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    complete: bool = True
    wait: float | None = None
    location: str = field(default="", repr=False)

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
    if value is None or isinstance(value, bool):
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
