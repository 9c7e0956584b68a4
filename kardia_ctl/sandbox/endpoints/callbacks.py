"""Callback URLs.

Source: API reference, "Set callback URL", "Get callback URL" and the same for QT analysis; Kardia Pro
reference, "Event Callback".
"""

import re
from functools import partial
from typing import assert_never

from kardia_ctl.sandbox.data.values import Hook
from kardia_ctl.sandbox.error_answers import bad_request, not_found
from kardia_ctl.sandbox.http.endpoint import Answer, Call, Endpoint, Member, Presence, ok
from kardia_ctl.sandbox.quirks import UnsetCallback


def read(hook: Hook, call: Call) -> Answer:
    """GET of a callback: its URL, or what `Quirks.unset_callback` says."""
    url = call.account.callback(hook)
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


def write(hook: Hook, call: Call) -> Answer:
    """PUT of a callback: the URL that is now set."""
    url = (call.form or call.json)["url"]
    if not _is_web_address(url):
        raise bad_request("The url has to be a web address.")
    call.account.set_callback(hook, url)
    return ok({"url": url})


def _is_web_address(url: str) -> bool:
    host = r"([A-Za-z0-9._:-]+|\[[0-9A-Fa-f:.]+\](:[0-9]+)?)"
    return bool(re.fullmatch(rf"https?://{host}([/?#][!-~]*)?", url))


def _v1(hook: Hook) -> tuple[Endpoint, Endpoint]:
    path = f"/v1/{hook.value}"
    return (
        Endpoint("GET", path, partial(read, hook)),
        Endpoint("PUT", path, partial(write, hook), form={"url": Presence.REQUIRED}),
    )


ENDPOINTS = (
    *_v1(Hook.CALLBACK),
    *_v1(Hook.QT_CALLBACK),
    Endpoint("GET", "/e/v1/callback", partial(read, Hook.PRO_CALLBACK)),
    Endpoint(
        "PUT", "/e/v1/callback", partial(write, Hook.PRO_CALLBACK), json={"url": Member(Presence.REQUIRED)}
    ),
)
