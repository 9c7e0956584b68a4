"""The HTTP connections: each request under way has one of its own, and they are kept for the next ones."""

import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Self

import httpx

from kardia_ctl.api.line import Line
from kardia_ctl.model.errors import ApiError


@dataclass(frozen=True, slots=True)
class Settings:
    """How to connect. Times are in seconds, sizes in bytes.

    ``keepalive`` stays below the 5 s after which many servers close an idle connection, so that a close
    rarely meets a write on its way. ``total`` bounds one request with its answer, ``largest`` a body: a
    page of 500 patients is a tenth of it, and an ill-meant one takes fifty times its size in memory.
    ``proxy`` is a URL, ``ca_file`` a PEM file that replaces the built-in authorities.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0
    keepalive: float = 3.0
    largest: int = 8_000_000
    proxy: str | None = None
    ca_file: str | None = None


class Connections:
    """Transports of one connection each, made when one is needed; whichever rests longest is used next.

    A pool of httpx looks through all its connections for every request, and its client adds redirects,
    cookies and authentication, none of which is wanted here: for 128 at once that is most of a request's
    time. Who rests longest comes first, so that all stay open while there is enough to do; one that rested
    for ``keepalive`` seconds of ``clock`` would have to be opened again, and is used when no other is there.
    """

    def __init__(
        self, make: Callable[[], httpx.AsyncBaseTransport], keepalive: float, clock: Callable[[], float]
    ) -> None:
        self._make = make
        self._keepalive = keepalive
        self._clock = clock
        self._rested: deque[tuple[float, httpx.AsyncBaseTransport]] = deque()
        self._cold = [make()]
        self._made = [*self._cold]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        async with AsyncExitStack() as closing:
            for transport in self._made:
                closing.push_async_callback(transport.aclose)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[httpx.AsyncBaseTransport]:
        """A connection that nobody else uses meanwhile."""
        transport = self._take()
        try:
            yield transport
        finally:
            self._rested.append((self._clock(), transport))

    def _take(self) -> httpx.AsyncBaseTransport:
        stale = self._clock() - self._keepalive
        while self._rested and self._rested[0][0] <= stale:
            self._cold.append(self._rested.popleft()[1])
        if self._rested:
            return self._rested.popleft()[1]
        if not self._cold:
            self._cold.append(self._make())
            self._made.extend(self._cold)
        return self._cold.pop()


def connect(
    settings: Settings,
    *,
    clock: Callable[[], float],
    transport: httpx.AsyncBaseTransport | None = None,
    secure: bool = True,
) -> Connections:
    """Connections, none of them open yet; a given ``transport`` replaces the network.

    ``secure`` False is for http on loopback, where loading the authorities would be time for nothing.

    Raises:
        ApiError: the proxy or the CA file cannot be used.
    """
    if transport is not None:
        return Connections(lambda: transport, settings.keepalive, clock)
    trust = _trust(settings.ca_file) if secure else None
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=settings.keepalive)

    def make() -> httpx.AsyncBaseTransport:
        if settings.proxy is None:
            return Line(trust, settings.keepalive)
        verify = trust or False
        return httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=limits, proxy=settings.proxy)

    try:
        return Connections(make, settings.keepalive, clock)
    except (ValueError, ImportError, httpx.InvalidURL):
        if settings.proxy is None:
            raise
        # The text of the library's error is dropped: a proxy's URL may hold a password. For SOCKS httpx wants
        # a library that is not here.
        raise ApiError("the proxy is not a URL that can be used. Next: write http://HOST:PORT") from None


def _trust(ca_file: str | None) -> ssl.SSLContext:
    try:
        trust = (
            httpx.create_ssl_context(trust_env=False)
            if ca_file is None
            else ssl.create_default_context(cafile=ca_file)
        )
    except (OSError, ssl.SSLError) as error:
        raise ApiError(
            f"the CA file {ca_file} cannot be used: {type(error).__name__}. Next: name a PEM file"
        ) from error
    trust.set_alpn_protocols(["http/1.1"])
    return trust
