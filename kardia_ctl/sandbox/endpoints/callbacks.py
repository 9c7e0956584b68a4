"""Callback URLs, and the log of deliveries.

Source: API reference, "Set callback URL", "Get callback URL", the same for QT analysis, "Get callback logs";
Kardia Pro reference, "Event Callback".
"""

import json
import re
from datetime import UTC, datetime
from functools import partial
from typing import assert_never

from starlette.responses import Response

from kardia_ctl.sandbox.account.outbox import CALLBACK_LOGS, Delivery
from kardia_ctl.sandbox.account.timeline import MICRO
from kardia_ctl.sandbox.data.values import Hook
from kardia_ctl.sandbox.endpoints.pages import QUERY, page
from kardia_ctl.sandbox.http.error_responses import bad_request, not_found
from kardia_ctl.sandbox.http.route import EndpointCall, Member, Presence, Route, ok
from kardia_ctl.sandbox.quirks import CallbackForm, UnsetCallback


def read(hook: Hook, call: EndpointCall) -> Response:
    """GET of a callback: its URL; `Quirks.unset_callback` decides the response when none is set."""
    url = call.account.settings.callback(hook)
    if url is not None:
        return ok({"url": url})
    match call.quirks.unset_callback:
        case UnsetCallback.EMPTY:
            return ok({"url": ""})
        case UnsetCallback.NULL:
            return ok({"url": None})
        case UnsetCallback.NOT_FOUND:
            raise not_found("No callback URL is set.")
        case UnsetCallback.BAD_REQUEST:
            raise bad_request("No callback URL is set.")
        case other:
            assert_never(other)


def write(hook: Hook, call: EndpointCall) -> Response:
    """PUT of a callback: the URL that is now set."""
    url = (call.form or call.json)["url"]
    host = r"([A-Za-z0-9._:-]+|\[[0-9A-Fa-f:.]+\](:[0-9]+)?)"
    if not re.fullmatch(rf"(?i:https?)://{host}([/?#][!-~]*)?", url):
        raise bad_request("The url must be a web address.")
    if call.quirks.callback_form is CallbackForm.NORMALIZED:
        url = _normalized(url)
    call.account.settings.set_callback(hook, url)
    return ok({"url": url})


def _normalized(url: str) -> str:
    """The URL as a URL parser prints it again (https://url.spec.whatwg.org)."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    authority, path = re.fullmatch("([^/?#]*)((?:[/?#].*)?)", rest).groups()  # type: ignore[union-attr]
    authority = authority.lower().removesuffix(":443" if scheme == "https" else ":80")
    path = re.sub("%[0-9a-f]{2}", lambda found: found[0].upper(), path, flags=re.IGNORECASE)
    return f"{scheme}://{authority}{path if path.startswith('/') else f'/{path}'}"


def logs(call: EndpointCall) -> Response:
    """GET /v1/logs: a page of delivery attempts, newest first."""
    return page(call, CALLBACK_LOGS, "logs", _log_entry)


def _log_entry(delivery: Delivery) -> str:
    """Return an attempt as JSON: the status is a string, and a success has no error."""
    created = datetime.fromtimestamp(delivery.created_at // MICRO, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = {"statusCode": delivery.status, "eventType": delivery.event, "createdAt": created}
    if delivery.error is not None:
        entry["error"] = delivery.error
    return json.dumps(entry, ensure_ascii=False)


def _v1(hook: Hook) -> tuple[Route, Route]:
    path = f"/v1/{hook.value}"
    return (
        Route("GET", path, partial(read, hook)),
        Route("PUT", path, partial(write, hook), form={"url": Presence.REQUIRED}),
    )


ROUTES = (
    *_v1(Hook.CALLBACK),
    *_v1(Hook.QT_CALLBACK),
    Route("GET", "/v1/logs", logs, query=QUERY),
    Route("GET", "/e/v1/callback", partial(read, Hook.PRO_CALLBACK)),
    Route(
        "PUT", "/e/v1/callback", partial(write, Hook.PRO_CALLBACK), json={"url": Member(Presence.REQUIRED)}
    ),
)
