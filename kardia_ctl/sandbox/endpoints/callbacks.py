"""Callback URLs (API reference, "Set callback URL", "Get callback URL" and the same for QT analysis)."""

import re
from functools import partial
from typing import assert_never

from kardia_ctl.sandbox.calls import Answer, Call, Endpoint, Presence, ok
from kardia_ctl.sandbox.quirks import UnsetCallback
from kardia_ctl.sandbox.records import Hook
from kardia_ctl.sandbox.refusals import bad_request, not_found


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
    url = call.form["url"]
    if not _is_web_address(url):
        raise bad_request("The url has to be a web address.")
    call.account.set_callback(hook, url)
    return ok({"url": url})


def _is_web_address(url: str) -> bool:
    return bool(re.fullmatch(r"https?://[A-Za-z0-9.:-]+([/?#][!-~]*)?", url))


ENDPOINTS = tuple(
    endpoint
    for hook in Hook
    for endpoint in (
        Endpoint("GET", f"/v1/{hook.value}", partial(read, hook)),
        Endpoint("PUT", f"/v1/{hook.value}", partial(write, hook), form={"url": Presence.REQUIRED}),
    )
)
