"""A small web server that receives webhook deliveries. It responds at once, and limits every client.

It prints and logs nothing, because a delivery names patients. Imported only for --listen: the import is slow.
"""

import asyncio
import socket
from asyncio import Transport
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from kardia_ctl.model.events import Event, EventCounts, parse_event

LARGEST: Final = 64 * 1024
"""Bytes of a body; a documented event has some 200."""

_LIFETIME: Final = 10.0
"""Seconds that a connection, which carries one delivery, may take from beginning to end."""

_CONNECTIONS: Final = 64
"""Connections at once; one more is answered with 503."""

_EARLY: Final = 10_000
"""Events that are buffered while the account is read for the first time."""

_HEADERS: Final = 16 * 1024
_SHUTDOWN: Final = 2
_CLOSE: Final = {"connection": "close"}
_FROM_A_PAGE: Final = ("origin", "sec-fetch-site")
"""Headers that browsers send and servers do not: no page in a browser may post here."""


@dataclass(slots=True)
class Inbox:
    """Counts deliveries and passes events on. It never waits, because the sender waits for its response."""

    events: EventCounts = field(default_factory=EventCounts)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _early: list[Event] = field(default_factory=list)
    _deliver: Callable[[Event], None] | None = None

    def add(self, event: Event) -> None:
        """Receive an event; it is buffered until ``deliver_to`` is called."""
        self.events.kinds[event.kind] += 1
        self.arrived.set()
        if self._deliver is not None:
            self._deliver(event)
        elif len(self._early) < _EARLY:
            self._early.append(event)

    def refuse(self) -> None:
        """Count a request that was not accepted."""
        self.events.refused += 1
        self.arrived.set()

    def deliver_to(self, deliver: Callable[[Event], None]) -> None:
        """Start delivering events, replaying those buffered so far."""
        self._deliver = deliver
        for event in self._early:
            deliver(event)
        self._early.clear()


class WebhookApp:
    """The ASGI application: one path, POST, small JSON bodies.

    It calls ``accept`` with each event, and ``refuse`` for each request that it does not accept.
    """

    def __init__(self, path: str, accept: Callable[[Event], None], refuse: Callable[[], None]) -> None:
        self._path = path.encode()
        self._accept = accept
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            status = await self._status(request)
        except ClientDisconnect:
            return
        if status != 200:
            self._refuse()
        headers = _CLOSE | ({"allow": "POST"} if status == 405 else {})
        await Response(status_code=status, headers=headers)(scope, receive, send)

    async def _status(self, request: Request) -> int:
        if not compare_digest(request.scope["path"].encode("utf-8", "surrogateescape"), self._path):
            return 404
        if request.method != "POST":
            return 405
        if any(name in request.headers for name in _FROM_A_PAGE):
            return 403
        body = await _body(request)
        if body is None:
            return 413
        try:
            self._accept(parse_event(body))
        except ValueError:
            return 400
        return 200


async def _body(request: Request) -> bytes | None:
    """The body; None if it is too large, without reading all of it."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


class _TimedProtocol(H11Protocol):
    """HTTP/1.1 on a connection that is closed after ``_LIFETIME``, whatever its client does."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._end = asyncio.get_running_loop().call_later(_LIFETIME, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        super().connection_lost(exc)


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to this address; requests are answered from ``receiving`` on.

    Raises:
        OSError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_CONNECTIONS)


@asynccontextmanager
async def receiving(
    listener: socket.socket, path: str, accept: Callable[[Event], None], refuse: Callable[[], None]
) -> AsyncIterator[None]:
    """Accept deliveries on a socket of ``bound`` while the block runs; callbacks as for ``WebhookApp``."""
    config = uvicorn.Config(
        WebhookApp(path, accept, refuse),
        http=_TimedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # uvicorn logs paths, and ours may be a secret
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_SHUTDOWN,
        timeout_graceful_shutdown=_SHUTDOWN,
        h11_max_incomplete_event_size=_HEADERS,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
