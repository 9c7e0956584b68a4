"""How httpcore reaches the network: sockets of asyncio, for httpcore's documented network backend.

Its own backend goes through anyio, which is made for more than one event loop; that and a second piece for
each body were a third of what a request cost (tests/benchmarks).
"""

import asyncio
import select
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import httpcore

_ENOUGH: Final = 1 << 20
"""Bytes that wait to be taken, above which no more are read from the socket."""
_EYEBALLS: Final = 0.25
"""Seconds after which the next address of a host is tried too (RFC 8305 recommends 250 ms)."""


class Wires(httpcore.AsyncNetworkBackend):
    """Opens wires."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's name for it)
        local_address: str | None = None,  # noqa: ARG002  (nobody asks for one)
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host. ``timeout`` is in seconds.

        Raises:
            httpcore.ConnectError, httpcore.ConnectTimeout: there is no connection.
        """
        loop = asyncio.get_running_loop()
        async with _connecting(timeout):
            _, wire = await loop.create_connection(
                Wire, host.strip("[]"), port, happy_eyeballs_delay=_EYEBALLS
            )
        return wire

    async def sleep(self, seconds: float) -> None:
        """Sleep for seconds."""
        await asyncio.sleep(seconds)


class Wire(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One socket: what arrived on it and was not taken yet, and what is to leave with the next read."""

    def __init__(self) -> None:
        self._arrived = bytearray()
        self._leaving: list[bytes] = []
        self._ended = False
        self._error: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._paused = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """What has arrived, in seconds; empty at the end. What is to leave leaves first, in one piece.

        Raises:
            httpcore.ReadError, httpcore.ReadTimeout: nothing more arrives.
        """
        if self._leaving:
            self._transport.write(b"".join(self._leaving))
            self._leaving.clear()
        if not self._arrived and not self._ended:
            await self._arrival(timeout)
        if self._error is not None and not self._arrived:
            raise httpcore.ReadError("the connection was lost") from self._error
        found = bytes(self._arrived[:max_bytes])
        del self._arrived[:max_bytes]
        if self._paused and not self._arrived:
            self._paused = False
            self._transport.resume_reading()
        return found

    async def _arrival(self, seconds: float | None) -> None:
        """Wait until something arrives. A timer is cheaper than asyncio.timeout, and this is every answer."""
        loop = asyncio.get_running_loop()
        self._waiting = waiting = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, _give_up, waiting)
        try:
            await waiting
        finally:
            if timer is not None:
                timer.cancel()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Have bytes leave with the next read: a head and its body go together."""
        self._leaving.append(buffer)

    async def aclose(self) -> None:
        """Close the socket at once."""
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Go on in TLS, with the certificate and its host name checked as ``ssl_context`` says.

        Raises:
            httpcore.ConnectError, httpcore.ConnectTimeout: there is no TLS connection.
        """
        loop, inner = asyncio.get_running_loop(), Wire()
        try:
            async with _connecting(timeout):
                transport = await loop.start_tls(
                    self._transport, inner, ssl_context, server_hostname=server_hostname
                )
                if transport is None:
                    raise OSError("the connection was lost")  # noqa: TRY301  (named as what asyncio raises is)
        except BaseException:
            self._transport.abort()
            raise
        inner.connection_made(transport)
        return inner

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks for: whether a socket at rest was closed or spoken on by the other side."""
        return self._is_readable() if info == "is_readable" else self._transport.get_extra_info(info)

    def _is_readable(self) -> bool:
        if self._arrived or self._ended or self._transport.is_closing():
            return True
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes arrived."""
        self._arrived += data
        if len(self._arrived) > _ENOUGH and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """asyncio: the other side sends no more."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the socket is closed."""
        self._ended = True
        self._error = exc
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


def _give_up(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_exception(httpcore.ReadTimeout("nothing arrived in time"))


@asynccontextmanager
async def _connecting(seconds: float | None) -> AsyncIterator[None]:
    """Bound the opening, and name what goes wrong as httpcore does: too late, or refused."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a host that no name server can be asked for
        raise httpcore.ConnectError from error
