"""The body of a control request."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kardia_ctl.sandbox.http.error_responses import bad_request


class ControlRequest:
    """The members of a control request, read one by one; a wrong value raises RequestError with 400."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = dict(members)

    def text(self, name: str) -> str | None:
        """Return a text, None if it is absent."""
        value: str | None = self._take(name, str, "text")
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        value = self._take(name, int, "a whole number")
        if value is None:
            return default
        if not least <= value <= most:
            raise bad_request(f"The {name} must be {least} to {most}.")
        return int(value)

    def time(self, name: str) -> datetime | None:
        """Return a time with its offset, None if it is absent."""
        text = self.text(name)
        if text is None:
            return None
        try:
            time = datetime.fromisoformat(text)
            seconds = time.timestamp()
        except (ValueError, OverflowError):
            time, seconds = None, 0.0
        if time is None or time.tzinfo is None or seconds < 0:
            raise bad_request(f"The {name} must be a time with an offset, e.g. 2026-03-01T08:00:00+01:00.")
        return time

    def flag(self, name: str) -> bool:
        """Return true or false, false if it is absent."""
        return bool(self._take(name, bool, "true or false"))

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return a list of texts, None if it is absent."""
        value = self._take(name, list, "a list of texts")
        if value is None:
            return None
        if not all(isinstance(text, str) for text in value):
            raise bad_request(f"The {name} must be a list of texts.")
        return tuple(value)

    def rest(self) -> Mapping[str, Any]:
        """Return all members that were not read yet."""
        members, self._members = self._members, {}
        return members

    def end(self) -> None:
        """Refuse members that were not read."""
        if self._members:
            raise bad_request(f"The member {min(self._members)} is unknown.")

    def _take(self, name: str, kind: type, noun: str) -> Any:
        value = self._members.pop(name, None)
        if value is not None and type(value) is not kind:
            raise bad_request(f"The {name} must be {noun}.")
        return value


def read(content_type: str, body: bytes) -> ControlRequest:
    """Read the body of a control request.

    Raises:
        RequestError: 400 for anything but a JSON object, and for other content types: a web page cannot send
            JSON to another site.
    """
    if not content_type.startswith("application/json"):
        raise bad_request("The body must be application/json.")
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON.") from None
    if not isinstance(members, dict):
        raise bad_request("The body must be a JSON object.")
    return ControlRequest(members)
