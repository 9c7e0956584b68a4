"""A small web server that takes webhook deliveries, answers at once, and bounds everybody who calls.

It prints and logs nothing: a delivery names patients. Imported when somebody listens, because it is slow to.
"""

import asyncio
import socket
from asyncio import Transport
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from hmac import compare_digest
from typing import Final

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from kardia_ctl.model.events import Event, understood

LARGEST: Final = 64 * 1024
"""Bytes of a body; a documented event has some 200."""

_LIFE: Final = 10.0
"""Seconds that a connection may take from its beginning to its end: one delivery."""

_ABREAST: Final = 64
"""Connections at once; one more is told to come again (503)."""

_HEADERS: Final = 16 * 1024
_SHUTDOWN: Final = 2
_CLOSE: Final = {"connection": "close"}
_FROM_A_PAGE: Final = ("origin", "sec-fetch-site")
"""Headers that browsers send and servers do not: a page that somebody looks at must not post here."""


class Inlet:
    """The ASGI application: one path, POST, small JSON bodies.

    ``hear`` is called with each event, ``refuse`` with each delivery that was not taken.
    """

    def __init__(self, path: str, hear: Callable[[Event], None], refuse: Callable[[], None]) -> None:
        self._path = path.encode()
        self._hear = hear
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
            self._hear(understood(body))
        except ValueError:
            return 400
        return 200


async def _body(request: Request) -> bytes | None:
    """The body; None when it is too large, which is known before all of it was read."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


class _Brief(H11Protocol):
    """HTTP/1.1 on a connection that ends in time, whatever its client does or leaves undone."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._end = asyncio.get_running_loop().call_later(_LIFE, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        super().connection_lost(exc)


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bound(host: str, port: int) -> socket.socket:
    """A socket that holds this address; nobody is answered before ``receiving``.

    Raises:
        OSError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_ABREAST)


@asynccontextmanager
async def receiving(
    listener: socket.socket, path: str, hear: Callable[[Event], None], refuse: Callable[[], None]
) -> AsyncIterator[None]:
    """Take deliveries on a socket of ``bound`` for as long as the block runs."""
    config = uvicorn.Config(
        Inlet(path, hear, refuse),
        http=_Brief,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # uvicorn's lines hold paths, and one of ours may be a secret
        access_log=False,
        server_header=False,
        limit_concurrency=_ABREAST,
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
