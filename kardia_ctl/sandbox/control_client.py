"""Asks a running sandbox to do something, below /_sandbox/."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

PREFIX = "/_sandbox/"
"""Where a sandbox takes control requests: not a path of Kardia."""
_TIMEOUT = 120.0


class ControlError(Exception):
    """A running sandbox did not do what it was asked for; the message says why."""


def ask(url: str, action: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Send a control request to the sandbox at `url` and return what it answers.

    Raises:
        ControlError: it cannot be reached, or refuses.
    """
    from http.client import HTTPException

    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ControlError(f"{url}: the sandbox is at an http:// address")
    try:
        status, body = _post(parts.hostname, parts.port or 80, action, json.dumps(said))
        answer = json.loads(body)
    except (OSError, HTTPException, ValueError) as error:
        raise ControlError(f"no sandbox answers at {url}: start one with kardia-ctl sandbox serve") from error
    if status != 200:
        raise ControlError(_detail(answer))
    if not isinstance(answer, dict):
        raise ControlError(f"{url} is no sandbox")
    return answer


def _post(host: str, port: int, action: str, body: str) -> tuple[int, bytes]:
    from http.client import HTTPConnection

    connection = HTTPConnection(host, port, timeout=_TIMEOUT)
    try:
        connection.request("POST", PREFIX + action, body, {"content-type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _detail(answer: Any) -> str:
    match answer:
        case {"errors": [{"detail": str(detail)}, *_]}:
            return detail
        case _:
            return "the sandbox answers something else: is it one?"
