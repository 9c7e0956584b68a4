"""TLS and tunnels: the same rules, with a handshake or a proxy between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kardia_ctl.api.http.connections import LOST, NEVER_CONNECTED, ConnectionOptions
from tests.api.http.peer import (
    CERTIFICATE,
    OK,
    Peer,
    answering,
    ask,
    ask_until_answered,
    client,
    served,
    server_trust,
)

TRUSTED = ConnectionOptions(ca_file=str(CERTIFICATE))


async def test_a_tls_connection_is_used_again() -> None:
    async with (
        served(answering(OK, OK, OK), server_trust()) as peer,
        client(TRUSTED, secure=True) as connections,
    ):
        assert [(await ask(connections, peer.tls_url, b"a")).body for _ in range(3)] == [b"ok"] * 3
        assert peer.opened == 1


@pytest.mark.parametrize("body", [None, b"mrn=a"])
@pytest.mark.parametrize("pieces", [(OK + OK,), (OK, OK), (OK, OK * 40_000)])
async def test_what_is_sent_unasked_answers_no_request(pieces: tuple[bytes, ...], body: bytes | None) -> None:
    answers = iter([pieces, (OK,)])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in next(answers):  # each is a TLS record of its own
            writer.write(piece)
        await reader.read()

    async with served(talk, server_trust()) as peer, client(TRUSTED, secure=True) as connections:
        assert (await ask(connections, peer.tls_url, body)).status == 200
        assert await ask_until_answered(connections, peer.tls_url, body) == 200
        assert peer.opened == 2


async def test_a_certificate_that_is_not_trusted_never_connected() -> None:
    async with served(answering(OK), server_trust()) as peer, client(secure=True) as connections:
        with pytest.raises(NEVER_CONNECTED):
            await ask(connections, peer.tls_url, b"a")


async def test_a_certificate_for_another_host_never_connected() -> None:
    async with served(answering(OK), server_trust()) as peer, client(TRUSTED, secure=True) as connections:
        with pytest.raises(NEVER_CONNECTED):
            await ask(connections, f"https://127.0.0.2:{peer.port}", b"a")


async def test_without_authorities_https_trusts_nobody() -> None:
    async with served(answering(OK), server_trust()) as peer, client() as connections:
        with pytest.raises(NEVER_CONNECTED):
            await ask(connections, peer.tls_url, b"a")


async def test_a_handshake_that_breaks_off_never_connected() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.transport.abort()

    async with served(talk) as peer, client(TRUSTED, secure=True) as connections:
        with pytest.raises(NEVER_CONNECTED):
            await ask(connections, peer.tls_url, b"a")


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def tunnel(answer: bytes) -> AsyncIterator[Peer]:
    """A proxy that answers CONNECT so, and then passes bytes on to the host that was named."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        host, _, port = head.split()[1].decode().partition(":")
        there = await asyncio.open_connection(host, int(port))
        writer.write(answer)
        try:
            await asyncio.gather(_pipe(reader, there[1]), _pipe(there[0], writer))
        finally:
            there[1].transport.abort()

    async with served(talk) as peer:
        yield peer


def _through(proxy: Peer) -> ConnectionOptions:
    return ConnectionOptions(ca_file=str(CERTIFICATE), proxy=proxy.url)


async def test_a_tunnel_is_used_again() -> None:
    async with (
        served(answering(OK, OK, OK), server_trust()) as peer,
        tunnel(b"HTTP/1.1 200 OK\r\n\r\n") as proxy,
        client(_through(proxy), secure=True) as connections,
    ):
        assert [(await ask(connections, peer.tls_url, b"a")).body for _ in range(3)] == [b"ok"] * 3
        assert (peer.opened, proxy.opened) == (1, 1)


async def test_a_proxy_that_refuses_never_connected() -> None:
    async with (
        served(answering(OK), server_trust()) as peer,
        tunnel(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n") as proxy,
        client(_through(proxy), secure=True) as connections,
    ):
        with pytest.raises(NEVER_CONNECTED):
            await ask(connections, peer.tls_url, b"a")


async def test_a_request_that_was_given_up_on_its_way_through_a_proxy_blocks_no_later_one() -> None:
    silent = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        silent.set()
        await reader.read()

    async with served(talk) as proxy, client(_through(proxy), secure=True) as connections:
        for opened in (1, 2):
            asking = asyncio.create_task(ask(connections, "https://localhost:9", b"a", read=0.2))
            await silent.wait()
            await asyncio.sleep(0.02)
            silent.clear()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert proxy.opened == opened


async def test_a_tunnel_that_breaks_off_is_lost() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.read(1)
        writer.transport.abort()

    async with (
        served(talk, server_trust()) as peer,
        tunnel(b"HTTP/1.1 200 OK\r\n\r\n") as proxy,
        client(_through(proxy), secure=True) as connections,
    ):
        with pytest.raises(LOST) as caught:
            await ask(connections, peer.tls_url, b"a")
        assert not isinstance(caught.value, NEVER_CONNECTED)
