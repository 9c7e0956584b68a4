"""A small web server that receives webhook deliveries. It responds at once, and limits every client.

It prints and logs nothing, because a delivery names patients. Imported only for --listen: the import is slow.
"""

import asyncio
import resource
import socket
from asyncio import Transport
from collections import Counter
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

from kardia_ctl.cli.webhooks.probes import HEALTH, is_probe
from kardia_ctl.hosts import InvalidHost, parse_authority
from kardia_ctl.model.events import Event, EventCounts, parse_event

LARGEST: Final = 64 * 1024
"""Bytes of a body; a documented event has some 200."""

_LIFETIME: Final = 10.0
"""Seconds that a connection, which carries one delivery, may take from beginning to end."""

_HEAD: Final = 5.0
"""Seconds of that for the request line and the headers."""

_CONNECTIONS: Final = 256
"""Connections at once. For one more, the oldest without a whole request is closed, of the busiest peer."""

_DESCRIPTORS: Final = 4
"""How many descriptors of the process there must be for each connection."""

_BACKLOG: Final = 128

_EARLY: Final = 10_000
"""Events that are buffered while the account is read for the first time."""

_HEADERS: Final = 16 * 1024
_SHUTDOWN: Final = 2
_CLOSE: Final = {"connection": "close"}
_FROM_A_PAGE: Final = ("origin", "referer", "cookie")
"""Headers that browsers send and servers do not, beside those of Fetch Metadata: no page may post here."""

_FETCH_METADATA: Final = "sec-fetch-"


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
        path = request.scope["path"].encode("utf-8", "surrogateescape")
        if is_probe(request.method, path, self._path):
            status = 200 if path.startswith(HEALTH) and status == 404 else status
        elif status != 200:
            self._refuse()
        headers = _CLOSE | ({"allow": "POST"} if status == 405 else {})
        await Response(status_code=status, headers=headers)(scope, receive, send)

    async def _status(self, request: Request) -> int:
        if wrong := _wrong_headers(request):
            return wrong
        if not compare_digest(request.scope["path"].encode("utf-8", "surrogateescape"), self._path):
            return 404
        if request.method != "POST":
            return 405
        body = await _body(request)
        if body is None:
            return 413
        try:
            self._accept(parse_event(body))
        except ValueError:
            return 400
        return 200


def _is_from_a_page(request: Request) -> bool:
    """Whether a browser sent it. Host is no sign: behind a tunnel it is the public name, or any."""
    return any(name in _FROM_A_PAGE or name.startswith(_FETCH_METADATA) for name in request.headers)


def _wrong_headers(request: Request) -> int:
    """The status for headers that no sender of webhooks has; 0 when there are none."""
    if _is_from_a_page(request):
        return 403
    return 400 if any(_is_no_authority(host) for host in request.headers.getlist("host")) else 0


def _is_no_authority(host: str) -> bool:
    try:
        parse_authority(host)
    except InvalidHost:
        return True
    return False


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
    """HTTP/1.1 on a connection that is closed after ``_LIFETIME``, whatever its client does.

    Clients that hold connections cannot keep a delivery out: they are the first to be closed for it.
    """

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self.since = loop.time()
        self._ends = (loop.call_later(_LIFETIME, transport.abort), loop.call_later(_HEAD, self._check_head))
        if len(self.connections) > most_connections():
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        for end in self._ends:
            end.cancel()
        super().connection_lost(exc)

    @property
    def is_whole(self) -> bool:
        """Whether its request has arrived, so that it is answered now."""
        return self.cycle is not None and not self.cycle.more_body

    def _check_head(self) -> None:
        if self.cycle is None:
            self.transport.abort()

    def _make_room(self) -> None:
        others = [each for each in self.connections if isinstance(each, _TimedProtocol) and each is not self]
        held = Counter(each.client and each.client[0] for each in others)
        victim = min(
            others, key=lambda each: (each.is_whole, -held[each.client and each.client[0]], each.since)
        )
        self.connections.discard(victim)
        victim.transport.abort()


def most_connections() -> int:
    """The connections at once: fewer where the process may open few files."""
    return min(_CONNECTIONS, max(8, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _DESCRIPTORS))


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
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


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
        backlog=_BACKLOG,
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
