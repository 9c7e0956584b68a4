"""Texts as YAML that every reader reads alike: PyYAML (YAML 1.1), yaml of npm (1.2), prettier, yamllint.

Every value is quoted, because readers differ in what a plain ``0012345``, ``1e5``, ``No`` or ``12:30`` is.
What cannot be printed is escaped, because they differ in what ends a line too. Quotes are those that prettier
writes: double ones, and single ones around a text that has double ones and needs no escape.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_NO_TEXTS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Plain words that some reader takes for something else than a text."""

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def quoted(text: str) -> str:
    """A text in quotes, on one line.

    Raises:
        ValueError: it has a lone surrogate, which no YAML can hold.
    """
    if text.isprintable() and "\\" not in text:
        if '"' not in text:
            return f'"{text}"'
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if short := _ESCAPES.get(char):
        return short
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code < 0xE000:
        raise ValueError("a lone surrogate cannot be written as YAML")
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def key(text: str) -> str:
    """A key, quoted unless it is a plain word that every reader takes for a text."""
    return text if _WORD.fullmatch(text) and text not in _NO_TEXTS else quoted(text)


def patient_entry(values: Mapping[str, str], further: Sequence[str] = ()) -> str:
    """An entry of ``patients``: a line for each value, then the ``further`` lines as they are."""
    together = "".join(values.values())
    if further or not together.isprintable() or '"' in together or "\\" in together:
        lines = (*(f"{name}: {quoted(value)}" for name, value in values.items()), *further)
        return "  - " + "\n    ".join(lines) + "\n"
    return _form_of(tuple(values)) % tuple(values.values())


@lru_cache
def _form_of(names: tuple[str, ...]) -> str:
    """The entry of a patient whose values need no escape: most have, and filling it in is quickest."""
    return "  - " + "\n    ".join(f'{name}: "%s"' for name in names) + "\n"


def commented(text: str) -> str:
    """The lines of a text as comments."""
    return "".join(f"# {line}\n" for line in text.splitlines())
