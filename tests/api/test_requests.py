"""What goes onto the wire, byte for byte, and what is counted."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.api.http.connections import ConnectionOptions, Connections
from kardia_ctl.api.http.transport import RequestCounts
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient

Speak = Callable[..., AbstractAsyncContextManager[Session]]
BASIC = "Basic M3Rlc3Q5NzQtY2QxMS00OGMzLWEwZGQtNjIxdGVzdDh0ZXN0Og=="
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Case:
    """An act, and the request that it must be."""

    act: Callable[[Session], Awaitable[object]]
    target: str
    body: bytes | None = None
    answer: object = None


PAGE = {"totalCount": 0, "patients": []}
FULL = DesiredPatient(
    "JS/1 +ø", "2000-07-21", "joe+x@example.com", "Jöe", "O'Smith & Co", "1", codes=("one",)
)
BARE = DesiredPatient("0012345", "2000-07-21", "joe@example.com")
CASES = {
    "first page": Case(lambda s: s.reader.patients(500, None), "GET /v1/patients?limit=500", None, PAGE),
    "next page": Case(
        lambda s: s.reader.patients(1, "ZW5k/Q+3=="),
        "GET /v1/patients?limit=1&start=ZW5k%2FQ%2B3%3D%3D",
        None,
        PAGE,
    ),
    "patient": Case(lambda s: s.reader.patient("a/b c"), "GET /v1/patients/a%2Fb%20c", None, {"id": "a"}),
    "callback": Case(lambda s: s.reader.setting(Kind.CALLBACK), "GET /v1/callback", None, {"url": ""}),
    "qt callback": Case(lambda s: s.reader.setting(Kind.QT_CALLBACK), "GET /v1/qtCallback", None, {}),
    "templates": Case(lambda s: s.reader.templates(), "GET /v1/teamConnectionTemplate", None, []),
    "create": Case(
        lambda s: s.writer().create_patient(FULL),
        "POST /v1/patients",
        b"mrn=JS%2F1%20%2B%C3%B8&dob=2000-07-21&email=joe%2Bx%40example.com&firstname=J%C3%B6e"
        b"&lastname=O%27Smith%20%26%20Co&sex=1",
        {"id": "a"},
    ),
    "create without what was not declared": Case(
        lambda s: s.writer().create_patient(BARE),
        "POST /v1/patients",
        b"mrn=0012345&dob=2000-07-21&email=joe%40example.com",
        {"id": "a"},
    ),
    "code": Case(
        lambda s: s.writer().issue_code("a", "JS-1", "t/1"),
        "GET /v1/patients/a/code?template_id=t%2F1",
        None,
        {"code": "AAAA-BBBB-CCCC"},
    ),
    "set callback": Case(
        lambda s: s.writer().set_setting(Kind.CALLBACK, "https://hooks.example.com/a?b=c&d"),
        "PUT /v1/callback",
        b"url=https%3A%2F%2Fhooks.example.com%2Fa%3Fb%3Dc%26d",
    ),
    "set qt callback": Case(
        lambda s: s.writer().set_setting(Kind.QT_CALLBACK, "https://hooks.example.com"),
        "PUT /v1/qtCallback",
        b"url=https%3A%2F%2Fhooks.example.com",
    ),
    "provider": Case(
        lambda s: s.writer().add_service_provider("team-1", "sp/1"),
        "POST /partner/v1/teams/team-1/serviceProviderTeams/sp%2F1",
    ),
    "disconnect": Case(lambda s: s.writer().disconnect("a"), "POST /v1/patients/a/disconnect"),
    "delete": Case(lambda s: s.writer().delete_patient("a"), "DELETE /v1/patients/a"),
    "new key": Case(lambda s: s.renew_key(), "POST /v1/apikey/new", None, {"apiKey": "new"}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("prefix", ["", "/gateway/kardia"])
async def test_a_request_is_these_bytes(speak: Speak, case: Case, prefix: str) -> None:
    seen: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200) if case.answer is None else httpx.Response(200, json=case.answer)

    async with speak(server, endpoint=f"https://api.kardia.com{prefix}") as session:
        await case.act(session)
    (request,) = seen
    method, target = case.target.split()
    assert (request.method, request.url.raw_path.decode()) == (method, f"{prefix}{target}")
    assert request.content == (case.body or b"")
    assert request.headers.get("content-type") == (FORM if case.body else None)
    assert request.headers["authorization"] == BASIC
    assert request.headers["accept-encoding"] == "gzip, deflate"
    assert "cookie" not in request.headers


async def test_a_key_is_asked_for_without_a_key(speak: Speak) -> None:
    seen: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"apiKey": "new"})

    async with speak(server, key="") as session:
        assert await session.create_key("joe@example.com", "pass word") == "new"
    assert seen[0].content == b"email=joe%40example.com&password=pass%20word"
    assert "authorization" not in seen[0].headers


async def test_requests_are_counted_as_reads_and_writes(speak: Speak) -> None:
    answers = iter([503, 200, 500, 200])
    async with speak(lambda _: httpx.Response(next(answers), json=PAGE)) as session:
        await session.reader.patients(500, None)
        await session.writer().disconnect("a")
        assert session.counts == RequestCounts(reads=2, writes=2)
        assert session.requests == 4


NEVER = r"never connected after 5 tries: the connection to api\.kardia\.com:443 could not be opened"


async def test_a_connection_that_never_opened_sent_nothing(speak: Speak, waits: list[float]) -> None:
    def server(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("")

    async with speak(server) as session:
        with pytest.raises(ApiError, match=NEVER):
            await session.reader.templates()
        assert session.requests == 0
    assert len(waits) == 4


class Rests:
    """Connections that never open, and a clock that the test sets."""

    def __init__(self) -> None:
        self.made: list[httpx.AsyncBaseTransport] = []
        self.closed: list[httpx.AsyncBaseTransport] = []
        self.now = 0.0
        self.connections = Connections(self._make, 3.0, lambda: self.now)

    def _make(self) -> httpx.AsyncBaseTransport:
        rests = self

        class Line(httpx.AsyncBaseTransport):
            async def aclose(self) -> None:
                rests.closed.append(self)

        self.made.append(Line())
        return self.made[-1]

    async def together(self, count: int) -> list[httpx.AsyncBaseTransport]:
        """Use so many at once, in their order."""
        async with AsyncExitStack() as stack:
            return [await stack.enter_async_context(self.connections.acquire()) for _ in range(count)]


async def test_who_asks_one_after_the_other_needs_one_connection() -> None:
    rests = Rests()
    for _ in range(5):
        await rests.together(1)
    assert len(rests.made) == 1


async def test_each_request_under_way_has_a_connection_of_its_own() -> None:
    rests = Rests()
    async with rests.connections:
        assert len(set(await rests.together(32))) == 32
        await rests.together(32)
        assert len(rests.made) == 32
    assert sorted(map(id, rests.closed)) == sorted(map(id, rests.made))


async def test_whoever_rests_longest_is_next_so_that_all_stay_open() -> None:
    rests = Rests()
    await rests.together(3)
    used = []
    for _ in range(6):
        rests.now += 0.9
        used += await rests.together(1)
    assert set(used) == set(rests.made)
    assert len(rests.made) == 3


async def test_one_that_rested_too_long_is_used_only_when_no_other_is_there() -> None:
    rests = Rests()
    await rests.together(2)
    rests.now += 2.0
    (fresh,) = await rests.together(1)
    rests.now += 1.5
    assert await rests.together(1) == [fresh]
    assert len(set(await rests.together(2))) == 2
    assert len(rests.made) == 2


@pytest.mark.parametrize("proxy", ["nonsense", "ftp://proxy.example.com", "http://user:secret@[::1"])
async def test_a_proxy_that_cannot_be_used_is_refused_unrepeated(proxy: str) -> None:
    with pytest.raises(ApiError, match="proxy") as caught:
        async with open_session("https://api.kardia.com", "key", options=ConnectionOptions(proxy=proxy)):
            pass
    assert "secret" not in str(caught.value)


async def test_a_ca_file_that_cannot_be_used_is_named() -> None:
    with pytest.raises(ApiError, match=r"/nowhere/ca\.pem cannot be used"):
        async with open_session(
            "https://api.kardia.com", "k", options=ConnectionOptions(ca_file="/nowhere/ca.pem")
        ):
            pass


@pytest.mark.parametrize("key", ["a key", "key\n", "key:", "kéy"])
async def test_a_key_with_an_impossible_character_is_refused_unrepeated(key: str) -> None:
    with pytest.raises(ApiError, match="KARDIA_API_KEY") as caught:
        async with open_session("https://api.kardia.com", key):
            pass
    assert key not in str(caught.value)


async def test_parallelism_is_at_least_one() -> None:
    with pytest.raises(ApiError, match="--parallelism"):
        async with open_session("https://api.kardia.com", "key", parallelism=0):
            pass


async def test_an_id_that_would_name_another_endpoint_sends_nothing(speak: Speak) -> None:
    async with speak(lambda _: httpx.Response(200)) as session:
        with pytest.raises(ApiError, match="an id that is empty"):
            await session.writer().delete_patient("")
        assert session.requests == 0
