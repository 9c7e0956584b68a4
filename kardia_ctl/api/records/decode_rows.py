"""Decodes answers whose fields are passed through unchanged: the references name them in several ways."""

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from kardia_ctl.api.answer import (
    Answer,
    UnexpectedAnswer,
    check_complete,
    check_no_errors,
    check_no_page,
    decode_json,
    next_cursor,
    whole_number,
)
from kardia_ctl.api.records.record_endpoints import Listing
from kardia_ctl.api.schemas import Paging

Row: TypeAlias = dict[str, Any]
"""One object as the API sent it."""

_PDF: Final = b"%PDF-"


@dataclass(frozen=True, slots=True)
class RowsPage:
    """One page of a list. ``total`` is None when the server omits it; the last has no ``next_cursor``."""

    rows: tuple[Row, ...] = field(repr=False)
    total: int | None = None
    next_cursor: str | None = None


def page(answer: Answer, listing: Listing) -> RowsPage:
    """A page of a list, or a complete list: an object that holds an array, or the array itself."""
    if answer.is_array:
        return RowsPage(_rows(decode_json(answer, list[Any])))
    check_no_errors(answer)
    decoded = decode_json(answer, dict[str, Any])
    names = listing.names or tuple(name for name, value in decoded.items() if isinstance(value, list))
    arrays = [decoded[name] for name in names if name in decoded]
    if not arrays:
        raise UnexpectedAnswer(f"the answer has no list of {'/'.join(listing.names[:1]) or 'anything'}")
    rows = next((array for array in arrays if array), None) or []
    if not isinstance(rows, list):
        raise UnexpectedAnswer(f"the answer's {names[0]} is no list")
    paging = decode_json(answer, Paging)
    return RowsPage(_rows(rows), whole_number(paging.total_count), next_cursor(paging.page_info))


def row(answer: Answer) -> Row:
    """One object."""
    check_no_errors(answer)
    return decode_json(answer, dict[str, Any])


def row_or_none(answer: Answer) -> Row | None:
    """One object; None when the status means that there is none; a web page is an error."""
    check_no_page(answer)
    return row(answer) if answer.is_success else None


def pdf(answer: Answer) -> bytes:
    """A complete PDF."""
    check_complete(answer)
    if not answer.body.startswith(_PDF):
        check_no_errors(answer)
        raise UnexpectedAnswer("the answer is not a PDF")
    return answer.body


def anything(answer: Answer) -> Answer:
    """The answer itself, as long as it is complete."""
    check_complete(answer)
    return answer


def _rows(array: list[Any]) -> tuple[Row, ...]:
    if not all(isinstance(entry, dict) for entry in array):
        raise UnexpectedAnswer("the answer's list holds something that is no object")
    return tuple(array)
