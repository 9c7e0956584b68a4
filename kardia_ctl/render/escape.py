"""Escape text of servers and files: it must not move a cursor or start a command of a CI runner."""

import json
import re
from typing import Any, Final

from kardia_ctl.render.view import Colour

_START: Final = re.compile(r"^( *):(?=:)")
"""CI runners execute a line that begins with ``::set-env`` and the like, after any spaces."""

_ANYWHERE: Final = re.compile(r"#(?=#)")
"""``##[command]``, ``##vso[`` and ``##teamcity[`` are executed anywhere in a line."""

_OURS: Final = re.compile("(\x1b\\[(?:0|" + "|".join(colour.value for colour in Colour) + ")m)")
"""The colours that ``View.paint`` writes."""

_COMMAND_IN_JSON: Final = re.compile(r"(?m)^([ \t]*):(?=:)|#(?=#)")


def escape(text: str) -> str:
    r"""The text with everything that acts on a terminal or a CI runner turned into a visible escape.

    Control characters, escapes, line ends, bidi marks, invisible characters and lone surrogates become
    ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``; so do the marks that begin a workflow command. The result is
    one printable line; escaping it again changes nothing.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escape(char) for char in text)
    if "::" not in text and "##" not in text:
        return text
    return _ANYWHERE.sub(r"\\x23", _START.sub(r"\1\\x3a", text))


def escape_lines(text: str) -> str:
    """Several lines, each escaped; line ends stay, and the colours of ``View.paint``."""
    if text.replace("\n", " ").isprintable() and "##" not in text and "::" not in text:
        return text
    return "\n".join(map(_escape_line, text.split("\n")))


def _escape_line(line: str) -> str:
    pieces = _OURS.split(line)
    return "".join(piece if place % 2 else escape(piece) for place, piece in enumerate(pieces))


def escape_json(text: str) -> str:
    """JSON with the same value, in which nothing acts on a terminal or a CI runner."""
    if not text.replace("\n", " ").replace("\t", " ").isprintable():
        text = "".join(
            char if char.isprintable() or char in "\n\t" else _escape_in_json(char) for char in text
        )
    if "::" not in text and "##" not in text:
        return text
    return _COMMAND_IN_JSON.sub(lambda found: r"\u0023" if found[0] == "#" else f"{found[1]}\\u003a", text)


def json_text(value: Any, *, indent: int | None = None, separators: tuple[str, str] | None = None) -> str:
    """A value as JSON, harmless as ``escape_json`` makes it."""
    return escape_json(json.dumps(value, ensure_ascii=False, indent=indent, separators=separators))


def _escape_in_json(char: str) -> str:
    return " " if char == "\r" else json.dumps(char)[1:-1].replace("\x7f", r"\u007f")


def _escape(char: str) -> str:
    short = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(char)
    code = ord(char)
    if short:
        return short
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
