"""One connection: what goes over it, when it is used again, and how far a request came when it is lost."""

import asyncio

import httpx
import pytest

from kardia_ctl.api.http.connections import LOST, NEVER_CONNECTED, ConnectionOptions, make_request
from tests.api.http.peer import OK, Talk, answering, ask, ask_until_answered, client, served

LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"


async def test_a_request_arrives_whole_and_its_answer_is_read() -> None:
    received: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(7))
        writer.write(OK)

    async with served(talk) as peer, client() as connections:
        assert (await ask(connections, peer.url, b"mrn=a+b")).body == b"ok"
    head = f"POST /v1/x?a=b%20c HTTP/1.1\r\nHost: 127.0.0.1:{peer.port}\r\nContent-Length: 7\r\n\r\n"
    assert received == [head.encode() + b"mrn=a+b"]


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
    async with served(answering(answer, answer, answer)) as peer, client() as connections:
        assert [(await ask(connections, peer.url)).body for _ in range(3)] == [b"ok"] * 3
        assert peer.opened == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
async def test_a_connection_that_the_server_gives_up_is_not_used_again(answer: bytes) -> None:
    async with served(answering(answer)) as peer, client() as connections:
        assert [(await ask(connections, peer.url)).body for _ in range(2)] == [b"ok"] * 2
        assert peer.opened == 2


async def test_a_connection_that_was_closed_while_it_was_idle_costs_no_request() -> None:
    async with served(answering(OK)) as peer, client() as connections:
        for _ in range(3):
            assert (await ask(connections, peer.url)).body == b"ok"
        assert peer.opened == 3


@pytest.mark.parametrize("reset", [False, True])
async def test_a_request_whose_connection_is_closed_under_it_is_lost_and_never_sent_twice(
    reset: bool,
) -> None:
    received: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(1))
        writer.write(OK)
        received.append(await reader.readuntil(b"\r\n\r\n"))
        if reset:
            writer.transport.abort()

    async with served(talk) as peer, client() as connections:
        assert (await ask(connections, peer.url, b"1")).body == b"ok"
        with pytest.raises(LOST) as caught:
            await ask(connections, peer.url, b"2")
        assert not isinstance(caught.value, NEVER_CONNECTED)
        assert (len(received), peer.opened) == (2, 1)


def _answer_of(size: int) -> bytes:
    """An answer of so many bytes with its head."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    length = size - len(head % size)
    return head % length + b"x" * length


@pytest.mark.parametrize("body", [None, b"mrn=a"])
@pytest.mark.parametrize("answer", [OK + LATE, OK + OK, OK + OK * 40_000, _answer_of(65_536) + OK], ids=len)
async def test_what_is_sent_unasked_answers_no_request(answer: bytes, body: bytes | None) -> None:
    answers = iter([answer, OK])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers))
        await reader.read()

    async with served(talk) as peer, client() as connections:
        assert (await ask(connections, peer.url, body)).status == 200
        assert await ask_until_answered(connections, peer.url, body) == 200
        assert peer.opened == 2


async def test_what_is_sent_unasked_later_answers_no_request() -> None:
    sent = asyncio.Event()
    again = iter([LATE, b""])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(next(again))
        sent.set()
        await reader.read()

    async with served(talk) as peer, client() as connections:
        assert (await ask(connections, peer.url)).status == 200
        await sent.wait()
        assert (await ask(connections, peer.url)).status == 200
        assert peer.opened == 2


@pytest.mark.parametrize(("keepalive", "opened"), [(3600.0, 1), (0.0, 2)])
async def test_one_that_was_idle_too_long_is_opened_anew(keepalive: float, opened: int) -> None:
    async with (
        served(answering(OK, OK)) as peer,
        client(ConnectionOptions(keepalive=keepalive)) as connections,
    ):
        for _ in range(2):
            assert (await ask(connections, peer.url)).body == b"ok"
        assert peer.opened == opened


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok",
        b"<html>no HTTP</html>\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
    ],
)
@pytest.mark.parametrize("body", [None, b"mrn=a"])
async def test_an_answer_that_breaks_off_or_is_none_is_lost(answer: bytes, body: bytes | None) -> None:
    async with served(answering(answer)) as peer, client() as connections:
        for opened in (1, 2):
            with pytest.raises(httpx.RemoteProtocolError):
                await ask(connections, peer.url, body)
            assert peer.opened == opened


async def test_a_reset_is_lost() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with served(talk) as peer, client() as connections:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await ask(connections, peer.url)


async def test_silence_is_lost_and_its_late_answer_is_dropped() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlate!")

    async with served(talk) as peer, client() as connections:
        with pytest.raises(httpx.ReadTimeout):
            await ask(connections, peer.url, read=0.02)
        assert (await ask(connections, peer.url)).body == b"late!"
        assert peer.opened == 2


def _silent_once() -> tuple[asyncio.Event, Talk]:
    arrived, answers = asyncio.Event(), iter([b"", OK])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        writer.write(next(answers))
        await reader.read()

    return arrived, talk


async def test_a_cancelled_request_leaves_no_connection_to_be_used_again() -> None:
    arrived, talk = _silent_once()
    async with served(talk) as peer, client() as connections:
        asking = asyncio.create_task(ask(connections, peer.url))
        await arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await ask(connections, peer.url)).body == b"ok"
        assert peer.opened == 2


async def test_a_body_that_is_not_read_to_its_end_ends_the_connection() -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000
    async with served(answering(large, OK)) as peer, client() as connections:
        cut = await ask(connections, peer.url, largest=10)
        assert (cut.body, cut.complete) == (b"x" * 10, False)
        assert (await ask(connections, peer.url, largest=10)).body == b"x" * 10
        assert peer.opened == 2


async def test_a_large_answer_arrives_whole() -> None:
    large = b"x" * 5_000_000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + large
    async with served(answering(answer, OK)) as peer, client() as connections:
        assert (await ask(connections, peer.url)).body == large
        assert (await ask(connections, peer.url)).body == b"ok"
        assert peer.opened == 1


async def test_a_port_that_nobody_listens_on_never_connected() -> None:
    async with served(answering()) as peer:
        pass
    async with client() as connections:
        with pytest.raises(NEVER_CONNECTED):
            await ask(connections, peer.url)


async def test_a_host_that_takes_no_connection_in_time_never_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never, raising=False)
    request = make_request("GET", "http://127.0.0.1:9", [], b"", ConnectionOptions(connect=0.01).extensions)
    async with client() as connections, connections.acquire() as transport:
        with pytest.raises(httpx.ConnectTimeout):
            await transport.handle_async_request(request)
