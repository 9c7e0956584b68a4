"""Injects faults, as an ASGI middleware between the server and the APIs."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from random import Random
from typing import assert_never

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults
from kardia_ctl.sandbox.http.error_responses import RequestError

ABORT = "kardia_ctl.abort"
"""Scope key: a function that resets the connection; set by the server, absent in process."""
CLOSE = "kardia_ctl.close"
"""Scope key: a function that closes the connection after sending; set by the server, as ABORT."""
COMMIT_AFTER = "kardia_ctl.commit_after"
"""Scope key: the delay of the request's effect, in seconds."""
FAULT = "kardia_ctl.fault"
"""Scope key: the name of the injected fault."""
_SLICES = 8


class FaultLayer:
    """Injects faults into requests, and passes the other requests on.

    Attributes:
        faults: may be replaced at any time, which resets the counts of the rules.
    """

    def __init__(
        self, app: ASGIApp, faults: Faults, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._app = app
        self._sleep = sleep
        self.faults = faults

    @property
    def faults(self) -> Faults:
        """The current faults."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._repeats: Counter[bytes] = Counter()
        self._covered: Counter[int] = Counter()
        self._injected: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Inject the fault that is drawn for this request, or pass it on.

        Raises:
            ConnectionResetError: in place of dropping the connection, when the app runs without a server.
        """
        if scope["type"] != "http" or self._faults == Faults():
            await self._app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        random = self._random(scope, body)
        await self._delay(random.uniform(*self._faults.latency))
        fault = self._choose(scope, random)
        if fault is None:
            await self._app(scope, _replay(body, receive), send)
            return
        scope[FAULT] = fault.name
        if fault.is_after:
            await self._hold(scope, body, receive)
        await self._inject(fault, scope, body, receive, send)

    def _random(self, scope: Scope, body: bytes) -> Random:
        parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body)
        request = hashlib.sha256(b"\0".join(parts)).digest()
        self._repeats[request] += 1
        return Random(f"{self._faults.seed}/{request.hex()}/{self._repeats[request]}")  # noqa: S311 - repeatable on purpose

    def _choose(self, scope: Scope, random: Random) -> FaultRule | None:
        chosen: FaultRule | None = None
        for index, rule in enumerate(self._faults.rules):
            draw = random.random()
            if not rule.covers(scope["method"], scope["path"]):
                continue
            self._covered[index] += 1
            spent = rule.times is not None and self._injected[index] >= rule.times
            if chosen is None and not spent and self._covered[index] > rule.skip and draw < rule.probability:
                self._injected[index] += 1
                chosen = rule
        return chosen

    async def _inject(
        self, fault: FaultRule, scope: Scope, body: bytes, receive: Receive, send: Send
    ) -> None:
        match fault.kind:
            case FaultKind.UNAVAILABLE:
                await _plain(503, fault)(scope, receive, send)
            case FaultKind.THROTTLED:
                await _plain(429, fault)(scope, receive, send)
            case FaultKind.DROPPED:
                await _reset(scope, receive)
            case FaultKind.LATE_COMMIT:
                scope[COMMIT_AFTER] = fault.seconds
                await self._app(scope, _replay(body, receive), _HeldResponse())
                await _reset(scope, receive)
            case FaultKind.HTML:
                page = "<!doctype html><html><body><h1>Bad Gateway</h1></body></html>"
                await HTMLResponse(page, fault.status)(scope, receive, send)
            case FaultKind.ERROR:
                error = RequestError(HTTPStatus(fault.status), "This is a fault injected by the sandbox.")
                await error.response(fault.name)(scope, receive, send)
            case FaultKind.REDIRECT:
                await RedirectResponse("https://elsewhere.example.com/", 302)(scope, receive, send)
            case FaultKind.TRUNCATED:
                await _truncate(await self._hold(scope, body, receive), scope, receive, send)
            case FaultKind.SLOW:
                await self._send_slowly(await self._hold(scope, body, receive), fault.seconds, send)
            case _:
                assert_never(fault.kind)

    async def _hold(self, scope: Scope, body: bytes, receive: Receive) -> "_HeldResponse":
        held = _HeldResponse()
        await self._app(scope, _replay(body, receive), held)
        return held

    async def _send_slowly(self, held: "_HeldResponse", seconds: float, send: Send) -> None:
        await send(held.start)
        size = max(1, -(-len(held.body) // _SLICES))
        for at in range(0, len(held.body), size):
            await self._delay(seconds / _SLICES)
            await send({"type": "http.response.body", "body": held.body[at : at + size], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _delay(self, seconds: float) -> None:
        if seconds:
            await self._sleep(seconds)


class _HeldResponse:
    """A response that is held instead of sent."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


def _plain(status: int, fault: FaultRule) -> Response:
    headers = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
    return Response(status_code=status, headers=headers)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed


async def _reset(scope: Scope, receive: Receive) -> None:
    if (abort := scope.get(ABORT)) is None:
        raise ConnectionResetError("the sandbox dropped the connection")
    abort()
    await _until_disconnected(receive)


async def _truncate(held: _HeldResponse, scope: Scope, receive: Receive, send: Send) -> None:
    half = held.body[: len(held.body) // 2]
    await send(held.start)
    close = scope.get(CLOSE)
    await send({"type": "http.response.body", "body": half, "more_body": close is not None})
    if close is not None:
        close()
        await _until_disconnected(receive)


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
