"""Pages and their cursors (API reference, "Page Info Object")."""

import base64
import binascii
import re
import sqlite3
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, assert_never

from kardia_ctl.sandbox.error_answers import bad_request
from kardia_ctl.sandbox.quirks import CursorStyle

MAX_LIMIT = 500
DEFAULT_LIMIT = 100
_MARK = b"\xfb\xff\xfe."
"""In base64 "+//+", and a length that ends in "==": a cursor that is not percent-encoded arrives broken."""
_BODY = struct.Struct(">cqq")
_SUM = struct.Struct(">I")
_SECOND = 1_000_000
_KINDS = {CursorStyle.EXACT: b"e", CursorStyle.OFFSET: b"o", CursorStyle.SECOND: b"s"}


class Row(Protocol):
    """What a page holds: anything that has a place, a moment in microseconds and a number."""

    @property
    def created_at(self) -> int:
        """When it came, in microseconds."""

    @property
    def seq(self) -> int:
        """Its number among those of one moment."""


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page starts; what the two numbers mean is the cursor style's."""

    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class Start:
    """Where reading starts: after a moment and a number, or after so many rows."""

    after: tuple[int, int] | None = None
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Feed(Generic[R]):
    """A list that is paged, newest first.

    Attributes:
        select: its rows in SQL, ending in a condition.
        count: the number of its rows in SQL.
        values: what both take.
        row: makes a row of the columns.
        at: the column that it is ordered by, before seq.
    """

    select: str
    count: str
    values: tuple[str | int, ...]
    row: Callable[..., R]
    at: str = "created_at"

    def read(self, db: sqlite3.Connection, start: Start | None, limit: int) -> list[R]:
        """Return at most `limit` rows from a start, None for the head."""
        start = start or Start()
        sql, values = self.select, self.values
        if start.after is not None:
            sql, values = f"{sql} AND ({self.at}, seq) < (?, ?)", (*values, *start.after)
        sql += f" ORDER BY {self.at} DESC, seq DESC LIMIT ? OFFSET ?"
        return [self.row(*row) for row in db.execute(sql, (*values, limit, start.skip))]

    def total(self, db: sqlite3.Connection) -> int:
        """Return how many rows there are."""
        count: int = db.execute(self.count, self.values).fetchone()[0]
        return count


def limit_of(query: Mapping[str, str]) -> int:
    """Return the limit that was asked for: 1 to 500, 100 when none was.

    Raises:
        Refusal: 400.
    """
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise bad_request(f"The limit has to be a number from 1 to {MAX_LIMIT}.")
    return int(text)


def place_of(query: Mapping[str, str], style: CursorStyle) -> Place | None:
    """Return where `start` points, None for the head of the list.

    Raises:
        Refusal: 400 for what is no cursor of this account.
    """
    if (text := query.get("start")) is None:
        return None
    try:
        body = base64.b64decode(text, validate=True).removeprefix(_MARK)
        _, major, minor = _BODY.unpack(body[: _BODY.size])
    except (binascii.Error, struct.error, ValueError):
        raise bad_request("The start cursor is not valid.") from None
    if cursor(style, Place(major, minor)) != text:
        raise bad_request("The start cursor is not valid.")
    return Place(major, minor)


def cursor(style: CursorStyle, place: Place) -> str:
    """Return the opaque text of a place: base64 with "+", "/" and "=" in it."""
    body = _BODY.pack(_KINDS[style], place.major, place.minor)
    return base64.b64encode(_MARK + body + _SUM.pack(zlib.crc32(body))).decode()


def start_of(style: CursorStyle, place: Place | None) -> Start | None:
    """Return where the page that follows `place` starts."""
    if place is None:
        return None
    match style:
        case CursorStyle.EXACT:
            return Start((place.major, place.minor))
        case CursorStyle.OFFSET:
            return Start(skip=place.major)
        case CursorStyle.SECOND:
            return Start((place.major * _SECOND, 0))
        case _:
            assert_never(style)


def cursor_after(style: CursorStyle, place: Place | None, row: Row, index: int) -> str:
    """Return the cursor of a row, the `index`th of a page that began after `place`."""
    match style:
        case CursorStyle.EXACT:
            return cursor(style, Place(row.created_at, row.seq))
        case CursorStyle.OFFSET:
            return cursor(style, Place((0 if place is None else place.major) + index + 1, 0))
        case CursorStyle.SECOND:
            return cursor(style, Place(row.created_at // _SECOND, 0))
        case _:
            assert_never(style)
