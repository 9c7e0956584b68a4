"""Looks for values that must not be seen, however they are spelled."""

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Characters below which a value stands everywhere by chance."""


def spellings(value: bytes) -> Iterator[tuple[str, bytes]]:
    """The ways in which a value may be written down, in small letters."""
    for name, spelled in (("raw", value), *_texts(value), *_bytes(value)):
        yield name, spelled.lower()


def _texts(value: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    yield "capitals", text.upper().encode()
    yield "small letters", text.lower().encode()
    escaped = json.dumps(text)[1:-1]
    yield "JSON", escaped.encode()
    yield "JSON in JSON", json.dumps(escaped)[1:-1].encode()
    yield "JSON without escapes", json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield "repr", repr(text)[1:-1].encode()
    yield "ASCII repr", ascii(text)[1:-1].encode()
    yield "HTML", html.escape(text).encode()
    yield "URL", quote(text, safe="").encode()
    yield "URL path", quote(text).encode()
    yield "form", quote_plus(text).encode()
    yield "URL in URL", quote(quote(text, safe=""), safe="").encode()
    yield "UTF-16", text.encode("utf-16-le")
    yield "Latin-1", text.encode("latin-1", "replace")
    yield "without marks", re.sub(r"[^0-9A-Za-z]", "", text).encode()


def _bytes(value: bytes) -> Iterator[tuple[str, bytes]]:
    yield "hex", value.hex().encode()
    yield "every byte in URL", "".join(f"%{byte:02x}" for byte in value).encode()
    for place in range(3):
        # What stands before and after the value moves and mixes its first and last characters.
        spelled = b64encode(b"\0" * place + value).rstrip(b"=")
        whole = spelled[-(-place * 8 // 6) : len(spelled) - bool((place + len(value)) % 3)]
        yield f"base64 from {place}", whole
        yield f"base64 from {place} for URLs", whole.translate(bytes.maketrans(b"+/", b"-_"))


class Scanner:
    """Knows values by name, and tells which of them stand in what it is shown."""

    def __init__(self, values: Mapping[str, str | bytes]) -> None:
        self._patterns: dict[bytes, str] = {}
        for name, value in values.items():
            self.add(name, value)

    def add(self, name: str, value: str | bytes) -> None:
        """One more value that must not be seen."""
        raw = value.encode() if isinstance(value, str) else value
        if len(raw) < SHORTEST:
            raise ValueError(f"{name} is too short to be told from chance")
        for spelling, pattern in spellings(raw):
            self._patterns.setdefault(pattern, f"{name} ({spelling})")

    @property
    def known(self) -> int:
        """How many spellings it looks for."""
        return len(self._patterns)

    def hits(self, shown: str | bytes) -> list[str]:
        """The names of the values that stand in a text or a file, each with its spelling."""
        raw = (shown.encode("utf-8", "surrogateescape") if isinstance(shown, str) else shown).lower()
        return [name for pattern, name in self._patterns.items() if pattern in raw]
