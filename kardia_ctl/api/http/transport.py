"""Every request passes through ``Transport.send`` and is counted there."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.api.answer import Answer
from kardia_ctl.api.endpoints import RENEW_KEY, Endpoint, Nature, encode, fill
from kardia_ctl.api.http.cause import peer_of
from kardia_ctl.api.http.connections import (
    NEVER_CONNECTED,
    ConnectionOptions,
    Connections,
    Header,
    HttpResponse,
    exchange,
    make_request,
)
from kardia_ctl.api.http.sending import Sending
from kardia_ctl.api.limits.retry import retry_after
from kardia_ctl.model.errors import NotExecuted
from kardia_ctl.model.ports import always

_FORM: Final = "application/x-www-form-urlencoded"
_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests have Content-Length: 0 when they have no body (RFC 9110, 8.6)."""


def _ignore(_: Answer) -> None:
    """No-op callback."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an endpoint: ids for its path, pairs for its query and its form, in their order.

    ``content`` is a body as it is, with its type, instead of a form. ``extra`` are headers beside our own.
    ``hidden`` are values that no error may repeat. ``on_answer`` receives every answer, whatever
    its status. ``is_current`` says, when an attempt has its turn, whether what the call rests on is still
    fresh: otherwise the attempt is not sent.
    """

    endpoint: Endpoint
    ids: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)
    content: tuple[str, bytes] | None = field(default=None, repr=False)
    extra: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    on_answer: Callable[[Answer], None] = field(default=_ignore, repr=False, compare=False)
    is_current: Callable[[], bool] = field(default=always, repr=False, compare=False)

    @property
    def target(self) -> str:
        """Path and query as they are sent."""
        path = fill(self.endpoint, self.ids)
        return f"{path}?{encode(self.query)}" if self.query else path

    @property
    def body(self) -> bytes | None:
        """The body as it is sent; None for none.

        Raises:
            NotExecuted: a value that is not text in Unicode.
        """
        if self.content is not None:
            return self.content[1]
        return None if self.form is None else encode(self.form).encode()


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Requests that were sent. A connection that never opened sent none."""

    reads: int = 0
    writes: int = 0


class Transport:
    """Sends each request once, without waiting.

    ``headers`` go with every request; ``now`` gives Unix seconds. ``secrets`` are what no answer may repeat:
    whatever is made of an answer, an id, a name or a message, cannot show the key that it was asked with.
    """

    def __init__(
        self,
        endpoint: str,
        connections: Connections,
        headers: Mapping[str, str],
        options: ConnectionOptions,
        *,
        now: Callable[[], float],
        secrets: tuple[str, ...] = (),
    ) -> None:
        self._endpoint = endpoint
        self._secrets = [secret.encode() for secret in secrets if secret]
        self._connections = connections
        self._headers = tuple(_header(name, value) for name, value in headers.items())
        self.options = options
        self.peer = peer_of(
            endpoint, options.proxy, opening=options.connect, silence=options.read, total=options.total
        )
        self._extensions = options.extensions
        self._total = options.total
        self._largest = options.largest
        self._now = now
        self._sent = dict.fromkeys(Nature, 0)

    @property
    def counts(self) -> RequestCounts:
        """Requests sent so far, by kind."""
        reads = self._sent[Nature.SAFE]
        return RequestCounts(reads, self.requests - reads)

    @property
    def requests(self) -> int:
        """The number of requests sent so far."""
        return sum(self._sent.values())

    async def send(self, call: Call, sending: Sending) -> Answer:
        """Send a call once and read its answer to the end or to the bound. ``sending`` notes how far it came.

        Raises:
            httpx.HTTPError, httpx.StreamError, BodyError, OSError: see ``NEVER_CONNECTED`` and ``LOST``.
            NotExecuted: the call cannot be written as a request.
        """
        url, body = f"{self._endpoint}{call.target}", call.body
        try:
            headers = self._headers_of(call, body)
            extensions = self._extensions
            if call.endpoint.nature is not Nature.SAFE:
                extensions = extensions | {"trace": sending.trace}
            request = make_request(call.endpoint.method, url, headers, body or b"", extensions)
        except ValueError:  # such as an xn-- label that stands for nothing
            raise NotExecuted(
                "the endpoint is not a URL that can be used. Next: write https://HOST"
            ) from None
        async with self._connections.acquire() as connection:
            self._sent[call.endpoint.nature] += 1
            try:
                async with asyncio.timeout(self._total):
                    response = await exchange(connection, request, self._largest)
            except NEVER_CONNECTED:
                self._sent[call.endpoint.nature] -= 1
                raise
            except asyncio.CancelledError:
                self._sent[call.endpoint.nature] -= sending.connecting
                raise
        return self._answer(call, response)

    def _headers_of(self, call: Call, body: bytes | None) -> list[Header]:
        """The headers of every request, and those that this one has of its own."""
        headers = [*self._headers]
        if body is not None:
            headers.append(_header("Content-Type", _FORM if call.content is None else call.content[0]))
        if body or call.endpoint.method in _WITH_LENGTH:
            headers.append((b"Content-Length", b"%d" % len(body or b"")))
        if call.extra:
            extra = [_header(name, value) for name, value in call.extra]
            replaced = {name.lower() for name, _ in extra}
            headers = [header for header in headers if header[0].lower() not in replaced] + extra
        return headers

    def _answer(self, call: Call, response: HttpResponse) -> Answer:
        headers, body = response.headers, response.body
        if call.endpoint is not RENEW_KEY:  # its answer is a key
            for secret in self._secrets:
                body = body.replace(secret, b"[hidden]")
        return Answer(
            status=response.status,
            content_type=headers.get("content-type", "").lower(),
            body=body,
            complete=response.complete,
            wait=retry_after(headers.get_list("retry-after"), headers.get("date"), self._now),
            location=headers.get("location", ""),
            date=headers.get("date", ""),
            tls=response.tls,
        )


def _header(name: str, value: str) -> Header:
    return name.encode("ascii"), value.encode("ascii")
