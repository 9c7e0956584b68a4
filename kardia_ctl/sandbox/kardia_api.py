"""Both Kardia APIs as an ASGI application: routing, checks, endpoints."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.endpoints import ROUTES
from kardia_ctl.sandbox.faults.middleware import COMMIT_AFTER
from kardia_ctl.sandbox.http.error_responses import (
    RequestError,
    method_not_allowed,
    not_found,
    unauthorized,
)
from kardia_ctl.sandbox.http.request import Body, api_key, query_parameters, read_body
from kardia_ctl.sandbox.http.route import Access, Api, EndpointCall, Route
from kardia_ctl.sandbox.quirks import Quirks

_BY_PATH = {
    path: (compile_path(path)[0], {route.method: route for route in ROUTES if route.path == path})
    for path in dict.fromkeys(route.path for route in ROUTES)
}


class KardiaApi:
    """The endpoints of one account.

    Attributes:
        quirks: how the open points of the documents are read; may be replaced at any time.
    """

    def __init__(self, account: Account, quirks: Quirks) -> None:
        self.quirks = quirks
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or defer its effect when the scope holds `COMMIT_AFTER`."""
        request = Request(scope, receive)
        body = await read_body(request)
        seconds = scope.get(COMMIT_AFTER)
        if seconds is None:
            response = self._respond(request, body)
        else:
            self._account.defer(seconds, lambda: self._respond(request, body))
            response = Response(status_code=202)
        await response(scope, receive, send)

    def _respond(self, request: Request, body: bytes) -> Response:
        try:
            if self.quirks.code_lifetime is not None:
                self._account.connections.expire_codes(self.quirks.code_lifetime)
            route, path = _route_of(request.method, request.url.path)
            return route.answer(self._call(route, path, request, body))
        except RequestError as error:
            return error.response(self._account.new_id())

    def _call(self, route: Route, path: dict[str, Any], request: Request, content: bytes) -> EndpointCall:
        strictness = self.quirks.strictness
        key = self._key(route, request) if route.access is Access.KEY else ""
        query = query_parameters(request.scope["query_string"], route.query, strictness)
        body = Body(request.headers.get("content-type"), content, strictness)
        body.check(route)
        return EndpointCall(
            account=self._account,
            quirks=self.quirks,
            key=key,
            path=path,
            query=query,
            form=body.form(route.form),
            json=body.json(route.json),
        )

    def _key(self, route: Route, request: Request) -> str:
        key = api_key(request.headers.get("authorization"), route.api, self.quirks.strictness)
        if not self._account.keys.accepts(key):
            raise unauthorized("The API key is unknown.", "Bearer" if route.api is Api.PRO else "Basic")
        return key


def path_template(path: str) -> str:
    """Return the path template that a path matches, "" for an unknown path."""
    return next((template for template, (regex, _) in _BY_PATH.items() if regex.match(path)), "")


def _route_of(method: str, path: str) -> tuple[Route, dict[str, Any]]:
    for regex, routes in _BY_PATH.values():
        if match := regex.match(path):
            if method not in routes:
                raise method_not_allowed(routes)
            return routes[method], match.groupdict()
    raise not_found("There is no such path.")
