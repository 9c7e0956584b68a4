"""The client of a running sandbox's control requests."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

PREFIX = "/_sandbox/"
"""The paths of control requests, which Kardia does not have."""
_TIMEOUT = 120.0


class ControlError(Exception):
    """A control request failed; the message says why."""


def ask(url: str, action: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """Send a control request to the sandbox at `url` and return its response.

    Raises:
        ControlError: the sandbox cannot be reached, or refuses the request.
    """
    from http.client import HTTPException

    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ControlError(f"{url}: the URL of a sandbox begins with http://")
    try:
        status, body = _post(parts.hostname, parts.port or 80, action, json.dumps(members))
        answer = json.loads(body)
    except (OSError, HTTPException, ValueError) as error:
        raise ControlError(
            f"no sandbox responds at {url}: start one with kardia-ctl sandbox serve"
        ) from error
    if status != 200:
        raise ControlError(_detail(answer))
    if not isinstance(answer, dict):
        raise ControlError(f"{url} is not a sandbox")
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
            return "the response is not a sandbox's: check the URL"
