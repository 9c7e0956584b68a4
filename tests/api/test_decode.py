"""Answers read tolerantly; what cannot be read is named without a word of it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.api import decode
from kardia_ctl.api.answer import Answer, UnexpectedAnswer, UnreadableAnswer
from kardia_ctl.api.client import Session
from kardia_ctl.api.http.connections import ConnectionOptions
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.template import LiveTemplate

Speak = Callable[..., AbstractAsyncContextManager[Session]]


def answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, "application/json", msgspec.json.encode(value))


def raw(body: bytes, status: int = 200, content_type: str = "application/json") -> Answer:
    return Answer(status, content_type, body)


JOE = {
    "id": "wNSEDeLO",
    "mrn": "0012345",
    "dob": "1970-03-12",
    "email": "joe@example.com",
    "firstname": "Joe",
    "lastname": "Smith",
    "sex": 0,
    "status": "connected",
}
LIVE = LivePatient("wNSEDeLO", "0012345", "1970-03-12", "joe@example.com", "Joe", "Smith", 0, "connected")


@pytest.mark.parametrize("name", ["patients", "data"])
def test_a_page_names_its_array_in_either_way(name: str) -> None:
    page = decode.page(
        answer(
            {
                "totalCount": 200,
                name: [JOE | {"phone": "x", "participantCustomFields": [{}]}],
                "pageInfo": {"startCursor": "a", "endCursor": "ZW5k==", "hasNextPage": True},
            }
        )
    )
    assert page.patients == (LIVE,)
    assert (page.total, page.next_cursor) == (200, "ZW5k==")


@pytest.mark.parametrize("sex", [0, 1.0, "1", "female", None])
def test_sex_is_taken_as_it_comes(sex: object) -> None:
    assert decode.page(answer({"patients": [JOE | {"sex": sex}]})).patients[0].sex == sex


def test_absent_and_null_fields_of_a_patient_are_none() -> None:
    (bare,) = decode.page(answer({"patients": [{"id": "a", "mrn": "m"}]})).patients
    nulls = {name: None for name in JOE if name not in {"id", "mrn"}}
    assert decode.page(answer({"patients": [nulls | {"id": "a", "mrn": "m"}]})).patients == (bare,)
    assert bare == LivePatient("a", "m")


def test_a_page_with_odd_types_is_read_all_the_same() -> None:
    page = decode.page(
        answer({"totalCount": "1", "patients": [JOE | {"id": 17, "mrn": None, "dob": 19700312}]})
    )
    assert page.total == 1
    assert page.patients[0].id == "17"
    assert page.patients[0].mrn == ""
    assert page.patients[0].dob == "19700312"


@pytest.mark.parametrize(
    ("info", "cursor"),
    [
        ({}, None),
        ({"pageInfo": None}, None),
        ({"pageInfo": {}}, None),
        ({"pageInfo": {"endCursor": "x"}}, None),
        ({"pageInfo": {"endCursor": "x", "hasNextPage": False}}, None),
        ({"pageInfo": {"endCursor": "x", "hasNextPage": None}}, None),
        ({"pageInfo": {"endCursor": "x", "hasNextPage": "false"}}, None),
        ({"pageInfo": {"endCursor": "x", "hasNextPage": "true"}}, "x"),
        ({"pageInfo": {"endCursor": "", "hasNextPage": False}}, None),
    ],
)
def test_the_next_cursor_is_there_only_when_a_page_follows(info: dict[str, Any], cursor: str | None) -> None:
    assert decode.page(answer({"patients": []} | info)).next_cursor == cursor


@pytest.mark.parametrize(
    ("total", "read"),
    [(0, 0), ("12", 12), (12.0, 12), (None, None), ("many", None), (True, None), (1.5, None)],
)
def test_the_total_is_a_number_or_unknown(total: object, read: int | None) -> None:
    assert decode.page(answer({"totalCount": total, "patients": None})).total == read


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"patients": {}},
        {"patients": ["x"]},
        [],
        {"patients": [], "errors": [{}]},
        {"patients": [], "errors": "no"},
        {"patients": [], "pageInfo": {"hasNextPage": True}},
        {"patients": [], "pageInfo": {"hasNextPage": True, "endCursor": ""}},
    ],
)
def test_a_page_that_is_none_is_wanting(body: object) -> None:
    with pytest.raises(UnexpectedAnswer):
        decode.page(answer(body))


def test_an_empty_list_of_errors_is_no_error() -> None:
    assert decode.page(answer({"errors": [], "patients": []})).patients == ()
    assert decode.patient(answer(JOE | {"errors": None})) == LIVE


def test_templates_are_a_bare_array() -> None:
    row = {
        "teamID": "team-1",
        "templateName": "One Year",
        "templateId": "t-1",
        "duration": 365,
        "price": 9.99,
        "new": [],
    }
    odd = {"teamId": "team-1", "templateName": None, "templateId": 2, "duration": "365", "price": "9.99"}
    assert decode.templates(answer([row, odd, {"templateName": "unusable"}])) == (
        LiveTemplate("t-1", "One Year", "team-1", 365, 9.99),
        LiveTemplate("2", "", "team-1", 365, 9.99),
    )
    assert decode.templates(answer([])) == ()


@pytest.mark.parametrize("body", [{"errors": [{"title": "no"}]}, {}, None, [1], "x"])
def test_templates_that_are_none_are_wanting(body: object) -> None:
    with pytest.raises(UnexpectedAnswer):
        decode.templates(answer(body))


@pytest.mark.parametrize(
    ("status", "body", "url"),
    [
        (200, b'{"url": "https://hooks.example.com"}', "https://hooks.example.com"),
        (200, b'{"url": ""}', None),
        (200, b'{"url": null}', None),
        (200, b"{}", None),
        (200, b"", None),
        (204, b"", None),
        (404, b"", None),
        (404, b'{"errors": [{"status": "404"}]}', None),
        (404, b"404 page not found", None),
        (400, b'{"errors": []}', None),
    ],
)
def test_a_callback_is_set_or_not(status: int, body: bytes, url: str | None) -> None:
    assert decode.setting(raw(body, status), "url") == url


async def test_a_web_page_is_not_the_api_saying_that_nothing_is_there(speak: Speak) -> None:
    async with speak(lambda _: httpx.Response(404, html="<html>no such host</html>")) as session:
        with pytest.raises(ApiError, match=r"GET /v1/callback: 404 Not Found .*web page; text/html"):
            await session.reader.setting(Kind.CALLBACK)
        with pytest.raises(
            ApiError, match="404 Not Found after 5 tries: the answer is a web page; text/html"
        ):
            await session.reader.patient("id-1")


async def test_a_404_that_the_api_says_is_nobody(speak: Speak) -> None:
    async with speak(lambda _: httpx.Response(404, json={"errors": [{"status": "404"}]})) as session:
        assert await session.reader.patient("id-1") is None
        assert await session.reader.setting(Kind.QT_CALLBACK) is None
        with pytest.raises(ApiError):
            await session.reader.templates()
        with pytest.raises(ApiError):
            await session.reader.patients(500, None)


def test_a_byte_order_mark_is_no_trouble() -> None:
    assert decode.patient(raw(b"\xef\xbb\xbf" + msgspec.json.encode(JOE))) == LIVE
    assert decode.templates(raw(b"\xef\xbb\xbf []")) == ()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"id": "\xff"}', b"<html>", b"[" * 100_000]
)
def test_what_is_not_json_is_unreadable(body: bytes) -> None:
    for read in (decode.page, decode.patient, decode.templates):
        with pytest.raises((UnreadableAnswer, UnexpectedAnswer)):
            read(raw(body))


@settings(deadline=None)
@given(st.binary(max_size=60) | st.recursive(st.none() | st.text(), st.lists).map(msgspec.json.encode))
def test_no_body_is_a_traceback(body: bytes) -> None:
    for read in (
        decode.page,
        decode.patient,
        decode.templates,
        partial(decode.setting, name="url"),
        decode.nothing,
        decode.api_key,
    ):
        try:
            read(raw(body))
        except (UnreadableAnswer, UnexpectedAnswer):
            continue


async def test_a_body_beyond_the_bound_is_refused(speak: Speak) -> None:
    sent = []

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                sent.append(1)
                yield b" " * 1000

    async with speak(
        lambda _: httpx.Response(200, stream=Endless()), options=ConnectionOptions(largest=10_000)
    ) as session:
        with pytest.raises(ApiError, match="larger than the bound"):
            await session.reader.templates()
    assert len(sent) == 5 * 11


async def test_a_small_body_that_unpacks_beyond_the_bound_is_refused(speak: Speak) -> None:
    import gzip

    bomb = gzip.compress(b" " * 1_000_000)
    async with speak(
        lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, content=bomb),
        options=ConnectionOptions(largest=10_000),
    ) as session:
        with pytest.raises(ApiError, match="larger than the bound"):
            await session.reader.templates()


async def test_an_error_names_status_and_title_and_what_to_do(speak: Speak) -> None:
    error = {
        "id": "x",
        "status": "403",
        "code": "no_access",
        "title": "Forbidden",
        "detail": "Ask for access.",
    }
    async with speak(lambda _: httpx.Response(403, json={"errors": [error] * 5})) as session:
        with pytest.raises(ApiError) as caught:
            await session.writer().delete_patient("id-1")
        with pytest.raises(ApiError) as detailed:
            await session.writer().add_service_provider("team-1", "provider-1")
    told = "Forbidden (no_access)"
    assert str(caught.value) == (
        f"DELETE /v1/patients/:patient: 403 Forbidden: {told}; {told}; {told}; and 2 more; it was not "
        "executed. Next: ask the vendor whether the key has Data Controller access, which deleting and "
        "exporting need; without it take the departure out"
    )
    assert "Forbidden (no_access): Ask for access.; " in str(detailed.value)


async def test_a_wrong_key_says_what_to_check(speak: Speak) -> None:
    async with speak(lambda _: httpx.Response(401)) as session:
        with pytest.raises(ApiError) as caught:
            await session.reader.templates()
    assert str(caught.value) == (
        "GET /v1/teamConnectionTemplate: 401: the key is not accepted. Next: check KARDIA_API_KEY, and that "
        "its region is the configured one"
    )


async def test_a_redirect_is_named_by_its_host_and_not_followed(speak: Speak) -> None:
    seen = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://elsewhere.example.com/login?token=secret"})

    async with speak(server) as session:
        with pytest.raises(ApiError, match=r"a redirect to https://elsewhere\.example\.com\.") as caught:
            await session.reader.templates()
    assert "secret" not in str(caught.value)
    assert seen == ["api.kardia.com"]
