"""The faults as an ASGI middleware: it stands between the wire and the API."""

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

from kardia_ctl.sandbox.error_answers import Refusal
from kardia_ctl.sandbox.faults.faults import Fault, FaultKind, Faults, Moment

ABORT = "kardia_ctl.abort"
"""Scope key: resets the connection at once. The server puts it there; in-process there is none."""
CLOSE = "kardia_ctl.close"
"""Scope key: closes the connection after what was sent. The server puts it there, as ABORT."""
COMMIT_AFTER = "kardia_ctl.commit_after"
"""Scope key: the seconds after which the API has to let this request take effect."""
FAULT = "kardia_ctl.fault"
"""Scope key: the name of the fault that was played."""
_SLICES = 8


class FaultLayer:
    """Plays faults on requests, and passes the others on.

    Attributes:
        faults: may be replaced at any time; the counts of its rules start anew then.
    """

    def __init__(
        self, app: ASGIApp, faults: Faults, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._app = app
        self._sleep = sleep
        self.faults = faults

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._seen: Counter[bytes] = Counter()
        self._covered: Counter[int] = Counter()
        self._struck: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Play the fault that strikes this request, or pass it on.

        Raises:
            ConnectionResetError: a dropped connection, where there is no server to drop it.
        """
        if scope["type"] != "http" or self._faults == Faults():
            await self._app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        chance = self._chance(scope, body)
        await self._delay(chance.uniform(*self._faults.latency))
        fault = self._choose(scope, chance)
        if fault is None:
            await self._app(scope, _replay(body, receive), send)
            return
        scope[FAULT] = fault.name
        await self._play(fault, scope, body, receive, send)

    def _chance(self, scope: Scope, body: bytes) -> Random:
        parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body)
        request = hashlib.sha256(b"\0".join(parts)).digest()
        self._seen[request] += 1
        return Random(f"{self._faults.seed}/{request.hex()}/{self._seen[request]}")  # noqa: S311 - repeatable on purpose

    def _choose(self, scope: Scope, chance: Random) -> Fault | None:
        chosen: Fault | None = None
        for place, rule in enumerate(self._faults.rules):
            draw = chance.random()
            if not rule.covers(scope["method"], scope["path"]):
                continue
            self._covered[place] += 1
            spent = rule.times is not None and self._struck[place] >= rule.times
            if chosen is None and not spent and self._covered[place] > rule.skip and draw < rule.probability:
                self._struck[place] += 1
                chosen = rule
        return chosen

    async def _play(self, fault: Fault, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        match fault.kind:
            case FaultKind.UNAVAILABLE:
                await self._perhaps(fault, scope, body, receive)
                await _plain(503, fault)(scope, receive, send)
            case FaultKind.THROTTLED:
                await _plain(429, fault)(scope, receive, send)
            case FaultKind.DROPPED:
                await self._perhaps(fault, scope, body, receive)
                await _reset(scope, receive)
            case FaultKind.LATE_COMMIT:
                scope[COMMIT_AFTER] = fault.seconds
                await self._app(scope, _replay(body, receive), _Kept())
                await _reset(scope, receive)
            case FaultKind.HTML:
                await self._perhaps(fault, scope, body, receive)
                page = "<!doctype html><html><body><h1>Bad Gateway</h1></body></html>"
                await HTMLResponse(page, fault.status)(scope, receive, send)
            case FaultKind.ERROR:
                await self._perhaps(fault, scope, body, receive)
                await _error(fault)(scope, receive, send)
            case FaultKind.REDIRECT:
                await RedirectResponse("https://elsewhere.example.com/", 302)(scope, receive, send)
            case FaultKind.TRUNCATED:
                await _truncate(await self._answer(scope, body, receive), scope, receive, send)
            case FaultKind.SLOW:
                await self._dribble(await self._answer(scope, body, receive), fault.seconds, send)
            case _:
                assert_never(fault.kind)

    async def _perhaps(self, fault: Fault, scope: Scope, body: bytes, receive: Receive) -> None:
        if fault.moment is Moment.AFTER:
            await self._answer(scope, body, receive)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive) -> "_Kept":
        kept = _Kept()
        await self._app(scope, _replay(body, receive), kept)
        return kept

    async def _dribble(self, kept: "_Kept", seconds: float, send: Send) -> None:
        await send(kept.start)
        size = max(1, -(-len(kept.body) // _SLICES))
        for at in range(0, len(kept.body), size):
            await self._delay(seconds / _SLICES)
            await send({"type": "http.response.body", "body": kept.body[at : at + size], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _delay(self, seconds: float) -> None:
        if seconds:
            await self._sleep(seconds)


class _Kept:
    """An answer that is held back instead of sent."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


def _plain(status: int, fault: Fault) -> Response:
    headers = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
    return Response(status_code=status, headers=headers)


def _error(fault: Fault) -> Response:
    refusal = Refusal(HTTPStatus(fault.status), "The sandbox was told to fail here.")
    return Response(refusal.body(fault.name), fault.status, media_type="application/json")


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


async def _reset(scope: Scope, receive: Receive) -> None:
    if (abort := scope.get(ABORT)) is None:
        raise ConnectionResetError("the sandbox dropped the connection")
    abort()
    await _until_disconnected(receive)


async def _truncate(kept: _Kept, scope: Scope, receive: Receive, send: Send) -> None:
    half = kept.body[: len(kept.body) // 2]
    await send(kept.start)
    close = scope.get(CLOSE)
    await send({"type": "http.response.body", "body": half, "more_body": close is not None})
    if close is not None:
        close()
        await _until_disconnected(receive)


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
