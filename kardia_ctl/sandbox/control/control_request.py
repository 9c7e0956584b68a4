"""What a control request says."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kardia_ctl.sandbox.error_answers import bad_request


class Said:
    """What a control request says, read member by member.

    Everything wrong is a Refusal with 400.
    """

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = dict(members)

    def text(self, name: str) -> str | None:
        """Return a text, None when it is not there."""
        value: str | None = self._take(name, str, "text")
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        value = self._take(name, int, "a whole number")
        if value is None:
            return default
        if not least <= value <= most:
            raise bad_request(f"The {name} has to be {least} to {most}.")
        return int(value)

    def moment(self, name: str) -> datetime | None:
        """Return a time with its offset, None when it is not there."""
        text = self.text(name)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
            in_seconds = moment.timestamp()
        except (ValueError, OverflowError):
            moment, in_seconds = None, 0.0
        if moment is None or moment.tzinfo is None or in_seconds < 0:
            raise bad_request(f"The {name} has to be a time with an offset, e.g. 2026-03-01T08:00:00+01:00.")
        return moment

    def yes(self, name: str) -> bool:
        """Return whether something was asked for."""
        return bool(self._take(name, bool, "true or false"))

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return a list of texts, None when it is not there."""
        value = self._take(name, list, "a list of texts")
        if value is None:
            return None
        if not all(isinstance(one, str) for one in value):
            raise bad_request(f"The {name} has to be a list of texts.")
        return tuple(value)

    def rest(self) -> Mapping[str, Any]:
        """Return everything that was not read yet."""
        members, self._members = self._members, {}
        return members

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self._members:
            raise bad_request(f"The member {min(self._members)} is not known here.")

    def _take(self, name: str, kind: type, noun: str) -> Any:
        value = self._members.pop(name, None)
        if value is not None and type(value) is not kind:
            raise bad_request(f"The {name} has to be {noun}.")
        return value


def read(content_type: str, body: bytes) -> Said:
    """Read the body of a control request.

    Raises:
        Refusal: 400 for what is no JSON object, and for another content type: pages of a browser may not send
            JSON elsewhere.
    """
    if not content_type.startswith("application/json"):
        raise bad_request("The body has to be application/json.")
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_request("The body is not JSON.") from None
    if not isinstance(members, dict):
        raise bad_request("The body has to be a JSON object.")
    return Said(members)
