"""Reads YAML into a tree of texts, and is stricter than any YAML loader.

Loaders guess types (0012345 becomes 5349, NO becomes false), keep the last of two equal keys without a
warning and follow aliases into memory. Here every scalar is the text that was written. Features of YAML
that no configuration needs are refused.
"""

import re
from array import array
from collections.abc import Callable
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

from kardia_ctl.config.budget import Budget, Expense
from kardia_ctl.config.source_files import UnusableFile
from kardia_ctl.config.yaml.blanks import check_blanks
from kardia_ctl.config.yaml.syntax_errors import OTHER, syntax_error
from kardia_ctl.config.yaml.tree import Document, Repeated, YamlList, YamlMapping, place_of

DEPTH: Final = 20
"""How deep lists and mappings may be nested."""

LONGEST_SCALAR: Final = 1 << 16
"""Characters in one scalar."""

_TAG_DIRECTIVE: Final = re.compile(rb"(?:\A|[\r\n])(%TAG[ \t])")


def read_yaml(data: bytes, file: str) -> Document:
    """Parse a file's bytes, which must have passed ``source_files.decoded`` and ``check_lines``.

    ``file`` is its name in sources. An empty file gives an empty text as tree.

    Raises:
        UnusableFile: it is not valid YAML, or uses a feature that is not allowed here.
    """
    if not data.isascii():
        check_blanks(data.decode())
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_directives(data)  # libyaml compares each %TAG with all before it
        parser = loader(data)
        return _Builder(parser.get_event, file, Budget(len(data))).document()
    except yaml.MarkedYAMLError as error:
        raise syntax_error(error, data) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise UnusableFile(*OTHER) from error


def _check_directives(data: bytes) -> None:
    if found := _TAG_DIRECTIVE.search(data):
        line = data.count(b"\n", 0, found.start(1)) + 1
        raise UnusableFile("a tag directive (%TAG) is not allowed", "Remove it", line)


class _Builder:
    """Builds the tree from a parser's events. Recursion is bounded by ``DEPTH``."""

    def __init__(self, get_event: Callable[[], Event], file: str, budget: Budget) -> None:
        self._get = get_event
        self._budget = budget
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
                event,
                f"lists and mappings are nested deeper than {DEPTH} levels",
                "A configuration needs no more than 5",
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
            raise _refused(event, f"a value is longer than {LONGEST_SCALAR:,} characters", "Shorten it")
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
            raise _refused(event, "a key is a list or a mapping", "Write keys as plain words")
        node.size = len(self._positions) - node.at
        self._budget.spend(Expense.NODES, 2 * len(node) + 1)
        return node

    def _repeat(self, node: YamlMapping, key: str, event: Any) -> None:
        if key == "<<":
            raise _refused(event, "a merge key (<<) is not allowed", "Write the keys out")
        mark = event.start_mark
        place = place_of(self._file, mark.line << 16 | mark.column)
        self._repeated.append(Repeated(key, node, place))

    def _list(self, event: Any, depth: int) -> YamlList:
        node = YamlList()
        node.at = self._open(event)
        get, build = self._get, partial(self._node, depth=depth)
        while not isinstance(event := get(), CollectionEndEvent):
            node.append(build(event))
            self._budget.spend(Expense.NODES, 1)
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
            event,
            "a tag (!) is not allowed",
            "Remove it; to begin a text with !, quote it",
        )


def _refused(event: Event, message: str, remedy: str) -> UnusableFile:
    mark: Any = event.start_mark
    return UnusableFile(message, remedy, mark.line + 1, mark.column + 1)
