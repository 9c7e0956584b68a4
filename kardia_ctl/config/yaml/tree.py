"""A YAML file as a tree of texts, with the place of every node in it. A place takes 8 bytes."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kardia_ctl.model.source import Source

_LARGE: Final = 32
"""Children of a container above which the indexes of their positions are cached."""


class YamlMapping(dict[str, Any]):
    """A mapping; ``at`` is its index among the file's positions, ``size`` how many of them are its own."""

    __slots__ = ("at", "size")
    at: int
    size: int


class YamlList(list[Any]):
    """A list; ``at`` and ``size`` as in ``YamlMapping``."""

    __slots__ = ("at", "size")
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """A key that its mapping already has, and the place of the second one."""

    key: str
    mapping: YamlMapping
    place: Source


@dataclass(frozen=True, slots=True)
class Document:
    """The one document of a file.

    ``positions`` holds ``line << 16 | column`` (both from 0) of every node in document order: a container,
    then what is in it; a key, then its value.
    """

    file: str
    tree: Any
    positions: "array[int]"
    repeated: tuple[Repeated, ...] = ()
    _cached: dict[int, Mapping[str | int, int]] = field(default_factory=dict)

    def source(self, node: Any, *path: str | int) -> Source:
        """Where the value at a path below a container begins."""
        return self._at(self._find(node, path))

    def key_source(self, node: Any, *path: str | int) -> Source:
        """Where the key of the value at a path below a container begins; a list element has none."""
        return self._at(self._find(node, path) - isinstance(path[-1], str))

    def line(self, node: YamlMapping) -> int:
        """The line that a mapping begins in."""
        return (self.positions[node.at] >> 16) + 1

    def _at(self, index: int) -> Source:
        return place_of(self.file, self.positions[index])

    def _find(self, node: Any, path: Sequence[str | int]) -> int:
        index: int = getattr(node, "at", 0)
        for step in path:
            index = self._children(node)[step]
            node = node[step]
        return index

    def _children(self, node: Any) -> Mapping[str | int, int]:
        """The index of every child's position; cached for large containers, which may have many errors."""
        indices = self._cached.get(node.at)
        if indices is None:
            indices = _children(node)
            if len(indices) > _LARGE:
                self._cached[node.at] = indices
        return indices


def place_of(file: str, position: int) -> Source:
    """The place that a position stands for."""
    return Source(file, (position >> 16) + 1, (position & 0xFFFF) + 1)


def _children(node: Any) -> dict[str | int, int]:
    """The index of every child's position, counted in document order; a key takes one of its own."""
    step = isinstance(node, YamlMapping)
    indices, index = {}, node.at + 1
    for key, value in node.items() if step else enumerate(node):
        indices[key] = index + step
        index += step + _size(value)
    return indices


def _size(node: Any) -> int:
    return node.size if isinstance(node, YamlMapping | YamlList) else 1
