"""The one way out: every request passes ``Transport.send`` and is counted there.

httpx does what it does well: connections that are kept, TLS, proxies, timeouts of each step, framing and
unpacking of bodies. Ours are the bounds on a whole answer in time and size, for which it has no setting.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from kardia_ctl.api.body import read_body
from kardia_ctl.api.connections import Connections, Settings
from kardia_ctl.api.endpoints import Endpoint, Nature, encode, fill
from kardia_ctl.api.retry import retry_after
from kardia_ctl.api.wire import Answer
from kardia_ctl.model.errors import NotExecuted

NEVER_CONNECTED: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""What httpx raises only before the first byte of a request has left."""

LOST: Final = (httpx.HTTPError, httpx.StreamError, OSError)
"""Whatever else may end a request. OSError covers a server inside this process, and our own timeout."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an endpoint: ids for its path, pairs for its query and its form, in their order.

    ``hidden`` are values that no error may repeat.
    """

    endpoint: Endpoint
    ids: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)

    @property
    def target(self) -> str:
        """Path and query as they go onto the wire."""
        path = fill(self.endpoint, self.ids)
        return f"{path}?{encode(self.query)}" if self.query else path


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests that were sent. A connection that never opened sent none."""

    reads: int = 0
    writes: int = 0


class Transport:
    """Sends each request once, at once.

    ``headers`` go with every request; ``now`` gives Unix seconds.
    """

    def __init__(
        self,
        endpoint: str,
        connections: Connections,
        headers: Mapping[str, str],
        settings: Settings,
        *,
        now: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint
        self._connections = connections
        self._headers = httpx.Headers(headers)
        self._form_headers = httpx.Headers({**headers, "Content-Type": "application/x-www-form-urlencoded"})
        self._extensions = {"timeout": httpx.Timeout(settings.read, connect=settings.connect).as_dict()}
        self._total = settings.total
        self._largest = settings.largest
        self._now = now
        self._sent = dict.fromkeys(Nature, 0)

    @property
    def counts(self) -> Counts:
        """What was sent so far, by kind."""
        reads = self._sent[Nature.SAFE]
        return Counts(reads, self.requests - reads)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return sum(self._sent.values())

    async def send(self, call: Call) -> Answer:
        """Send a call once and read its answer to the end or the bound.

        Raises:
            httpx.HTTPError, OSError: see ``NEVER_CONNECTED`` and ``LOST``.
            NotExecuted: the call cannot be written as a request.
        """
        target, form = call.target, None if call.form is None else encode(call.form).encode()
        request = self._request(call.endpoint.method, target, form)
        async with self._connections.one() as connection:
            self._sent[call.endpoint.nature] += 1
            try:
                async with asyncio.timeout(self._total):
                    return await self._exchange(connection, request)
            except NEVER_CONNECTED:
                self._sent[call.endpoint.nature] -= 1
                raise

    def _request(self, method: str, target: str, form: bytes | None) -> httpx.Request:
        headers = self._headers if form is None else self._form_headers
        try:
            return httpx.Request(
                method,
                f"{self._endpoint}{target}",
                content=form,
                headers=headers,
                extensions=self._extensions,
            )
        except httpx.InvalidURL:
            raise NotExecuted(
                "the endpoint is not a URL that can be used. Next: write https://HOST"
            ) from None

    async def _exchange(self, connection: httpx.AsyncBaseTransport, request: httpx.Request) -> Answer:
        response = await connection.handle_async_request(request)
        response.request = request
        try:
            body, whole = await read_body(response, self._largest)
        finally:
            await response.aclose()
        headers = response.headers
        return Answer(
            status=response.status_code,
            content_type=headers.get("content-type", "").lower(),
            body=body,
            whole=whole,
            wait=retry_after(headers.get_list("retry-after"), headers.get("date"), self._now),
            location=headers.get("location", ""),
        )
