"""The response of every paged list: totalCount, the rows, pageInfo (API reference, "Page Info Object")."""

import base64
import binascii
import json
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from starlette.responses import Response

from kardia_ctl.sandbox.account.feed import HEAD, Feed, PageRow, PageStart, R
from kardia_ctl.sandbox.account.timeline import MICRO
from kardia_ctl.sandbox.http.error_responses import bad_request
from kardia_ctl.sandbox.http.route import EndpointCall, json_text
from kardia_ctl.sandbox.quirks import CursorStyle

QUERY = frozenset(("limit", "start"))
"""The query parameters of every list."""
MAX_LIMIT = 500
DEFAULT_LIMIT = 100
_MARK = b"\xfb\xff\xfe."
"""The start of a cursor: "+//+" in base64, with a length that makes the cursor end in "==".
A client that does not percent-encode a cursor therefore sends a broken one."""
_BODY = struct.Struct(">cqq")
_SUM = struct.Struct(">I")
_KINDS = {CursorStyle.EXACT: b"e", CursorStyle.OFFSET: b"o", CursorStyle.SECOND: b"s"}


@dataclass(frozen=True, slots=True)
class CursorPosition:
    """The content of a cursor; the cursor style defines the meaning of the two numbers."""

    major: int
    minor: int


def page(call: EndpointCall, feed: Feed[R], name: str, text: Callable[[R], str]) -> Response:
    """Return a page of a list, with its rows under `name`, each as the JSON text that `text` returns.

    Raises:
        RequestError: 400 for a wrong limit or cursor.
    """
    style = call.quirks.cursor_style
    limit = min(_limit(call.query), call.quirks.page_cap or MAX_LIMIT)
    position = _position(call.query, style)
    with call.account.reading() as db:
        rows, total = feed.read(db, _page_start(style, position), limit + 1), feed.total(db)
    shown = rows[:limit]
    info = {
        "startCursor": _cursor_of_row(style, position, shown[0], 0) if shown else "",
        "endCursor": _cursor_of_row(style, position, shown[-1], len(shown) - 1) if shown else "",
        "hasNextPage": len(rows) > limit,
    }
    texts = ",".join([text(row) for row in shown])
    total = max(0, total + call.quirks.total_count_offset)
    return json_text(f'{{"totalCount":{total},"{name}":[{texts}],"pageInfo":{json.dumps(info)}}}')


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise bad_request(f"The limit must be a number from 1 to {MAX_LIMIT}.")
    return int(text)


def _position(query: Mapping[str, str], style: CursorStyle) -> CursorPosition | None:
    """Return the position of `start`, None for the head of the list."""
    if (text := query.get("start")) is None:
        return None
    try:
        body = base64.b64decode(text, validate=True).removeprefix(_MARK)
        _, major, minor = _BODY.unpack(body[: _BODY.size])
    except (binascii.Error, struct.error, ValueError):
        raise bad_request("The start cursor is not valid.") from None
    position = CursorPosition(major, minor)
    if cursor(style, position) != text:
        raise bad_request("The start cursor is not valid.")
    return position


def cursor(style: CursorStyle, position: CursorPosition) -> str:
    """Return the opaque text of a position: base64 with "+", "/" and "=" in it."""
    body = _BODY.pack(_KINDS[style], position.major, position.minor)
    return base64.b64encode(_MARK + body + _SUM.pack(zlib.crc32(body))).decode()


def _page_start(style: CursorStyle, position: CursorPosition | None) -> PageStart:
    if position is None:
        return HEAD
    match style:
        case CursorStyle.EXACT:
            return PageStart((position.major, position.minor))
        case CursorStyle.OFFSET:
            return PageStart(skip=position.major)
        case CursorStyle.SECOND:
            return PageStart((position.major * MICRO, 0))
        case _:
            assert_never(style)


def _cursor_of_row(style: CursorStyle, position: CursorPosition | None, row: PageRow, index: int) -> str:
    """Return the cursor of a row, the `index`th of the page after `position`."""
    match style:
        case CursorStyle.EXACT:
            return cursor(style, CursorPosition(row.created_at, row.seq))
        case CursorStyle.OFFSET:
            rows_before = 0 if position is None else position.major
            return cursor(style, CursorPosition(rows_before + index + 1, 0))
        case CursorStyle.SECOND:
            return cursor(style, CursorPosition(row.created_at // MICRO, 0))
        case _:
            assert_never(style)
