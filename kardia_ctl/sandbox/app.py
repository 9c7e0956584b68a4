"""The sandbox as an ASGI application: the request log, then the faults, then the API."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router, compile_path
from starlette.types import Message, Receive, Scope, Send

from kardia_ctl.sandbox import reading
from kardia_ctl.sandbox.account import Account
from kardia_ctl.sandbox.calls import Access, Answer, Call, Endpoint
from kardia_ctl.sandbox.endpoints import ENDPOINTS
from kardia_ctl.sandbox.fault_layer import COMMIT_AFTER, FAULT, FaultLayer
from kardia_ctl.sandbox.faults import Faults
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.records import RequestRecord
from kardia_ctl.sandbox.refusals import Refusal, not_found, unauthorized

_ROUTE = "kardia_ctl.route"
_ROUTES = {
    path: (compile_path(path)[0], {e.method: e for e in ENDPOINTS if e.path == path})
    for path in dict.fromkeys(e.path for e in ENDPOINTS)
}


class Sandbox:
    """An ASGI application that answers as the Kardia API does, for one account.

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
        if scope["type"] != "http":
            await Router()(scope, receive, send)
            return
        scope[_ROUTE], scope[FAULT] = _route_of(scope["path"]), None
        status: list[int] = []

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])
            await send(message)

        try:
            await self._layer(scope, receive, noted)
        finally:
            self.account.record(
                RequestRecord(
                    scope["method"],
                    scope[_ROUTE],
                    status[0] if status else None,
                    self.account.now(),
                    scope[FAULT],
                )
            )

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
            answer = Answer(refusal.status, refusal.body(self.account.new_id()))
        return _response(answer)

    def _call(self, endpoint: Endpoint, path: dict[str, Any], request: Request, body: bytes) -> Call:
        return Call(
            account=self.account,
            quirks=self.quirks,
            key=self._key(request) if endpoint.access is Access.KEY else "",
            path=path,
            query=reading.query(request.scope["query_string"], endpoint.query),
            form=reading.form(request.headers.get("content-type"), body, endpoint.form),
        )

    def _key(self, request: Request) -> str:
        key = reading.api_key(request.headers.get("authorization"))
        if not self.account.accepts_key(key):
            raise unauthorized("The API key is not known.")
        return key


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
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "This path does not know the method.")
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
    headers = (
        {"www-authenticate": 'Basic realm="Kardia"'} if answer.status is HTTPStatus.UNAUTHORIZED else None
    )
    return Response(answer.body, answer.status, headers, "application/json")
