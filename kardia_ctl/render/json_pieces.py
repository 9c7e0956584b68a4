"""JSON of any length, a piece at a time: what is written is not held."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from kardia_ctl.render.escape import json_text

_PIECE: Final = 1 << 16
"""The characters of a piece, and as many more as its last element has."""


@dataclass(frozen=True, slots=True)
class Lazily:
    """An array whose elements are made when it is written, again each time."""

    elements: Callable[[], Iterable[Any]]


def json_pieces(value: Any, named: Callable[[Any], Any] = lambda value: value) -> Iterator[str]:
    """A value as JSON as short as it can be, in pieces.

    Args:
        value: JSON, in whose objects, at any depth, there may be arrays made ``Lazily``.
        named: What is done to every member before it is written, such as to put pseudonyms for mrns.
    """
    piece = StringIO()
    for part in _parts(value, named):
        piece.write(part)
        if piece.tell() >= _PIECE:
            yield piece.getvalue()
            piece = StringIO()
    yield piece.getvalue()


def _parts(value: Any, named: Callable[[Any], Any]) -> Iterator[str]:
    match value:
        case Lazily():
            separator = "["
            for element in value.elements():
                yield separator + _short(named(element))
                separator = ","
            yield "[]" if separator == "[" else "]"
        case dict():
            separator = "{"
            for key, member in value.items():
                yield f"{separator}{_short(named(key))}:"
                yield from _parts(member, named)
                separator = ","
            yield "{}" if separator == "{" else "}"
        case _:
            yield _short(named(value))


def _short(value: Any) -> str:
    return json_text(value, separators=(",", ":"))
