"""The sandbox as an ASGI application: the request log, then the faults, then the APIs."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.routing import Router
from starlette.types import Message, Receive, Scope, Send

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.request_log import LoggedRequest
from kardia_ctl.sandbox.control.handler import Control
from kardia_ctl.sandbox.control_client import PREFIX
from kardia_ctl.sandbox.faults.faults import Faults
from kardia_ctl.sandbox.faults.middleware import ABORT, FAULT, FaultLayer
from kardia_ctl.sandbox.kardia_api import KardiaApi, path_template
from kardia_ctl.sandbox.quirks import Quirks


class Sandbox:
    """An ASGI application that answers as both Kardia APIs do, for one account.

    Attributes:
        account: the account that it serves, and the ground truth of tests.
        quirks: how the open points of the documents are read; may be replaced at any time.
        faults: the faults that are injected; may be replaced at any time.
    """

    def __init__(
        self,
        account: Account,
        quirks: Quirks,
        faults: Faults,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.account = account
        self._api = KardiaApi(account, quirks)
        self._layer = FaultLayer(self._api, faults, sleep)
        self._control = Control(account, self._api, self._layer)

    @property
    def quirks(self) -> Quirks:
        """How the open points of the documents are read."""
        return self._api.quirks

    @quirks.setter
    def quirks(self, quirks: Quirks) -> None:
        self._api.quirks = quirks

    @property
    def faults(self) -> Faults:
        """The faults that are injected."""
        return self._layer.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._layer.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and log it before the caller can know its outcome."""
        if scope["type"] != "http":
            await Router()(scope, receive, send)
            return
        if scope["path"].startswith(PREFIX):
            await self._control(scope, receive, send)
            return
        scope[FAULT] = None
        entry = _LogEntry(self.account, scope)
        if (abort := scope.get(ABORT)) is not None:
            scope[ABORT] = entry.before(abort)
        try:
            await self._layer(scope, receive, entry.sending(send))
        finally:
            entry.write(None)


class _LogEntry:
    """Logs a request once, just before its caller can know the outcome."""

    def __init__(self, account: Account, scope: Scope) -> None:
        self._account = account
        self._scope = scope
        self._written = False

    def write(self, status: int | None) -> None:
        if self._written:
            return
        self._written = True
        method, route = self._scope["method"], path_template(self._scope["path"])
        entry = LoggedRequest(method, route, status, self._account.now(), self._scope[FAULT])
        self._account.requests.add(entry)

    def before(self, abort: Callable[[], None]) -> Callable[[], None]:
        def logged() -> None:
            self.write(None)
            abort()

        return logged

    def sending(self, send: Send) -> Send:
        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.write(message["status"])
            await send(message)

        return logged


def create_app(
    account: Account,
    quirks: Quirks | None = None,
    faults: Faults | None = None,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Sandbox:
    """Return the sandbox for an account, as an ASGI application.

    Args:
        account: the account to serve; the caller closes it.
        quirks: how the open points of the documents are read.
        faults: the faults to inject; none by default.
        sleep: waits for latency and slow bodies; the argument is in seconds.
    """
    return Sandbox(account, quirks or Quirks(), faults or Faults(), sleep)
