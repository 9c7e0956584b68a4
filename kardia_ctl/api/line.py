"""One HTTP/1.1 connection: h11 says what the bytes mean, asyncio carries them.

httpx's own transport goes through a pool, nine locks and a dozen cancel scopes for every request, which is
two thirds of what a request costs (tests/benchmarks). Nothing of that is needed by a connection that only one
request uses at a time. What is kept from it are its errors, which tell how far a request came.
"""

import asyncio
import select
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final, cast

import h11
import httpx

_LARGEST_HEAD: Final = 100 * 1024
_ENOUGH: Final = 1 << 20
"""Bytes that wait to be taken, above which no more are read from the socket."""
_EYEBALLS: Final = 0.25
"""Seconds after which the next address of a host is tried too (RFC 8305 recommends 250 ms)."""


class Line(httpx.AsyncBaseTransport):
    """A connection that is opened when it is needed, kept for the next request, and opened anew once lost.

    ``trust`` is for https. One that rested for ``keepalive`` seconds of ``clock`` is not used again.
    """

    def __init__(self, trust: ssl.SSLContext | None, keepalive: float, clock: Callable[[], float]) -> None:
        self._trust = trust
        self._keepalive = keepalive
        self._clock = clock
        self._since = 0.0
        self._wire: _Wire | None = None
        self._http = h11.Connection(h11.CLIENT)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of its answer.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: nothing was sent.
            httpx.TransportError: it was lost on the way.
        """
        timeout = request.extensions["timeout"]
        wire = self._rested() or await self._open(request, timeout["connect"])
        try:
            self._write(wire, request)
            head = await self._head(wire, request, timeout["read"])
        except BaseException:
            self.drop()
            raise
        body = _Body(self, lambda: self._event(wire, request, timeout["read"]))
        return httpx.Response(head.status_code, headers=list(head.headers), stream=body)

    async def aclose(self) -> None:
        """Close the connection, if there is one."""
        self.drop()

    def drop(self) -> None:
        """Let go of the connection at once: nothing more is read from it."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def rest(self) -> None:
        """The answer was read to its end: keep the connection if both sides want to.

        Not when more than the answer came: it would be taken for the answer to the next request.
        """
        http = self._http
        if (http.our_state, http.their_state) == (h11.DONE, h11.DONE) and http.trailing_data == (b"", False):
            self._http.start_next_cycle()
            self._since = self._clock()
        else:
            self.drop()

    def _rested(self) -> "_Wire | None":
        """The open connection; none when it rested too long, or the other side closed it or spoke unasked."""
        wire = self._wire
        if wire is not None and (self._clock() - self._since >= self._keepalive or not wire.is_quiet):
            self.drop()
        return self._wire

    async def _open(self, request: httpx.Request, seconds: float) -> "_Wire":
        url = request.url
        trust = self._trust if url.scheme == "https" else None
        port = url.port or (443 if trust else 80)
        try:
            async with asyncio.timeout(seconds):
                _, wire = await asyncio.get_running_loop().create_connection(
                    _Wire,
                    url.raw_host.decode("ascii").strip("[]"),
                    port,
                    ssl=trust,
                    happy_eyeballs_delay=_EYEBALLS,
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout("", request=request) from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a host that no name server can be asked for
            raise httpx.ConnectError("", request=request) from error
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._wire = wire
        return wire

    def _write(self, wire: "_Wire", request: httpx.Request) -> None:
        """The whole request in one piece: forms are small."""
        send = self._http.send
        try:
            head = h11.Request(
                method=request.method, target=request.url.raw_path, headers=request.headers.raw
            )
            parts = [send(head)]
            if request.content:
                parts.append(send(h11.Data(data=request.content)))
            parts.append(send(h11.EndOfMessage()))
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError("", request=request) from error
        wire.write(b"".join(part for part in parts if part))

    async def _head(self, wire: "_Wire", request: httpx.Request, seconds: float) -> h11.Response:
        while True:
            event = await self._event(wire, request, seconds)
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise httpx.RemoteProtocolError("no answer", request=request)

    async def _event(self, wire: "_Wire", request: httpx.Request, seconds: float) -> h11.Event:
        """The next thing that the other side says."""
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await wire.read(seconds))
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError("", request=request) from error
        except TimeoutError as error:
            raise httpx.ReadTimeout("", request=request) from error
        except OSError as error:
            raise httpx.ReadError("", request=request) from error
        if isinstance(event, h11.Event):
            return event
        raise httpx.RemoteProtocolError("more than an answer", request=request)


class _Body(httpx.AsyncByteStream):
    """The body of an answer as it arrives. When it was not read to its end, the connection is let go."""

    def __init__(self, line: Line, event: Callable[[], Coroutine[Any, Any, h11.Event]]) -> None:
        self._line = line
        self._event = event
        self._open = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)
        if isinstance(event, h11.EndOfMessage):
            self._open = False
            self._line.rest()

    async def aclose(self) -> None:
        if self._open:
            self._open = False
            self._line.drop()


class _Wire(asyncio.Protocol):
    """What arrived on a socket and was not taken yet."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._paused = False

    @property
    def is_quiet(self) -> bool:
        """Whether the other side neither closed it nor spoke unasked, be it what the kernel still holds."""
        if self._data or self._ended or self._transport.is_closing():
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def write(self, data: bytes) -> None:
        """Send it, or as much as the socket takes now and the rest when it takes more."""
        self._transport.write(data)

    async def read(self, seconds: float) -> bytes:
        """What has arrived; empty at the end.

        Raises:
            TimeoutError: nothing arrived for so long.
            OSError: the connection was lost.
        """
        if not self._data and not self._ended:
            self._waiting = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(seconds):
                await self._waiting
        if self._error is not None and not self._data:
            raise OSError("the connection was lost") from self._error
        found = bytes(self._data)
        self._data.clear()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return found

    def close(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        if len(self._data) > _ENOUGH and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = exc
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
