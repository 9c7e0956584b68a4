"""YAML as a tree of texts: a builder over the parser's events, stricter than any YAML loader.

Loaders guess types (0012345 becomes 5349, NO becomes false), keep the last of two equal keys in silence
and follow aliases into memory. Here every scalar is the text that was written, and what the configuration
has no use for is refused. The position of a node takes 8 bytes.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    StreamEndEvent,
)

from kardia_ctl.config.source_files import UnusableFile
from kardia_ctl.config.yaml.syntax_errors import OTHER, syntax_error
from kardia_ctl.model.source import Source

DEPTH: Final = 20
"""How deep lists and mappings may be nested."""

LONGEST_SCALAR: Final = 1 << 16
"""Characters in one scalar."""

_LARGE: Final = 32


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
        return _source(self.file, self.positions[index])

    def _find(self, node: Any, path: Sequence[str | int]) -> int:
        index: int = getattr(node, "at", 0)
        for step in path:
            index = self._children(node)[step]
            node = node[step]
        return index

    def _children(self, node: Any) -> Mapping[str | int, int]:
        """The index of every child's position; cached for large containers, which may have many errors."""
        found = self._cached.get(node.at)
        if found is None:
            found = _children(node)
            if len(found) > _LARGE:
                self._cached[node.at] = found
        return found


def _source(file: str, position: int) -> Source:
    return Source(file, (position >> 16) + 1, (position & 0xFFFF) + 1)


def _children(node: Any) -> dict[str | int, int]:
    """The index of every child's position, counted in document order; a key takes one of its own."""
    step = isinstance(node, YamlMapping)
    found, index = {}, node.at + 1
    for key, value in node.items() if step else enumerate(node):
        found[key] = index + step
        index += step + _size(value)
    return found


def _size(node: Any) -> int:
    return node.size if isinstance(node, YamlMapping | YamlList) else 1


def read_yaml(data: bytes, file: str) -> Document:
    """Build the tree of a file's bytes, which must have passed ``files.decoded`` and ``check_lines``.

    ``file`` is its name in sources. An empty file gives an empty text as tree.

    Raises:
        UnusableFile: it is not YAML, or not the part of YAML that a configuration may use.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        parser = loader(data)
        return _Builder(parser.get_event, file).document()
    except yaml.MarkedYAMLError as error:
        raise syntax_error(error, data) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise UnusableFile(*OTHER) from error


class _Builder:
    """Events in, tree out. Recursion is bounded by ``DEPTH``."""

    def __init__(self, get_event: Callable[[], Event], file: str) -> None:
        self._get = get_event
        self._file = file
        self._positions = array("Q")
        self._repeated: list[Repeated] = []

    def document(self) -> Document:
        self._get()
        tree: Any = ""
        if isinstance(self._get(), DocumentStartEvent):
            tree = self._node(self._get(), 0)
            self._get()
            if not isinstance(end := self._get(), StreamEndEvent):
                raise _refused(end, "a second document begins", "Remove the --- line, or use a second file")
        return Document(self._file, tree, self._positions, tuple(self._repeated))

    def _node(self, event: Event, depth: int) -> Any:
        if event.__class__ is ScalarEvent:
            return self._scalar(event)
        _check_alias(event)
        if depth == DEPTH:
            raise _refused(
                event, f"the nesting is deeper than {DEPTH}", "A configuration needs no more than 5"
            )
        _check_properties(event)
        if event.__class__ is MappingStartEvent:
            return self._mapping(event, depth + 1)
        return self._list(event, depth + 1)

    def _scalar(self, event: Any) -> str:
        if event.anchor is not None or event.tag is not None:
            _check_properties(event)
        value: str = event.value
        if len(value) > LONGEST_SCALAR:
            raise _refused(event, f"a text is longer than {LONGEST_SCALAR:,} characters", "Shorten it")
        mark = event.start_mark
        self._positions.append(mark.line << 16 | mark.column)
        return value

    def _mapping(self, event: Any, depth: int) -> YamlMapping:
        node = YamlMapping()
        node.at = self._open(event)
        get, scalar = self._get, self._scalar
        while (event := get()).__class__ is ScalarEvent:
            key = scalar(event)
            after = get()
            if key in node or key == "<<":
                self._repeat(node, key, event)
                at = len(self._positions) - 1
                self._node(after, depth)
                del self._positions[at:]
            else:
                node[key] = scalar(after) if after.__class__ is ScalarEvent else self._node(after, depth)
        if not isinstance(event, CollectionEndEvent):
            _check_alias(event)
            raise _refused(event, "a key is not a plain text", "Write keys as plain words")
        node.size = len(self._positions) - node.at
        return node

    def _repeat(self, node: YamlMapping, key: str, event: Any) -> None:
        if key == "<<":
            raise _refused(event, "a merge key (<<) is not allowed", "Write the keys out")
        mark = event.start_mark
        place = _source(self._file, mark.line << 16 | mark.column)
        self._repeated.append(Repeated(key, node, place))

    def _list(self, event: Any, depth: int) -> YamlList:
        node = YamlList()
        node.at = self._open(event)
        get, build = self._get, partial(self._node, depth=depth)
        while not isinstance(event := get(), CollectionEndEvent):
            node.append(build(event))
        node.size = len(self._positions) - node.at
        return node

    def _open(self, event: Any) -> int:
        mark = event.start_mark
        self._positions.append(mark.line << 16 | mark.column)
        return len(self._positions) - 1


def _check_alias(event: Event) -> None:
    if event.__class__ is AliasEvent:
        raise _refused(event, "an alias (*) is not allowed", "Write the value out")


def _check_properties(event: Any) -> None:
    if isinstance(event, ScalarEvent | CollectionStartEvent) and event.anchor is not None:
        raise _refused(event, "an anchor (&) is not allowed", "Write the value out where it is needed")
    if event.tag is not None:
        raise _refused(
            event, "a tag (!) is not allowed", "Every value is text already; quote it to begin with !"
        )


def _refused(event: Event, message: str, remedy: str) -> UnusableFile:
    mark: Any = event.start_mark
    return UnusableFile(message, remedy, mark.line + 1, mark.column + 1)
