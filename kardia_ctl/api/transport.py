"""The one way out: every request passes ``Transport.send`` and is counted there.

httpx does what it does well: connections that are kept, TLS, proxies, timeouts of each step, framing and
unpacking of bodies. Ours are the bounds on a whole answer in time and size, for which it has no setting.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx

from kardia_ctl.api.body import read_body
from kardia_ctl.api.connections import Shards
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

_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


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

    ``total`` seconds bound a request with its answer, ``largest`` bytes a body; ``now`` gives Unix seconds.
    """

    def __init__(
        self,
        endpoint: str,
        shards: Shards,
        *,
        total: float,
        largest: int,
        now: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint
        self._shards = shards
        self._total = total
        self._largest = largest
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
        async with self._shards.client() as client:
            request = self._request(client, call.endpoint.method, target, form)
            self._sent[call.endpoint.nature] += 1
            try:
                async with asyncio.timeout(self._total):
                    return await self._exchange(client, request)
            except NEVER_CONNECTED:
                self._sent[call.endpoint.nature] -= 1
                raise

    def _request(
        self, client: httpx.AsyncClient, method: str, target: str, form: bytes | None
    ) -> httpx.Request:
        headers = None if form is None else _FORM
        try:
            return client.build_request(method, f"{self._endpoint}{target}", content=form, headers=headers)
        except httpx.InvalidURL:
            raise NotExecuted(
                "the endpoint is not a URL that can be used. Next: write https://HOST"
            ) from None

    async def _exchange(self, client: httpx.AsyncClient, request: httpx.Request) -> Answer:
        try:
            response = await client.send(request, stream=True)
        except UnicodeError:  # httpx reads where a redirect leads, even when it is not to be followed
            raise httpx.RemoteProtocolError("a redirect to no URL", request=request) from None
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
