"""The HTTP clients."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, Self

import httpx

from kardia_ctl.model.errors import ApiError

PER_CLIENT: Final = 8
"""Connections of one client. httpx's pool is quadratic in them (measurements.md): small ones are faster."""


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


_NO_COOKIES: Final = DefaultCookiePolicy(allowed_domains=())
"""What a server sets is neither kept nor sent: a key is all that is needed, and an odd cookie ends a run."""


class Shards:
    """A few clients of ``PER_CLIENT`` connections each; each request takes the one with the least to do."""

    def __init__(self, clients: tuple[httpx.AsyncClient, ...]) -> None:
        self._clients = clients
        self._busy = [0] * len(clients)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for client in self._clients:
            await self._open.enter_async_context(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """The client with the fewest requests under way."""
        place = min(range(len(self._clients)), key=self._busy.__getitem__)
        self._busy[place] += 1
        try:
            yield self._clients[place]
        finally:
            self._busy[place] -= 1


def make_clients(
    headers: dict[str, str],
    settings: Settings,
    parallelism: int,
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    secure: bool = True,
) -> Shards:
    """Clients for ``parallelism`` requests at once; a given ``transport`` replaces the network.

    ``secure`` False is for http on loopback, where loading the authorities would be time for nothing.

    Raises:
        ApiError: the proxy or the CA file cannot be used.
    """
    number = 1 if transport else -(-parallelism // PER_CLIENT)
    verify = _verify(settings.ca_file) if secure and not transport else False
    try:
        return Shards(
            tuple(
                httpx.AsyncClient(
                    headers=headers,
                    cookies=CookieJar(_NO_COOKIES),
                    timeout=httpx.Timeout(settings.read, connect=settings.connect),
                    limits=httpx.Limits(
                        max_connections=PER_CLIENT,
                        max_keepalive_connections=PER_CLIENT,
                        keepalive_expiry=settings.keepalive,
                    ),
                    trust_env=False,
                    follow_redirects=False,
                    proxy=settings.proxy,
                    verify=verify,
                    transport=transport,
                )
                for _ in range(number)
            )
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        if settings.proxy is None:
            raise
        # The text of the library's error is dropped: a proxy's URL may hold a password. For SOCKS httpx wants
        # a library that is not here.
        raise ApiError("the proxy is not a URL that can be used. Next: write http://HOST:PORT") from None


def _verify(ca_file: str | None) -> ssl.SSLContext:
    try:
        if ca_file is not None:
            return ssl.create_default_context(cafile=ca_file)
        return httpx.create_ssl_context(trust_env=False)
    except (OSError, ssl.SSLError) as error:
        raise ApiError(
            f"the CA file {ca_file} cannot be used: {type(error).__name__}. Next: name a PEM file"
        ) from error
