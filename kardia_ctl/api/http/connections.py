"""The network through httpx, and the only module that imports it.

Each request in flight has a transport with one connection of its own, which is kept for later requests. There
is no httpx.AsyncClient: its redirects, cookies and authentication are not wanted here. Nor is there one pool
for all: it examines every connection for every request, which takes most of a request's time for 128 at once.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Self, TypeAlias, cast

import httpx

from kardia_ctl.api.http.body import BodyError, read_body
from kardia_ctl.api.http.trust import tls_version, trust_of
from kardia_ctl.model.errors import ApiError

HttpTransport: TypeAlias = httpx.AsyncBaseTransport
"""What takes one request to the network and returns its response."""

Header: TypeAlias = tuple[bytes, bytes]
"""A header's name and value as they are sent."""

NEVER_CONNECTED: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""What httpx raises only before the first byte of a request has left."""

LOST: Final = (httpx.HTTPError, httpx.StreamError, BodyError, OSError)
"""Whatever else may end a request. OSError covers a server inside this process, TLS and our own timeout."""


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """How to connect. Times are in seconds, sizes in bytes.

    ``keepalive`` stays below the 5 s after which many servers close an idle connection, so that a close
    rarely meets a write on its way. ``total`` bounds one request with its response, ``largest`` a body: a
    page of 500 patients is a tenth of it, and a malicious one takes fifty times its size in memory.
    ``proxy`` is a URL, ``ca_file`` a PEM file that replaces the built-in authorities. ``unused_proxy`` names
    a variable that other programs take a proxy from, and ``key_place`` where the key comes from: messages say
    both.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0
    keepalive: float = 3.0
    largest: int = 8_000_000
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    unused_proxy: str = ""
    key_place: str = ""

    @property
    def extensions(self) -> dict[str, Any]:
        """The extensions of a request that bound each of its steps."""
        return {"timeout": httpx.Timeout(self.read, connect=self.connect).as_dict()}


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response with its body, to its end or (``complete`` False) to the bound; ``tls`` as in ``Answer``."""

    status: int
    headers: httpx.Headers
    body: bytes
    complete: bool
    tls: str = ""


class Connections:
    """Transports of one connection each, made when one is needed; the longest idle is used next.

    The longest idle comes first, so that all stay open while there is enough to do. One that was idle for
    ``keepalive`` seconds of ``clock`` would have to be opened again, and is used when there is no other.
    """

    def __init__(
        self, make: Callable[[], HttpTransport], keepalive: float, clock: Callable[[], float]
    ) -> None:
        self._make = make
        self._keepalive = keepalive
        self._clock = clock
        self._idle: deque[tuple[float, HttpTransport]] = deque()
        self._cold = [make()]
        self._made = [*self._cold]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        async with AsyncExitStack() as closing:
            for transport in self._made:
                closing.push_async_callback(transport.aclose)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[HttpTransport]:
        """A connection that no other request uses meanwhile."""
        transport = self._take()
        try:
            yield transport
        except BaseException:
            self._made.remove(transport)
            await transport.aclose()  # httpx keeps a tunnel whose TLS failed, and waits for it for ever
            raise
        self._idle.append((self._clock(), transport))

    def _take(self) -> HttpTransport:
        stale = self._clock() - self._keepalive
        while self._idle and self._idle[0][0] <= stale:
            self._cold.append(self._idle.popleft()[1])
        if self._idle:
            return self._idle.popleft()[1]
        if not self._cold:
            self._cold.append(self._make())
            self._made.extend(self._cold)
        return self._cold.pop()


def connect(
    options: ConnectionOptions,
    *,
    clock: Callable[[], float],
    transport: HttpTransport | None = None,
    secure: bool = True,
) -> Connections:
    """Connections, none of them open yet; a given ``transport`` replaces the network.

    ``secure`` False is for http on loopback, where loading the authorities would be time for nothing.

    Raises:
        ApiError: the proxy or the CA file cannot be used.
    """
    if transport is not None:
        return Connections(lambda: transport, options.keepalive, clock)
    trust = trust_of(options.ca_file) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    proxy_trust = trust if (options.proxy or "").lower().startswith("https:") else None
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=options.keepalive)

    def make() -> HttpTransport:
        # A proxy of its own context, or httpx makes one that obeys the environment.
        proxy = None if options.proxy is None else httpx.Proxy(options.proxy, ssl_context=proxy_trust)
        return httpx.AsyncHTTPTransport(verify=trust, trust_env=False, limits=limits, proxy=proxy)

    try:
        return Connections(make, options.keepalive, clock)
    except (ValueError, ImportError, httpx.InvalidURL):
        if options.proxy is None:
            raise
        # The text of the library's error is dropped: a proxy's URL may hold a password. For SOCKS httpx wants
        # a library that is not here.
        raise ApiError("the proxy is not a URL that can be used. Next: write http://HOST:PORT") from None


def app_transport(app: Any) -> HttpTransport:
    """A transport to an ASGI application in this process."""
    return httpx.ASGITransport(app)


class _RequestBody(httpx.ByteStream):
    """The body of a request, which knows when httpx has sent it and how soon a response may come.

    The response to a request needs two turns of the event loop at least: one in which the socket becomes
    readable, one in which its reader wakes up. What is there earlier was there before the request: bytes
    after the end of the last response, which httpx would take for the answer to this request.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._content = content
        self.too_early = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._content:
            yield self._content
        loop = asyncio.get_running_loop()
        self.too_early = True
        loop.call_soon(loop.call_soon, self._wait_over)

    def _wait_over(self) -> None:
        self.too_early = False


@lru_cache(maxsize=64)
def _url(text: str) -> httpx.URL:
    """Parsed once: all creates go to one URL, and parsing it would be a tenth of sending one.

    Raises:
        ValueError: an xn-- label of the host stands for nothing.
        InvalidURL: the text is not a URL.
    """
    url = httpx.URL(text)
    if not url.host:  # decodes the host
        raise ValueError("the URL has no host")
    return url


def make_request(
    method: str, url: str, headers: Sequence[Header], body: bytes, extensions: Mapping[str, Any]
) -> httpx.Request:
    """A request with its Host and these headers.

    Raises:
        ValueError: the URL or a header cannot be sent.
    """
    try:
        target = _url(url)
    except httpx.InvalidURL:
        raise ValueError("httpx cannot parse the URL") from None
    request = httpx.Request(
        method,
        target,
        headers=[(b"Host", target.netloc), *headers],
        stream=_RequestBody(body),
        extensions=dict(extensions),
    )
    request.read()
    return request


async def exchange(transport: HttpTransport, request: httpx.Request, largest: int) -> HttpResponse:
    """Send a request once and read its response to the end or to ``largest`` bytes.

    Raises:
        httpx.HTTPError, httpx.StreamError, BodyError, OSError: see ``NEVER_CONNECTED`` and ``LOST``.
    """
    sent = request.stream
    response = await transport.handle_async_request(request)
    try:
        if isinstance(sent, _RequestBody) and sent.too_early and "network_stream" in response.extensions:
            raise httpx.RemoteProtocolError("a response came before its request", request=request)
        body, complete = await read_body(
            cast("httpx.AsyncByteStream", response.stream), response.headers, largest
        )
        tls = tls_version(response.extensions.get("network_stream"))
    finally:
        await response.aclose()
    return HttpResponse(response.status_code, response.headers, body, complete, tls)
