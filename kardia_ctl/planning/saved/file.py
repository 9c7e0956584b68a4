"""Saved plans: authenticated files of actions, pseudonymous addresses, field names and digests: no PHI.

The first line holds the format, the source of the key and the seal (HMAC-SHA-256); the rest is JSON. The seal
covers the rest of the first line and every byte after it, so any alteration is detected.
"""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from kardia_ctl.model.errors import PlanRefused
from kardia_ctl.planning.saved.codec import UNREADABLE, SavedPlan, as_json, from_json

MAGIC: Final = "kardia-ctl-plan"
FORMAT: Final = 2
MAX_BYTES: Final = 1 << 30
_NOT_A_PLAN: Final = "this file is not a plan saved by kardia-ctl"


def seal(saved: SavedPlan, key: bytes, source: str) -> bytes:
    """The file's bytes. ``source`` is one word that says where the key comes from."""
    body = json.dumps(as_json(saved), sort_keys=True, separators=(",", ":")).encode() + b"\n"
    head = f"{MAGIC} {FORMAT} {source}"
    return f"{head} {_mac(key, head, body)}\n".encode() + body


def key_source(data: bytes) -> str:
    """The word that says which key sealed the file.

    Raises:
        PlanRefused: it is not a saved plan, or one of another format.
    """
    return _head(data)[0][2]


def hint(data: bytes) -> tuple[str, str]:
    """The path and the endpoint in a saved plan, before its seal is checked.

    Raises:
        PlanRefused: it is not a saved plan.
    """
    _, body = _head(data)
    try:
        document = json.loads(body)
        return str(document["path"]), str(document["binding"]["endpoint"])
    except (*UNREADABLE, KeyError, TypeError) as error:
        raise PlanRefused(f"{_NOT_A_PLAN}, or it was altered; plan again") from error


def unseal(data: bytes, key: bytes) -> SavedPlan:
    """Check the seal of a saved plan and decode it.

    Raises:
        PlanRefused: it is not a saved plan, was altered, or was sealed with another key.
    """
    words, body = _head(data)
    expected = _mac(key, " ".join(words[:3]), body)
    if not hmac.compare_digest(expected.encode(), words[3].encode()):
        raise PlanRefused(
            f"the saved plan was altered, or sealed with another key ({SEALED_WITH[words[2]]}); plan again"
        )
    try:
        return from_json(json.loads(body))
    except UNREADABLE as error:
        raise PlanRefused(f"{_NOT_A_PLAN}; plan again") from error


def unverified(data: bytes) -> SavedPlan:
    """Decode a saved plan whose seal nobody here can check: anybody may have written it. Only to be shown.

    Raises:
        PlanRefused: it is not a saved plan.
    """
    try:
        return from_json(json.loads(_head(data)[1]))
    except UNREADABLE as error:
        raise PlanRefused(f"{_NOT_A_PLAN}; plan again") from error


SEALED_WITH: Final[Mapping[str, str]] = {
    "plan-key": "KARDIA_PLAN_KEY",
    "workspace": "the workspace's .kardia/key or KARDIA_STATE_KEY, or that of its encrypted state",
    "api-key": "derived from the API key",
}
"""What a message calls each source of the key that seals a plan."""


def _head(data: bytes) -> tuple[list[str], bytes]:
    """The words of the first line, and the bytes after it."""
    line, newline, body = data[:MAX_BYTES].partition(b"\n")
    words = line.decode("ascii", "replace").split(" ") if len(line) < 200 else []
    if len(words) != 4 or words[0] != MAGIC or not newline or words[2] not in SEALED_WITH:
        raise PlanRefused(f"{_NOT_A_PLAN}, or its first line was altered; plan again")
    if words[1] != str(FORMAT):
        raise PlanRefused(
            f"the saved plan has format {words[1][:8]}, and this version reads {FORMAT}; plan again"
        )
    return words, body


def _mac(key: bytes, head: str, body: bytes) -> str:
    return hmac.new(key, head.encode() + b"\n" + body, sha256).hexdigest()
