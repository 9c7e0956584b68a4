"""One HTTP/1.1 connection of httpcore, which is what httpx itself stands on, without the pool around it.

A pool looks through all its connections, under locks, for every request: with 128 at once that is half of
what a request costs (tests/benchmarks). A connection that only one request uses at a time needs none. The
errors are httpx's, as everywhere: they tell how far a request came.
"""

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import httpcore
import httpx

from kardia_ctl.api.wires import Wires

_ERRORS: Final[Mapping[type[Exception], type[httpx.TransportError]]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.WriteError: httpx.WriteError,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
}
"""httpcore's errors by what httpx calls them. What is not here counts as lost on the way."""

_PORTS: Final = {"http": 80, "https": 443}


class Line(httpx.AsyncBaseTransport):
    """A connection that is opened when it is needed, kept for the next request, and opened anew once lost.

    ``trust`` is for https. One that rested for ``keepalive`` seconds, that the other side closed, or on which
    it spoke unasked, is not used again.
    """

    def __init__(self, trust: ssl.SSLContext | None, keepalive: float) -> None:
        self._trust = trust
        self._keepalive = keepalive
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of its answer.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: nothing was sent.
            httpx.TransportError: it was lost on the way.
        """
        connection = await self._usable(request.url)
        with _as_httpx(request):
            answer = await connection.handle_async_request(_asked(request))
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer, request), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()

    async def _usable(self, url: httpx.URL) -> httpcore.AsyncHTTPConnection:
        connection = self._connection
        if connection is None or not _is_usable(connection):
            await self.aclose()
            origin = httpcore.Origin(url.raw_scheme, url.raw_host, url.port or _PORTS[url.scheme])
            connection = self._connection = httpcore.AsyncHTTPConnection(
                origin, ssl_context=self._trust, keepalive_expiry=self._keepalive, network_backend=Wires()
            )
        return connection


def _is_usable(connection: httpcore.AsyncHTTPConnection) -> bool:
    return connection.is_idle() and not connection.has_expired() and not _holds_more(connection)


def _holds_more(connection: httpcore.AsyncHTTPConnection) -> bool:
    """Whether more than the answer came with it: it would be taken for the answer to the next request.

    httpcore does not tell. Where it keeps this is not public; should that change, no connection is used again
    (and a test fails).
    """
    http = getattr(getattr(connection, "_connection", None), "_h11_state", None)
    return getattr(http, "trailing_data", None) != (b"", False)


def _asked(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.content,
        extensions=request.extensions,
    )


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        known = next((ours for theirs, ours in _ERRORS.items() if isinstance(error, theirs)), None)
        if known is None:
            raise
        raise known("", request=request) from error


class _Body(httpx.AsyncByteStream):
    """The body of an answer as it arrives. When it was not read to its end, the connection is let go."""

    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx(self._request):
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        with _as_httpx(self._request):
            await self._answer.aclose()
