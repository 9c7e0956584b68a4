"""JSON of any length, a piece at a time: what is written is not held."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, Final

from kardia_ctl.render.escape import escape_json
from kardia_ctl.render.names import Names, named_value

_PIECE: Final = 1 << 16
"""The characters of a piece, and as many more as its last element has."""

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_QUICK: Final = 1
"""A level of compression."""


@dataclass(frozen=True, eq=False, slots=True)
class Lazily:
    """An array that is made when it is written.

    Attributes:
        things: What it is made of, in order. Arrays of the same ``things`` are made together, in one pass.
        element: A thing as an element of this array, its texts escaped (``escape``); None where the array has
            none for it.
    """

    things: Callable[[], Iterable[Any]]
    element: Callable[[Any], Any]


def json_pieces(value: Any, names: Names) -> Iterator[str]:
    """A value as JSON as short as it can be, in pieces, with every text as its reader may see it.

    ``value`` is JSON in whose objects, at any depth, there may be arrays made ``Lazily``.
    """
    return _pieces(_Arrays(names, list(_arrays_in(value))).parts(value))


def _arrays_in(value: Any) -> Iterator[Lazily]:
    match value:
        case Lazily():
            yield value
        case dict():
            for member in value.values():
                yield from _arrays_in(member)


def _pieces(parts: Iterable[str]) -> Iterator[str]:
    piece = StringIO()
    for part in parts:
        piece.write(part)
        if piece.tell() >= _PIECE:
            yield piece.getvalue()
            piece = StringIO()
    yield piece.getvalue()


@dataclass(slots=True)
class _Column:
    """The elements of an array.

    Those that are made before their turn are kept compressed: they say nearly the same over and over.
    """

    element: Callable[[Any], Any]
    names: Names
    separator: str = ""
    end: StringIO = field(default_factory=StringIO)
    blocks: list[bytes] = field(default_factory=list)

    def text(self, thing: Any) -> str:
        """The next element, with what separates it from the one before."""
        found = self.element(thing)
        if found is None:
            return ""
        text = self.separator + self.names.text(_short(found))
        self.separator = ","
        return text

    def keep(self, thing: Any) -> None:
        """Make the next element, for later."""
        self.end.write(self.text(thing))
        if self.end.tell() >= _PIECE:
            self._pack()

    def kept(self) -> Iterator[str]:
        """What was made for later."""
        self._pack()
        for block in self.blocks:
            yield zlib.decompress(block).decode()

    def _pack(self) -> None:
        self.blocks.append(zlib.compress(self.end.getvalue().encode(), _QUICK))
        self.end = StringIO()


@dataclass(frozen=True, slots=True)
class _Arrays:
    """Writes a value.

    Attributes:
        names: How its reader sees addresses.
        arrays: Those that are not written yet.
        columns: What is kept of them.
    """

    names: Names
    arrays: list[Lazily]
    columns: dict[Lazily, _Column] = field(default_factory=dict)

    def parts(self, value: Any) -> Iterator[str]:
        """The value as JSON, in parts of any length."""
        match value:
            case Lazily():
                yield "["
                yield from self._elements(value)
                yield "]"
            case dict():
                separator = ""
                yield "{"
                for key, member in value.items():
                    yield f"{separator}{self._named(key)}:"
                    yield from self.parts(member)
                    separator = ","
                yield "}"
            case _:
                yield self._named(value)

    def _elements(self, array: Lazily) -> Iterator[str]:
        """The elements of an array, and on the way those of the arrays of the same things."""
        self.arrays.remove(array)
        if array in self.columns:
            yield from self.columns.pop(array).kept()
            return
        own = _Column(array.element, self.names)
        others = [other for other in self.arrays if other.things is array.things]
        columns = [_Column(other.element, self.names) for other in others]
        self.columns.update(zip(others, columns, strict=True))
        for thing in array.things():
            yield own.text(thing)
            for column in columns:
                column.keep(thing)

    def _named(self, value: Any) -> str:
        return _short(named_value(value, self.names))


def _short(value: Any) -> str:
    return escape_json(_encode(value))
