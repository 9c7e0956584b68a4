"""The one way out: every request passes ``Transport.send`` and is counted there.

httpx does what it does well: connections that are kept, TLS, proxies, timeouts of each step, framing and
unpacking of bodies. Ours are the bounds on a whole answer in time and size, for which it has no setting.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import httpx

from kardia_ctl.api.decode import Answer
from kardia_ctl.api.endpoints import Endpoint, Nature, encode, fill
from kardia_ctl.api.http.body import read_body
from kardia_ctl.api.http.connections import Connections, Settings
from kardia_ctl.api.limits.retry import retry_after
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


def _unheard(_: Answer) -> None:
    """Nobody wants the answers one by one."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an endpoint: ids for its path, pairs for its query and its form, in their order.

    ``content`` is a body as it is, with its type, instead of a form. ``extra`` are headers beside our own.
    ``hidden`` are values that no error may repeat. ``heard`` is given every answer that came, whatever it
    says.
    """

    endpoint: Endpoint
    ids: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)
    content: tuple[str, bytes] | None = field(default=None, repr=False)
    extra: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    heard: Callable[[Answer], None] = field(default=_unheard, repr=False, compare=False)

    @property
    def target(self) -> str:
        """Path and query as they go onto the wire."""
        path = fill(self.endpoint, self.ids)
        return f"{path}?{encode(self.query)}" if self.query else path

    @property
    def body(self) -> bytes | None:
        """The body as it goes onto the wire; None for none.

        Raises:
            NotExecuted: a value that is not text in Unicode.
        """
        if self.content is not None:
            return self.content[1]
        return None if self.form is None else encode(self.form).encode()


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests that were sent. A connection that never opened sent none."""

    reads: int = 0
    writes: int = 0


@lru_cache(maxsize=64)
def _url(text: str) -> httpx.URL:
    """Parsed once: all creates go to one URL, and parsing it would be a tenth of sending one."""
    return httpx.URL(text)


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
        target, body = call.target, call.body
        request = self._request(call, target, body)
        async with self._connections.one() as connection:
            self._sent[call.endpoint.nature] += 1
            try:
                async with asyncio.timeout(self._total):
                    return await self._exchange(connection, request)
            except NEVER_CONNECTED:
                self._sent[call.endpoint.nature] -= 1
                raise

    def _request(self, call: Call, target: str, body: bytes | None) -> httpx.Request:
        try:
            return httpx.Request(
                call.endpoint.method,
                _url(f"{self._endpoint}{target}"),
                content=body,
                headers=self._headers_of(call),
                extensions=self._extensions,
            )
        except (httpx.InvalidURL, UnicodeError):  # UnicodeError: an xn-- label that stands for nothing
            raise NotExecuted(
                "the endpoint is not a URL that can be used. Next: write https://HOST"
            ) from None

    def _headers_of(self, call: Call) -> httpx.Headers:
        """The headers that go with every request, made once, unless the call has some of its own."""
        if call.content is None and not call.extra:
            return self._headers if call.form is None else self._form_headers
        headers = httpx.Headers(self._headers)
        if call.content is not None:
            headers["Content-Type"] = call.content[0]
        headers.update(dict(call.extra))
        return headers

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
