"""What may be printed of an answer: its safe characters, without personal values and secrets."""

import html
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

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
_READ: Final = 4000
"""Characters that are examined: many more than are printed, and few enough to search them often."""
_SHORTEST: Final = 2
_WORD_LETTERS: Final = 4
_LAYERS: Final = 2
_JSON_UNICODE: Final = re.compile(r"\\+u([0-9a-fA-F]{4})")
_JSON_ESCAPE: Final = re.compile(r"\\+([\"/\\])")
_WORD: Final = re.compile(r"[^\W_]+")
_URL_SAFE: Final = str.maketrans("+/", "-_")


def printable(text: str, limit: int = _SHOWN) -> str:
    """The text on one line of at most ``limit`` characters, without anything that a terminal interprets."""
    cut = text[: limit + 1]
    safe = "".join(
        " " if c.isspace() else "�" if unicodedata.category(c) in _HIDDEN_CATEGORIES else c for c in cut
    )
    line = " ".join(safe.split())
    return f"{line[:limit]}…" if len(cut) > limit else line


def redacted(text: str, hidden: Iterable[str] = (), limit: int = _SHOWN) -> str:
    """``printable`` text without the ``hidden`` values, however spelled, nor what looks like a secret.

    A server may repeat what was sent as it came: percent-encoded, escaped for JSON or HTML, in base64 or hex,
    in capitals, in pieces. Looks like a secret: an e-mail address, a date, a phone number, a connection code,
    an API key.
    """
    text = _plain(text[:_READ])
    folded = text.casefold()
    found = {spelling for value in hidden for spelling in _spellings(value) if spelling.casefold() in folded}
    for spelling in sorted(found, key=len, reverse=True):
        text = _without(spelling, text)
    for pattern, name in _PATTERNS:
        text = pattern.sub(name, text)
    return printable(text, limit)


def _plain(text: str) -> str:
    """The text with the escapes of URLs, JSON and HTML undone, and those within those."""
    for _ in range(_LAYERS):
        text = _JSON_UNICODE.sub(lambda match: chr(int(match[1], 16)), html.unescape(unquote(text)))
        text = _JSON_ESCAPE.sub(r"\1", text)
    return unicodedata.normalize("NFC", text)


def _spellings(value: str) -> Iterator[str]:
    """How a value may appear in plain text: as a whole, its longer words, in base64 and in hex."""
    plain = _plain(value.strip())
    if len(plain) < _SHORTEST:
        return
    yield plain
    yield plain.replace(" ", "+")
    yield from (word for word in _WORD.findall(plain) if len(word) >= _WORD_LETTERS)
    raw = value.strip().encode("utf-8", "replace")
    if len(raw) >= _WORD_LETTERS:
        yield raw.hex()
        for place in range(3):
            # The bytes before and after it change its first and last characters.
            spelled = b64encode(b"\0" * place + raw).rstrip(b"=").decode()
            cut = spelled[-(-place * 8 // 6) : len(spelled) - bool((place + len(raw)) % 3)]
            yield from (cut, cut.translate(_URL_SAFE))


def _without(spelling: str, text: str) -> str:
    whole = re.escape(spelling)
    if len(spelling) < _WORD_LETTERS:  # two letters occur in many words
        whole = rf"(?<![^\W_]){whole}(?![^\W_])"
    return re.sub(whole, "[hidden]", text, flags=re.IGNORECASE)


def secrets_of(url: str) -> tuple[str, ...]:
    """The parts of a callback that may be a token: its query, each value of it, what precedes the host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    before_host = parts.netloc.rpartition("@")[0]
    values = (value for _, value in parse_qsl(f"{parts.query}&{parts.fragment}", keep_blank_values=True))
    return (parts.query, parts.fragment, before_host, *values)
