"""A text as a YAML scalar that every reader takes for this text, whatever the YAML version."""

import re
from typing import Final

_NOT_PRINTED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that only an escape keeps: controls, line ends of all kinds, and the byte order mark."""

_SHORT: Final = {"\0": "\\0", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x85": "\\N"}


def double_quoted(text: str) -> str:
    """The text in double quotes, on one line."""
    return '"' + _NOT_PRINTED.sub(_escape, text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def single_quoted(text: str) -> str:
    """The text in single quotes, on one line; in double ones where a character needs an escape."""
    return double_quoted(text) if _NOT_PRINTED.search(text) else "'" + text.replace("'", "''") + "'"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT.get(character) or f"\\u{ord(character):04x}"
