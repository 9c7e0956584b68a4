"""Escape text of servers and files: it must not move a cursor or start a command of a CI runner."""

import re
from typing import Final

_START: Final = re.compile(r"^( *):(?=:)")
"""CI runners execute a line that begins with ``::set-env`` and the like, after any spaces."""

_ANYWHERE: Final = re.compile(r"#(?=#)")
"""``##[command]``, ``##vso[`` and ``##teamcity[`` are executed anywhere in a line."""


def escape(text: str) -> str:
    r"""The text with everything that acts on a terminal or a CI runner turned into a visible escape.

    Control characters, escapes, line ends, bidi marks, invisible characters and lone surrogates become
    ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``; so do the marks that begin a workflow command. The result is
    one printable line; escaping it again changes nothing.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escape(char) for char in text)
    return _ANYWHERE.sub(r"\\x23", _START.sub(r"\1\\x3a", text))


def _escape(char: str) -> str:
    short = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(char)
    code = ord(char)
    if short:
        return short
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
