"""How many recordings a patient has, as far as an answer proves it. What cannot be undone rests on it."""

from collections.abc import Mapping
from typing import Any, Final

from kardia_ctl.api.answer import Answer, UnexpectedAnswer, check_certain, decode_json

_DOCUMENTED: Final = frozenset({"totalCount", "recordings", "pageInfo"})
"""The members of the answer (API reference, "Recordings Object")."""
_IDS: Final = frozenset({"requestid", "request_id", "traceid", "trace_id"})
"""The members, in small letters, that name the request and not what it found."""
_NOTHING: Final[tuple[object, ...]] = (None, "", [], {})
"""The values of a further member that say nothing. ``false`` is not among them: it may deny a success."""


def recordings_proven(answer: Answer) -> int | None:
    """The number of recordings in an answer of GET /v1/patients/:id/recordings; None when it is not proven.

    The number is totalCount, where that is a whole number in JSON's own notation. 0 counts only in the
    documented form, in a whole answer (200): no entries, ``hasNextPage`` false, no cursor, which would be
    that of a recording, and nothing else but the id of the request. Everything else, such as ``"0"``, 0.0, a
    missing list, another name for it or a message, proves nothing.

    Raises:
        UnreadableAnswer: it is not JSON, or not complete.
    """
    try:
        decoded = decode_json(answer, dict[str, Any])
        check_certain(answer)
    except UnexpectedAnswer:
        return None
    count = decoded.get("totalCount")
    if type(count) is not int or count < 0:
        return None
    return count if count > 0 or _shows_none(decoded) else None


def _shows_none(decoded: Mapping[str, Any]) -> bool:
    """Whether an answer whose count is 0 shows no entry, no further page, and nothing that is unknown."""
    info = decoded.get("pageInfo")
    if decoded.get("recordings") != [] or not isinstance(info, dict) or info.get("hasNextPage") is not False:
        return False
    others = [(name, value) for name, value in decoded.items() if name not in _DOCUMENTED]
    others += [(name, value) for name, value in info.items() if name != "hasNextPage"]
    return all(_says_nothing(name, value) for name, value in others)


def _says_nothing(name: str, value: object) -> bool:
    return value in _NOTHING or (isinstance(value, str) and name.casefold() in _IDS)
