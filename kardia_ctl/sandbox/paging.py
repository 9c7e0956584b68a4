"""Pages and their cursors (API reference, "Page Info Object")."""

import base64
import binascii
import re
import sqlite3
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from kardia_ctl.sandbox import patient_rows
from kardia_ctl.sandbox.patient_rows import Listed
from kardia_ctl.sandbox.quirks import CursorStyle
from kardia_ctl.sandbox.refusals import bad_request

MAX_LIMIT = 500
DEFAULT_LIMIT = 100
_MARK = b"\xfb\xff\xfe."
"""In base64 "+//+", and a length that ends in "==": a cursor that is not percent-encoded arrives broken."""
_BODY = struct.Struct(">cqq")
_SUM = struct.Struct(">I")
_SECOND = 1_000_000
_KINDS = {CursorStyle.EXACT: b"e", CursorStyle.OFFSET: b"o", CursorStyle.SECOND: b"s"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page starts; what the two numbers mean is the cursor style's."""

    major: int
    minor: int


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


def reader(
    style: CursorStyle, place: Place | None, limit: int
) -> Callable[[sqlite3.Connection], list[Listed]]:
    """Return what reads the page that follows `place`, and one row more to tell whether it is the last."""

    def read(db: sqlite3.Connection) -> list[Listed]:
        if place is None:
            return patient_rows.newest(db, limit + 1)
        match style:
            case CursorStyle.EXACT:
                return patient_rows.older_than(db, place.major, place.minor, limit + 1)
            case CursorStyle.OFFSET:
                return patient_rows.from_offset(db, place.major, limit + 1)
            case CursorStyle.SECOND:
                return patient_rows.older_than(db, place.major * _SECOND, 0, limit + 1)
            case _:
                assert_never(style)

    return read


def cursor_after(style: CursorStyle, place: Place | None, row: Listed, index: int) -> str:
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
