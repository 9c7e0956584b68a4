"""Undoes the encodings in which a server may repeat a value, so that the value is found as it was written."""

import html
import re
import unicodedata
from base64 import b64decode
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

_LAYERS: Final = 5
"""Encodings within encodings that are undone. What is still encoded afterwards is hidden as a whole."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_CODE_POINT: Final = re.compile(
    r"(?<!\\)\\++(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2}))"
)
_OCTAL: Final = re.compile(r"(?:\\[0-3][0-7]{2})+")
_ESCAPED: Final = re.compile(r"(?<!\\)\\+([\"'/\\])")
_SPACE: Final = re.compile(r"(?<!\\)\\++[nrtbfv](?=[^\W_])")
_TAG: Final = re.compile(r"<!--.{0,200}?-->|</?[A-Za-z][A-Za-z0-9]{0,15}(?:\s[^<>@]{0,200})?/?>")
_QUOTED: Final = re.compile(r"=[C-Fc-f][0-9A-Fa-f](?:=[89ABab][0-9A-Fa-f])+|(?:=[0-9A-Fa-f]{2}){3,}")
"""Quoted-printable: a character in UTF-8, or many. ``x=AC`` is neither."""

_SOFT_BREAK: Final = re.compile(r"=\r?\n")
_PUNYCODE: Final = re.compile(r"xn--([a-z0-9-]{1,59})", re.IGNORECASE)
_MISREAD: Final = re.compile(r"[\u0080-\u00ff\u0152-\u0192\u02c6-\u02dc\u2013-\u203a\u20ac\u2122]{2,}")
"""UTF-8 that was read as Latin-1 or Windows-1252."""

_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{4,}={0,2}")
_PIECE: Final = re.compile(r"[A-Za-z0-9]{4,}")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){2,}")
_CONTINUATION: Final = bytes(range(0x80, 0xC0))
"""The bytes of a character in UTF-8 after its first one."""
_LONGEST_CHARACTER: Final = 4
_STANDARD: Final = str.maketrans("-_", "+/")


def plain(text: str) -> tuple[str, bool]:
    """The text with the escapes of URLs, JSON, HTML, mail and programming languages undone.

    Invisible characters are removed, and marks of HTML; compatibility forms of Unicode become plain letters.
    The second value is False when the text was still encoded after several layers.
    """
    before = ""
    for _ in range(_LAYERS):
        before, text = text, _one_layer(text)
        if text == before:
            return text, True
    return text, _one_layer(text) == text


def _one_layer(text: str) -> str:
    text = _TAG.sub("", html.unescape(unquote(text)))
    text = _CODE_POINT.sub(_character, text)
    text = _OCTAL.sub(lambda match: _text(bytes(int(part, 8) for part in match[0].split("\\")[1:])), text)
    text = _ESCAPED.sub(r"\1", _SPACE.sub(" ", text))
    text = _QUOTED.sub(lambda match: _text(bytes.fromhex(match[0].replace("=", ""))), text)
    text = _PUNYCODE.sub(_from_punycode, _MISREAD.sub(_as_utf8, _SOFT_BREAK.sub("", text)))
    return unicodedata.normalize("NFKC", "".join(filter(_is_visible, text)))


def _is_visible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in _INVISIBLE


def _character(match: re.Match[str]) -> str:
    point = int(next(filter(None, match.groups())), 16)
    return chr(point) if point < 0x110000 else "\ufffd"


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _from_punycode(match: re.Match[str]) -> str:
    try:
        return match[1].encode().decode("punycode")
    except UnicodeError:
        return match[0]


def _as_utf8(match: re.Match[str]) -> str:
    for encoding in ("latin-1", "cp1252"):
        try:
            return match[0].encode(encoding).decode()
        except UnicodeError:
            continue
    return match[0]


def encoded_runs(text: str) -> Iterator[tuple[int, int, str]]:
    """The runs of a text that decode as base64 or hex to readable text: start, end, what they decode to."""
    for run in _ENCODED.finditer(text):
        found = [(run.start(), run.end(), run[0])]
        found += [
            (run.start() + part.start(), run.start() + part.end(), part[0])
            for part in _PIECE.finditer(run[0])
        ]
        for start, end, piece in dict.fromkeys(found):
            yield from ((start, end, decoded) for decoded in _decoded(piece))


def _decoded(piece: str) -> Iterator[str]:
    if _HEX.fullmatch(piece):
        yield from _readable(bytes.fromhex(piece))
    letters = piece.rstrip("=").translate(_STANDARD)
    for skipped in range(4):
        # The first characters may belong to what stands before the value.
        rest = letters[skipped:]
        rest = rest[: len(rest) - (len(rest) % 4 == 1)]
        if len(rest) > 1:
            yield from _readable(b64decode(rest + "=" * (-len(rest) % 4)))


def _readable(raw: bytes) -> Iterator[str]:
    """The bytes as text, in UTF-8 or UTF-16, if all of it can be read and some of it is a letter or a digit.

    The first and the last character may be cut.
    """
    whole = raw.replace(b"\0", b"").lstrip(_CONTINUATION)
    for cut in range(min(_LONGEST_CHARACTER, len(whole))):
        try:
            text = whole[: len(whole) - cut].decode()
        except UnicodeDecodeError:
            continue
        if all(map(_can_be_read, text)) and any(map(str.isalnum, text)):
            yield text
        return


def _can_be_read(character: str) -> bool:
    return character.isprintable() or character in "\r\n\t"
