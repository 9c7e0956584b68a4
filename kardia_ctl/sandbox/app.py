"""The sandbox as an ASGI application: the request log, then the faults, then the APIs."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router, compile_path
from starlette.types import Message, Receive, Scope, Send

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.control_client import PREFIX
from kardia_ctl.sandbox.data.values import RequestRecord
from kardia_ctl.sandbox.endpoints import ENDPOINTS
from kardia_ctl.sandbox.error_answers import Refusal, method_not_allowed, not_found, unauthorized
from kardia_ctl.sandbox.faults.faults import Faults
from kardia_ctl.sandbox.faults.middleware import ABORT, COMMIT_AFTER, FAULT, FaultLayer
from kardia_ctl.sandbox.http import credentials
from kardia_ctl.sandbox.http import request as reading
from kardia_ctl.sandbox.http.endpoint import Access, Answer, Api, Call, Endpoint
from kardia_ctl.sandbox.quirks import Quirks

_ROUTES = {
    path: (compile_path(path)[0], {e.method: e for e in ENDPOINTS if e.path == path})
    for path in dict.fromkeys(e.path for e in ENDPOINTS)
}


class Sandbox:
    """An ASGI application that answers as both Kardia APIs do, for one account.

    Attributes:
        account: what it serves; ask it for the ground truth.
        quirks: the reading of the open points of the documents; may be replaced at any time.
        faults: what goes wrong; may be replaced at any time.
    """

    def __init__(
        self,
        account: Account,
        quirks: Quirks,
        faults: Faults,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.account = account
        self.quirks = quirks
        self._layer = FaultLayer(self._api, faults, sleep)

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self._layer.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._layer.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and write down that it arrived, before the caller knows its outcome."""
        if scope["type"] != "http":
            await Router()(scope, receive, send)
            return
        if scope["path"].startswith(PREFIX):
            from kardia_ctl.sandbox.control import handler as control

            request = Request(scope, receive)
            await _response(control.answer(self, request, await _body(request)))(scope, receive, send)
            return
        scope[FAULT] = None
        note = _Note(self.account, scope)
        if (abort := scope.get(ABORT)) is not None:
            scope[ABORT] = note.before(abort)
        try:
            await self._layer(scope, receive, note.sending(send))
        finally:
            note.write(None)

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await _body(request)
        seconds = scope.get(COMMIT_AFTER)
        if seconds is None:
            response = self._respond(request, body)
        else:
            self.account.defer(seconds, lambda: self._respond(request, body))
            response = Response(status_code=HTTPStatus.ACCEPTED)
        await response(scope, receive, send)

    def _respond(self, request: Request, body: bytes) -> Response:
        try:
            if self.quirks.code_lifetime is not None:
                self.account.expire_codes(self.quirks.code_lifetime)
            endpoint, path = _endpoint_of(request.method, request.url.path)
            answer = endpoint.answer(self._call(endpoint, path, request, body))
        except Refusal as refusal:
            answer = Answer(refusal.status, refusal.body(self.account.new_id()), refusal.headers)
        return _response(answer)

    def _call(self, endpoint: Endpoint, path: dict[str, Any], request: Request, content: bytes) -> Call:
        strictness = self.quirks.strictness
        key = self._key(endpoint, request) if endpoint.access is Access.KEY else ""
        query = reading.query(request.scope["query_string"], endpoint.query, strictness)
        body = reading.Body(request.headers.get("content-type"), content, strictness)
        body.check(endpoint)
        return Call(
            account=self.account,
            quirks=self.quirks,
            key=key,
            path=path,
            query=query,
            form=body.form(endpoint.form),
            json=body.json(endpoint.json),
        )

    def _key(self, endpoint: Endpoint, request: Request) -> str:
        header = request.headers.get("authorization")
        key = credentials.api_key(header, endpoint.api, self.quirks.strictness)
        if not self.account.accepts_key(key):
            raise unauthorized("The API key is not known.", "Bearer" if endpoint.api is Api.PRO else "Basic")
        return key


class _Note:
    """Writes a request into the account's log, once: just before its caller can know the outcome."""

    def __init__(self, account: Account, scope: Scope) -> None:
        self._account = account
        self._scope = scope
        self._written = False

    def write(self, status: int | None) -> None:
        if not self._written:
            self._written = True
            method, route = self._scope["method"], _route_of(self._scope["path"])
            self._account.record(
                RequestRecord(method, route, status, self._account.now(), self._scope[FAULT])
            )

    def before(self, abort: Callable[[], None]) -> Callable[[], None]:
        def noted() -> None:
            self.write(None)
            abort()

        return noted

    def sending(self, send: Send) -> Send:
        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.write(message["status"])
            await send(message)

        return noted


def create_app(
    account: Account,
    quirks: Quirks | None = None,
    faults: Faults | None = None,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Sandbox:
    """Return the sandbox for an account, as an ASGI application.

    Args:
        account: what it serves; the caller closes it.
        quirks: the reading of the open points of the documents.
        faults: what goes wrong; nothing without them.
        sleep: waits for seconds, wherever latency or a slow body asks for it.
    """
    return Sandbox(account, quirks or Quirks(), faults or Faults(), sleep)


def _route_of(path: str) -> str:
    return next((route for route, (regex, _) in _ROUTES.items() if regex.match(path)), "")


def _endpoint_of(method: str, path: str) -> tuple[Endpoint, dict[str, Any]]:
    for regex, endpoints in _ROUTES.values():
        if match := regex.match(path):
            if method not in endpoints:
                raise method_not_allowed(endpoints)
            return endpoints[method], match.groupdict()
    raise not_found("There is no such path.")


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        if len(body) <= reading.MAX_BODY:
            body += chunk
    return body


def _response(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status)
    return Response(answer.body, answer.status, answer.headers, answer.media)
