"""Reads beside planning: lists page by page, single records, documents.

Every request goes through a fixed list of safe reads of its own (``record_endpoints.RECORD_READS``).
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from kardia_ctl.api.answer import Answer
from kardia_ctl.api.endpoints import READ_PATIENT, Nature
from kardia_ctl.api.http.transport import Call
from kardia_ctl.api.records import decode_rows, record_endpoints
from kardia_ctl.api.records.decode_rows import Row, RowsPage
from kardia_ctl.api.records.record_endpoints import Listing
from kardia_ctl.api.sender import Exchange, SafeReads
from kardia_ctl.model.configuration import Dialect
from kardia_ctl.model.errors import ApiError

LARGEST_PAGE: Final = 500
"""API reference, "Querystring parameters"."""

_MOST_PAGES: Final = 100_000
_RECORDING: Final = {
    Dialect.V1: record_endpoints.READ_RECORDING,
    Dialect.PRO: record_endpoints.PRO_READ_RECORDING,
}
_PDF: Final = {Dialect.V1: record_endpoints.READ_PDF, Dialect.PRO: record_endpoints.PRO_READ_PDF}
_AS_PDF: Final = (("Accept", "application/pdf"),)
_CUSTOM: Final = (("customField", "true"),)


class Records:
    """Reads records. Methods raise ``ApiError`` when there is no answer, or none that can be decoded."""

    def __init__(self, reads: SafeReads, dialect: Dialect) -> None:
        self._reads = reads
        self._dialect = dialect

    def pages(
        self, listing: Listing, ids: tuple[str, ...] = (), *, most: int | None = None, custom: bool = False
    ) -> AsyncGenerator[RowsPage]:
        """Every page of a list, in the server's order; the next page is read while one is processed.

        Args:
            listing: Which list.
            ids: What its path needs.
            most: The most rows that are wanted: no page is read for more.
            custom: Whether patients come with their custom fields.
        """
        size = min(most or LARGEST_PAGE, LARGEST_PAGE)
        query = ((("limit", str(size)),) if listing.paged else ()) + (_CUSTOM if custom else ())
        call = Call(listing.endpoint, ids, query=query)
        decode = partial(decode_rows.page, listing=listing)
        return _walk(lambda page: self._reads.run(page, decode), call, most, paged=listing.paged)

    async def patient(self, patient_id: str, *, custom: bool = False) -> Row | None:
        """GET /v1/patients/:id; None on 404."""
        call = Call(READ_PATIENT, (patient_id,), query=_CUSTOM if custom else ())
        return await self._reads.run(call, decode_rows.row_or_none)

    async def recording(self, recording_id: str) -> Row:
        """GET /v1/recordings/:id or /e/v1/recordings/:id: the ECG with its samples."""
        return await self._reads.run(Call(_RECORDING[self._dialect], (recording_id,)), decode_rows.row)

    async def pdf(self, recording_id: str) -> bytes:
        """GET /v1/recordings/:id.pdf or /e/v1/recordings/:id.pdf."""
        call = Call(_PDF[self._dialect], (recording_id,), extra=_AS_PDF)
        return await self._reads.run(call, decode_rows.pdf)

    async def report(self, patient_id: str, query: Mapping[str, str]) -> bytes:
        """GET /v1/patients/:id/summaryReport, a PDF; ``query`` may hold startTime, endTime, dateFormat."""
        call = Call(record_endpoints.READ_REPORT, (patient_id,), query=tuple(query.items()), extra=_AS_PDF)
        return await self._reads.run(call, decode_rows.pdf)


async def add_qt(exchange: Exchange, recording_id: str, values: Mapping[str, str | float]) -> Row:
    """POST /v1/recordings/:id/qt: the measurement that was made. Sent once, whatever the answer.

    Raises:
        ApiError: as the methods of ``V1Writer``.
    """
    body = json.dumps(dict(values), allow_nan=False).encode()
    texts = tuple(value for value in values.values() if isinstance(value, str))
    call = Call(record_endpoints.ADD_QT, (recording_id,), content=("application/json", body), hidden=texts)
    return await exchange.run(call, decode_rows.row)


async def _walk(
    read: Callable[[Call], Coroutine[Any, Any, RowsPage]], call: Call, most: int | None, *, paged: bool
) -> AsyncGenerator[RowsPage]:
    """Page after page of one call, until the last or until ``most`` rows were read."""
    cursors: set[str] = set()
    count, page = 0, await read(call)
    while True:
        count += len(page.rows)
        start = page.next_cursor
        if start is None or not paged or (most is not None and count >= most):
            yield page
            return
        if not page.rows or start in cursors or len(cursors) > _MOST_PAGES:
            raise ApiError(
                f"{call.endpoint}: the list has no end: a page is empty or repeats an earlier cursor. "
                "Next: run again; if it stays, report it to the vendor"
            )
        cursors.add(start)
        following = asyncio.create_task(read(replace(call, query=(*call.query, ("start", start)))))
        try:
            yield page
            page = await following
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def raw_pages(exchange: Exchange, call: Call) -> AsyncGenerator[RowsPage]:
    """Every page of a hand-written read, whatever its array is called (``kardia-ctl api --paginate``).

    Raises:
        ValueError: the call is not a read.
    """
    if call.endpoint.nature is not Nature.SAFE:
        raise ValueError("only reads come in pages")
    decode = partial(decode_rows.page, listing=Listing(call.endpoint, (), paged=True))
    return _walk(lambda page: exchange.run(page, decode), call, None, paged=True)


async def send_raw(exchange: Exchange, call: Call) -> Answer:
    """Send a hand-written call and return its answer undecoded (``kardia-ctl api``).

    Raises:
        ApiError: as ``Exchange.run``; ``call.on_answer`` has received the answer, when there was one.
    """
    if call.endpoint.nature is Nature.REPEATABLE:
        raise ValueError("a hand-written call is safe or sent once")
    return await exchange.run(call, decode_rows.anything)
