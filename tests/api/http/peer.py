"""A server that sends what a test wants, byte for byte, and the real connections to it."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from kardia_ctl.api.http.connections import (
    ConnectionOptions,
    Connections,
    HttpResponse,
    connect,
    exchange,
    make_request,
)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CERTIFICATE: Final = Path(__file__).with_name("loopback.pem")


@dataclass
class Peer:
    """How often it was connected to, and where it is."""

    talk: Talk
    port: int = 0
    opened: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            await self.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://localhost:{self.port}"


@asynccontextmanager
async def served(talk: Talk, trust: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """A peer on loopback, which speaks TLS when there is a ``trust``."""
    peer = Peer(talk)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, ssl=trust)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()


def server_trust() -> ssl.SSLContext:
    """TLS with a certificate for localhost."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(CERTIFICATE)
    return trust


def answering(*answers: bytes) -> Talk:
    """Answers one request after the other on a connection, and then closes it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

    return talk


@asynccontextmanager
async def client(
    options: ConnectionOptions | None = None, *, secure: bool = False
) -> AsyncIterator[Connections]:
    """The connections that ship."""
    options = options or ConnectionOptions()
    async with connect(options, clock=time.monotonic, secure=secure) as connections:
        yield connections


async def ask(
    connections: Connections,
    url: str,
    body: bytes | None = None,
    *,
    read: float = 5.0,
    largest: int = 10_000_000,
) -> HttpResponse:
    """GET, or POST a body, on whichever connection is next."""
    headers = [] if body is None else [(b"Content-Length", b"%d" % len(body))]
    extensions = ConnectionOptions(read=read, connect=5.0).extensions
    method = "GET" if body is None else "POST"
    request = make_request(method, f"{url}/v1/x?a=b%20c", headers, body or b"", extensions)
    async with connections.acquire() as transport:
        return await exchange(transport, request, largest)


async def ask_until_answered(connections: Connections, url: str, body: bytes | None) -> int:
    """The status of an answer, once one was given up if bytes of it were there before its request."""
    try:
        return (await ask(connections, url, body)).status
    except httpx.RemoteProtocolError:
        return (await ask(connections, url, body)).status
