"""The sandbox's control requests, below /_sandbox/.

They are accepted from this machine only, as JSON, without a key; faults and quirks do not apply to them.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.control.actions import Actions
from kardia_ctl.sandbox.control.control_request import ControlRequest, read
from kardia_ctl.sandbox.control_client import PREFIX
from kardia_ctl.sandbox.faults.faults import Faults
from kardia_ctl.sandbox.faults.middleware import FaultLayer
from kardia_ctl.sandbox.http.error_responses import (
    RequestError,
    bad_request,
    method_not_allowed,
    not_found,
)
from kardia_ctl.sandbox.http.request import read_body
from kardia_ctl.sandbox.http.route import ok
from kardia_ctl.sandbox.kardia_api import KardiaApi
from kardia_ctl.sandbox.loopback import is_loopback
from kardia_ctl.sandbox.quirks import Quirks


class Control:
    """Handles control requests, as an ASGI application."""

    def __init__(self, account: Account, api: KardiaApi, faults: FaultLayer) -> None:
        self._account = account
        self._api = api
        self._faults = faults
        actions = Actions(account)
        self._posts: Mapping[str, Callable[[ControlRequest], dict[str, Any]]] = {
            "connect": actions.connect,
            "disconnect": actions.disconnect,
            "edit": actions.edit,
            "record": actions.record,
            "amend": actions.amend,
            "emit": actions.emit,
            "seed": actions.seed,
            "quirks": self._set_quirks,
            "faults": self._set_faults,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one control request."""
        request = Request(scope, receive)
        response = self._respond(request, await read_body(request))
        await response(scope, receive, send)

    def _respond(self, request: Request, body: bytes) -> Response:
        try:
            _require_loopback(request)
            name = request.url.path.removeprefix(PREFIX)
            if name == "deliveries":
                return self._deliveries(request)
            if name not in self._posts:
                raise not_found(
                    f"There is no such path; known are {', '.join((*self._posts, 'deliveries'))}."
                )
            if request.method != "POST":
                raise method_not_allowed(["POST"])
            return ok(self._posts[name](read(request.headers.get("content-type", ""), body)))
        except RequestError as error:
            return error.response(self._account.new_id())

    def _set_quirks(self, request: ControlRequest) -> dict[str, Any]:
        try:
            self._api.quirks = Quirks.from_mapping(request.rest())
        except ValueError as error:
            raise bad_request(f"{error}.") from None
        return {}

    def _set_faults(self, request: ControlRequest) -> dict[str, Any]:
        try:
            self._faults.faults = Faults.from_mapping(request.rest())
        except ValueError as error:
            raise bad_request(f"{error}.") from None
        return {}

    def _deliveries(self, request: Request) -> Response:
        if request.method != "GET":
            raise method_not_allowed(["GET"])
        outbox = self._account.outbox
        attempts = [
            {"callback": each.hook, "eventType": each.event, "statusCode": each.status, "error": each.error}
            for each in outbox.deliveries()
        ]
        return ok({"waiting": outbox.waiting(), "deliveries": attempts})


def _require_loopback(request: Request) -> None:
    client = request.client
    if (client is not None and not is_loopback(client.host)) or not is_loopback(request.url.hostname):
        raise RequestError(HTTPStatus.FORBIDDEN, "Control requests are accepted from this machine only.")
