"""Reading records: safe reads alone, pages to their end, documents that are documents."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from kardia_ctl.api.client import Session
from kardia_ctl.api.endpoints import EFFECTS, ISSUE_CODE, SAFE_READS, Endpoint, Nature, fill
from kardia_ctl.api.http.transport import Call
from kardia_ctl.api.records import record_endpoints as listings
from kardia_ctl.api.records.decode_rows import RowsPage
from kardia_ctl.api.records.record_endpoints import ADD_QT, RECORD_READS, Listing
from kardia_ctl.api.sender import SafeReads, UnsafeRead
from kardia_ctl.model.configuration import Dialect
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted

Speak = Callable[..., AbstractAsyncContextManager[Session]]
Seen = list[httpx.Request]


def page(rows: list[Any], cursor: str | None = None, name: str = "patients") -> dict[str, Any]:
    info = {"endCursor": cursor, "hasNextPage": cursor is not None}
    return {"totalCount": len(rows), name: rows, "pageInfo": info}


async def all_pages(
    session: Session, listing: Listing = listings.PATIENTS, most: int | None = None
) -> list[RowsPage]:
    return [found async for found in session.records().pages(listing, most=most)]


@pytest.mark.parametrize("endpoint", RECORD_READS, ids=str)
def test_every_record_read_is_safe(endpoint: Endpoint) -> None:
    assert endpoint.nature is Nature.SAFE
    assert endpoint.method == "GET"
    assert not endpoint.path.endswith(("/code", "/export"))
    assert endpoint not in EFFECTS


def test_planning_may_read_no_more_than_before() -> None:
    extra = set(RECORD_READS) - set(SAFE_READS)
    assert {"/v1/logs", "/partner/v1/teams", "/v1/recordings/{recording}"} <= {one.path for one in extra}


@pytest.mark.parametrize("endpoint", [ISSUE_CODE, ADD_QT], ids=str)
async def test_what_is_not_on_the_list_is_not_sent(speak: Speak, endpoint: Endpoint) -> None:
    seen: Seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    async with speak(answer) as session:
        reads = SafeReads(session._exchange, RECORD_READS)
        with pytest.raises(UnsafeRead):
            await reads.run(Call(endpoint, ("x",)), lambda _: None)
        with pytest.raises(UnsafeRead):
            await reads.run(Call(listings.LOGS.endpoint, content=("text/plain", b"x")), lambda _: None)
    assert not seen


def test_what_follows_an_id_in_its_part_of_a_path_stays() -> None:
    assert fill(listings.READ_PDF, ("a/b",)) == "/v1/recordings/a%2Fb.pdf"


async def test_pages_are_followed_to_the_end_with_the_largest_page(speak: Speak) -> None:
    seen: Seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        start = request.url.params.get("start")
        return httpx.Response(
            200, json=page([{"id": "2"}] if start else [{"id": "1"}], None if start else "c+/=")
        )

    async with speak(answer) as session:
        found = await all_pages(session)
    assert [row["id"] for one in found for row in one.rows] == ["1", "2"]
    assert [request.url.query for request in seen] == [b"limit=500", b"limit=500&start=c%2B%2F%3D"]


@pytest.mark.parametrize(("most", "limit"), [(3, "3"), (500, "500"), (600, "500")])
async def test_no_more_is_asked_for_than_is_wanted(speak: Speak, most: int, limit: str) -> None:
    seen: Seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        size = int(request.url.params["limit"])
        rows = [{"id": f"{len(seen)}-{number}"} for number in range(size)]
        return httpx.Response(200, json=page(rows, f"cursor {len(seen)}"))

    async with speak(answer) as session:
        await all_pages(session, most=most)
    assert seen[0].url.params["limit"] == limit
    assert len(seen) == -(-most // 500)


@pytest.mark.parametrize("rows", [[], [{"id": "1"}]], ids=["empty pages", "one cursor for ever"])
async def test_a_list_without_an_end_is_an_error(speak: Speak, rows: list[Any]) -> None:
    async with speak(lambda _: httpx.Response(200, json=page(rows, "again"))) as session:
        with pytest.raises(ApiError, match="has no end"):
            await all_pages(session)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"data": [{"id": "1"}], "totalCount": "1"}, 1),
        ([{"id": "1"}, {"id": "2"}], 2),
        ({"patients": None}, 0),
        ({"patients": [], "data": [{"id": "1"}]}, 1),
    ],
)
async def test_lists_are_read_under_every_name_they_have_gone_by(speak: Speak, body: Any, count: int) -> None:
    async with speak(lambda _: httpx.Response(200, json=body)) as session:
        assert sum(len(found.rows) for found in await all_pages(session)) == count


@pytest.mark.parametrize(
    "body", [{}, {"patients": [1]}, {"patients": "x"}, {"errors": [{"title": "no"}], "patients": [{}]}, 7]
)
async def test_what_is_no_list_is_an_error_without_its_values(speak: Speak, body: Any) -> None:
    async with speak(lambda _: httpx.Response(200, json=body)) as session:
        with pytest.raises(ApiError, match="GET /v1/patients"):
            await all_pages(session)


@pytest.mark.parametrize("body", [b"<html>", b"", b"%PD", b'{"errors":[{"title":"no"}]}', b" %PDF-1.7"])
async def test_a_document_that_is_no_pdf_is_an_error(speak: Speak, body: bytes) -> None:
    async with speak(lambda _: httpx.Response(200, content=body)) as session:
        with pytest.raises(ApiError):
            await session.records().pdf("r")


@pytest.mark.parametrize(
    ("dialect", "path"), [(Dialect.V1, "/v1/recordings/r"), (Dialect.PRO, "/e/v1/recordings/r")]
)
async def test_each_dialect_reads_recordings_where_it_has_them(
    speak: Speak, dialect: Dialect, path: str
) -> None:
    seen: Seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        pdf = request.url.path.endswith(".pdf")
        return httpx.Response(200, content=b"%PDF-1.7") if pdf else httpx.Response(200, json={"id": "r"})

    async with speak(answer, dialect=dialect) as session:
        records = session.records()
        assert (await records.recording("r"), await records.pdf("r")) == ({"id": "r"}, b"%PDF-1.7")
    assert [request.url.path for request in seen] == [path, f"{path}.pdf"]
    assert [request.headers["accept"] for request in seen] == ["application/json", "application/pdf"]


async def test_a_qt_measurement_is_json_and_is_never_sent_twice(speak: Speak) -> None:
    seen: Seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    async with speak(answer) as session:
        with pytest.raises(InDoubt):
            await session.add_qt("r", {"qt": 1.45, "error": "any"})
    assert [(one.method, one.url.path, one.content) for one in seen] == [
        ("POST", "/v1/recordings/r/qt", b'{"qt": 1.45, "error": "any"}')
    ]
    assert seen[0].headers["content-type"] == "application/json"


async def test_errors_about_records_quote_nothing_personal(speak: Speak) -> None:
    told = {"errors": [{"title": "Wrong", "detail": "Joe Smith, born 2000-07-21"}], "note": "Joe Smith"}
    async with speak(lambda _: httpx.Response(400, json=told)) as session:
        records = session.records()
        for reading in (
            records.recording("r"),
            records.pdf("r"),
            records.report("p", {}),
            all_pages(session),
        ):
            with pytest.raises(ApiError) as caught:
                await reading
            assert "Smith" not in str(caught.value)
            assert "2000" not in str(caught.value)


async def test_a_measurement_that_is_refused_was_not_executed(speak: Speak) -> None:
    async with speak(lambda _: httpx.Response(400, json={})) as session:
        with pytest.raises(NotExecuted):
            await session.add_qt("r", {"qt": 1.0})
