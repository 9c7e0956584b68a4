"""What every paged list answers: totalCount, the rows, pageInfo."""

import json
from collections.abc import Callable
from http import HTTPStatus

from kardia_ctl.sandbox.account import paging
from kardia_ctl.sandbox.account.paging import Feed, R
from kardia_ctl.sandbox.http.endpoint import Answer, Call

QUERY = frozenset(("limit", "start"))
"""The query parameters of every list."""


def page(call: Call, feed: Feed[R], name: str, text: Callable[[R], str]) -> Answer:
    """Return a page of a list, its rows under `name` and each as the JSON that `text` makes of it.

    Raises:
        Refusal: 400 for a wrong limit or cursor.
    """
    style = call.quirks.cursor_style
    limit = min(paging.limit_of(call.query), call.quirks.page_cap or paging.MAX_LIMIT)
    place = paging.place_of(call.query, style)
    with call.account.reading() as db:
        rows, total = feed.read(db, paging.start_of(style, place), limit + 1), feed.total(db)
    shown = rows[:limit]
    info = {
        "startCursor": paging.cursor_after(style, place, shown[0], 0) if shown else "",
        "endCursor": paging.cursor_after(style, place, shown[-1], len(shown) - 1) if shown else "",
        "hasNextPage": len(rows) > limit,
    }
    texts = ",".join([text(row) for row in shown])
    total = max(0, total + call.quirks.total_count_offset)
    body = f'{{"totalCount":{total},"{name}":[{texts}],"pageInfo":{json.dumps(info)}}}'
    return Answer(HTTPStatus.OK, body)
