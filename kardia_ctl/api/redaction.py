"""What of an answer may be shown: its safe characters, without what may be a person's or a secret."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_SHOWN: Final = 200
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of control characters, bidi and other format marks, broken and unassigned text."""

_PATTERNS: Final = (
    (re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;]+"), "[e-mail]"),
    (re.compile(r"\b[0-9a-zA-Z]{6,8}(?:-[0-9a-zA-Z]{4}){3}-[0-9a-zA-Z]{12}\b"), "[key]"),
    (re.compile(r"\b[A-Z0-9]{4}(?:-[A-Z0-9]{4}){1,4}\b"), "[code]"),
    (re.compile(r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b"), "[date]"),
    (re.compile(r"\b(?:19|20)\d{6}\b"), "[date]"),
    (re.compile(r"\+?\(?\d(?:[\s().-]{0,2}\d){6,}"), "[phone]"),
)
_SHORTEST: Final = 2


def printable(text: str, limit: int = _SHOWN) -> str:
    """The text on one line of at most ``limit`` characters, with nothing that a terminal would obey."""
    cut = text[: limit + 1]
    safe = "".join(
        " " if c.isspace() else "�" if unicodedata.category(c) in _HIDDEN_CATEGORIES else c for c in cut
    )
    line = " ".join(safe.split())
    return f"{line[:limit]}…" if len(cut) > limit else line


def redacted(text: str, hidden: Iterable[str] = (), limit: int = _SHOWN) -> str:
    """``printable`` text without the ``hidden`` values in any case, nor what looks like a secret.

    Looks like a secret: an e-mail address, a date, a phone number, a connection code, an API key.
    """
    for value in sorted({value.strip() for value in hidden}, key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "[hidden]", text, flags=re.IGNORECASE)
    for pattern, name in _PATTERNS:
        text = pattern.sub(name, text)
    return printable(text, limit)
