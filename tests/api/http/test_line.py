"""One connection: what goes over it, when it is used again, and how far a request came when it is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from kardia_ctl.api.line import Line

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Peer:
    """A server that says what a test wants, byte for byte."""

    talk: Talk
    url: str = ""
    opened: int = 0
    requests: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            await self.talk(reader, writer)
        finally:
            writer.close()


@asynccontextmanager
async def served(talk: Talk) -> AsyncIterator[Peer]:
    peer = Peer(talk)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    peer.url = f"http://{host}:{port}"
    try:
        yield peer
    finally:
        server.close()


def answering(*answers: bytes) -> Talk:
    """Answers one request after the other on a connection, and then closes it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

    return talk


OPEN: list[Line] = []


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    """Every line of a test is closed at its end."""
    yield
    while OPEN:
        await OPEN.pop().aclose()


def line(keepalive: float = 3600.0) -> Line:
    OPEN.append(Line(None, keepalive))
    return OPEN[-1]


async def ask(on: Line, url: str, content: bytes | None = None, read: float = 5.0) -> httpx.Response:
    timeout = httpx.Timeout(read, connect=5.0).as_dict()
    method = "GET" if content is None else "POST"
    request = httpx.Request(method, f"{url}/v1/x?a=b%20c", content=content, extensions={"timeout": timeout})
    response = await on.handle_async_request(request)
    response.request = request
    await response.aread()
    return response


async def test_a_request_arrives_whole_and_its_answer_is_read() -> None:
    got: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(7))
        writer.write(OK)

    async with served(talk) as peer:
        assert (await ask(line(), peer.url, b"mrn=a+b")).text == "ok"
    assert got[0].startswith(b"POST /v1/x?a=b%20c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nContent-Length: 7\r\n" in got[0]
    assert got[0].endswith(b"\r\n\r\nmrn=a+b")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX: " + b"y" * 60_000 + b"\r\n\r\nok",
        OK,
    ],
)
async def test_a_connection_is_used_again_after_an_answer(answer: bytes) -> None:
    async with served(answering(answer, answer, answer)) as peer:
        on = line()
        assert [(await ask(on, peer.url)).text for _ in range(3)] == ["ok"] * 3
        assert peer.opened == 1
        await on.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
async def test_a_connection_that_the_server_gives_up_is_not_used_again(answer: bytes) -> None:
    async with served(answering(answer)) as peer:
        on = line()
        assert [(await ask(on, peer.url)).text for _ in range(2)] == ["ok"] * 2
        assert peer.opened == 2


async def test_a_connection_that_was_closed_while_it_rested_costs_no_request() -> None:
    async with served(answering(OK)) as peer:
        on = line()
        for _ in range(3):
            assert (await ask(on, peer.url)).text == "ok"
        assert peer.opened == 3


async def test_what_is_said_unasked_answers_no_request() -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
    answers = iter([OK + late, OK])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers))
        await reader.read()

    async with served(talk) as peer:
        on = line()
        assert [(await ask(on, peer.url)).status_code for _ in range(2)] == [200, 200]
        assert peer.opened == 2
        await on.aclose()


async def test_what_is_said_unasked_later_answers_no_request() -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
    spoke = asyncio.Event()
    again = iter([late, b""])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(next(again))
        spoke.set()
        await reader.read()

    async with served(talk) as peer:
        on = line()
        assert (await ask(on, peer.url)).status_code == 200
        await spoke.wait()
        assert (await ask(on, peer.url)).status_code == 200
        assert peer.opened == 2
        await on.aclose()


async def test_one_that_rested_too_long_is_opened_anew() -> None:
    for keepalive, opened in ((3600.0, 1), (0.0, 2)):
        async with served(answering(OK, OK)) as peer:
            on = line(keepalive)
            for _ in range(2):
                assert (await ask(on, peer.url)).text == "ok"
            assert peer.opened == opened
            await on.aclose()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Le", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", httpx.RemoteProtocolError),
        (b"<html>no HTTP</html>\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000, httpx.RemoteProtocolError),
    ],
)
async def test_an_answer_that_breaks_off_or_is_none_is_lost(answer: bytes, error: type[Exception]) -> None:
    async with served(answering(answer)) as peer:
        on = line()
        with pytest.raises(error):
            await ask(on, peer.url)
        with pytest.raises(error):
            await ask(on, peer.url)
        assert peer.opened == 2


async def test_a_reset_is_lost() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with served(talk) as peer:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await ask(line(), peer.url)


async def test_silence_is_lost_and_its_late_answer_goes_to_nobody() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlate!")

    async with served(talk) as peer:
        on = line()
        with pytest.raises(httpx.ReadTimeout):
            await ask(on, peer.url, read=0.02)
        assert (await ask(on, peer.url)).text == "late!"
        assert peer.opened == 2


async def test_a_request_that_is_given_up_leaves_no_connection_to_be_used_again() -> None:
    arrived = asyncio.Event()
    answers = iter([b"", OK])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        writer.write(next(answers))
        await reader.read()

    async with served(talk) as peer:
        on = line()
        asking = asyncio.create_task(ask(on, peer.url))
        await arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await ask(on, peer.url)).text == "ok"
        assert peer.opened == 2
        await on.aclose()


async def test_a_body_that_nobody_reads_to_its_end_ends_the_connection() -> None:
    async with served(answering(OK, OK)) as peer:
        on = line()
        timeout = httpx.Timeout(5.0).as_dict()
        response = await on.handle_async_request(
            httpx.Request("GET", peer.url, extensions={"timeout": timeout})
        )
        await response.aclose()
        await ask(on, peer.url)
        assert peer.opened == 2
        await on.aclose()


async def test_a_port_that_nobody_listens_on_never_connected() -> None:
    async with served(answering()) as peer:
        url = peer.url
    with pytest.raises(httpx.ConnectError):
        await ask(line(), url)


async def test_a_host_that_takes_no_connection_in_time_never_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never, raising=False)
    timeout = httpx.Timeout(5.0, connect=0.01).as_dict()
    request = httpx.Request("GET", "http://127.0.0.1:9", extensions={"timeout": timeout})
    with pytest.raises(httpx.ConnectTimeout):
        await line().handle_async_request(request)


async def test_a_large_answer_arrives_whole() -> None:
    large = b"x" * 5_000_000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + large
    async with served(answering(answer, OK)) as peer:
        on = line()
        assert (await ask(on, peer.url)).content == large
        assert (await ask(on, peer.url)).text == "ok"
        assert peer.opened == 1
        await on.aclose()
