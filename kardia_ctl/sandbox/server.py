"""The sandbox on a TCP port, by uvicorn."""

import socket
import struct
import threading
from asyncio import Transport
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.h11_impl import H11Protocol

from kardia_ctl.hosts import parse_host
from kardia_ctl.sandbox.faults.middleware import ABORT, CLOSE
from kardia_ctl.sandbox.host_guard import Authority, HostGuard

LOOPBACK = "127.0.0.1"
_KEEP_ALIVE_SECONDS = 75
_SHUTDOWN_SECONDS = 5
_NO_LINGER = struct.pack("ii", 1, 0)


class _DroppableProtocol(H11Protocol):
    """HTTP/1.1, with the means to drop a request's connection in its scope."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self.app = cast("ASGI3Application", _Droppable(cast("ASGIApp", self.app), transport))


class _Droppable:
    """Adds ABORT and CLOSE to the scope of each request."""

    def __init__(self, app: ASGIApp, transport: Transport) -> None:
        self._app = app
        self._transport = transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ABORT] = partial(_reset, self._transport)
        scope[CLOSE] = self._transport.close
        await self._app(scope, receive, send)


class _ReadyServer(uvicorn.Server):
    """Calls back when it accepts connections."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def serve(
    app: ASGIApp,
    host: str = LOOPBACK,
    port: int = 0,
    on_ready: Callable[[str], None] = lambda _url: None,
    names: Collection[Authority] = (),
) -> None:
    """Serve until Ctrl-C or SIGTERM; prints and logs nothing.

    Args:
        app: the result of `create_app`.
        host: the address to listen on; the default accepts connections from this machine only.
        port: the port; 0 picks a free one.
        on_ready: called once with the base URL ("http://127.0.0.1:49152") as soon as it accepts connections.
        names: hosts other than this machine's that a request may name, such as a container's.

    Raises:
        OSError: the address cannot be listened on.
    """
    listener = _listen(host, port)
    url = _url_of(listener)
    with suppress(KeyboardInterrupt):
        _server(_guarded(app, listener, (*names, (parse_host(host), None))), lambda: on_ready(url)).run(
            [listener]
        )


@contextmanager
def serving(app: ASGIApp, host: str = LOOPBACK, port: int = 0) -> Iterator[str]:
    """Serve in a thread while the block runs, and yield the base URL.

    Raises:
        OSError: the address cannot be listened on.
    """
    listener = _listen(host, port)
    ready = threading.Event()
    server = _server(_guarded(app, listener), ready.set)

    def run() -> None:
        try:
            server.run([listener])
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="kardia-sandbox", daemon=True)
    thread.start()
    try:
        ready.wait()
        yield _url_of(listener)
    finally:
        server.should_exit = True
        thread.join()


def _guarded(app: ASGIApp, listener: socket.socket, names: Collection[Authority] = ()) -> ASGIApp:
    host, port = listener.getsockname()[:2]
    return HostGuard(app, (host, port), names)


def _server(app: ASGIApp, on_ready: Callable[[], None]) -> _ReadyServer:
    config = uvicorn.Config(
        app,
        http=_DroppableProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # an access log would contain ids; the account has a request log
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    return _ReadyServer(config, on_ready)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def _url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _reset(transport: Transport) -> None:
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
