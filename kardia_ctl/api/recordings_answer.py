"""How many recordings a patient has, as far as an answer proves it. What cannot be undone rests on it."""

import json
from collections.abc import Mapping
from typing import Any, Final

from kardia_ctl.api.answer import Answer, UnexpectedAnswer, decode_json

_DOCUMENTED: Final = frozenset({"totalCount", "recordings", "pageInfo"})
"""The members of the answer (API reference, "Recordings Object")."""


class _RepeatedKey(ValueError):  # noqa: N818  (it names what the answer holds)
    """An object names a member twice, so that its value is not certain."""


def recordings_proven(answer: Answer) -> int | None:
    """The number of recordings in an answer of GET /v1/patients/:id/recordings; None when it is not proven.

    The number is totalCount, where that is a whole number in JSON's own notation. 0 counts only in the
    documented form: no entries, ``hasNextPage`` false, and nothing else that could be an entry, a count or an
    error. Everything else, such as ``"0"``, 0.0, a missing list or another name for it, proves nothing.

    Raises:
        UnreadableAnswer: it is not JSON, or not complete.
    """
    try:
        decoded = decode_json(answer, dict[str, Any])
        json.loads(answer.body.decode("utf-8-sig"), object_pairs_hook=_without_repetition)
    except (UnexpectedAnswer, _RepeatedKey, RecursionError):
        return None
    count = decoded.get("totalCount")
    if type(count) is not int or count < 0:
        return None
    return count if count > 0 or _shows_none(decoded) else None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKey
    return found


def _shows_none(decoded: Mapping[str, Any]) -> bool:
    """Whether an answer whose count is 0 shows no entry, no further page, no other count and no error."""
    info = decoded.get("pageInfo")
    last = isinstance(info, dict) and info.get("hasNextPage") is False
    others = [value for name, value in decoded.items() if name not in _DOCUMENTED]
    silent = not decoded.get("errors") and all(isinstance(value, str) or not value for value in others)
    return decoded.get("recordings") == [] and last and silent
