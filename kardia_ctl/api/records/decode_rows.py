"""Answers whose fields are passed through as they came: the documents name them in more than one way."""

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from kardia_ctl.api import decode as wire
from kardia_ctl.api.decode import Answer, Unreadable, Wanting
from kardia_ctl.api.records.record_endpoints import Listing
from kardia_ctl.api.schemas import Paging

Row: TypeAlias = dict[str, Any]
"""One object as the API sent it."""

_PDF: Final = b"%PDF-"


@dataclass(frozen=True, slots=True)
class RowsPage:
    """One page of a list. ``total`` is None when the server left it out; the last has no ``next_cursor``."""

    rows: tuple[Row, ...] = field(repr=False)
    total: int | None = None
    next_cursor: str | None = None


def page(answer: Answer, listing: Listing) -> RowsPage:
    """A page of a list, or a list that comes whole: an object that holds an array, or the array itself."""
    if answer.body.lstrip(wire.BOM).lstrip().startswith(b"["):
        return RowsPage(_rows(wire.decoded(answer, list[Any])))
    wire.sound(answer)
    found = wire.decoded(answer, dict[str, Any])
    names = listing.names or tuple(name for name, value in found.items() if isinstance(value, list))
    arrays = [found[name] for name in names if name in found]
    if not arrays:
        raise Wanting(f"the answer has no list of {'/'.join(listing.names[:1]) or 'anything'}")
    rows = next((array for array in arrays if array), None) or []
    if not isinstance(rows, list):
        raise Wanting(f"the answer's {names[0]} is no list")
    paging = wire.decoded(answer, Paging)
    return RowsPage(_rows(rows), wire.whole_number(paging.total_count), wire.next_cursor(paging.page_info))


def row(answer: Answer) -> Row:
    """One object."""
    wire.sound(answer)
    return wire.decoded(answer, dict[str, Any])


def row_or_none(answer: Answer) -> Row | None:
    """One object; None when the answer's status says that there is none, and no web page says so."""
    if answer.is_page:
        raise Unreadable("the answer is a web page")
    return row(answer) if 200 <= answer.status < 300 else None


def pdf(answer: Answer) -> bytes:
    """A PDF, whole."""
    if not answer.whole:
        raise Unreadable("the answer is larger than the bound")
    if not answer.body.startswith(_PDF):
        wire.sound(answer)
        raise Wanting("the answer is not a PDF")
    return answer.body


def anything(answer: Answer) -> Answer:
    """The answer itself, as long as it is whole."""
    if not answer.whole:
        raise Unreadable("the answer is larger than the bound")
    return answer


def _rows(found: list[Any]) -> tuple[Row, ...]:
    if not all(isinstance(one, dict) for one in found):
        raise Wanting("the answer's list holds something that is no object")
    return tuple(found)
