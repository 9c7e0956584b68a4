"""Reads YAML into a tree of texts, and is stricter than any YAML loader.

Loaders guess types (0012345 becomes 5349, NO becomes false), keep the last of two equal keys without a
warning and follow aliases into memory. Here every scalar is the text that was written. Features of YAML
that no configuration needs are refused.
"""

from array import array
from collections.abc import Callable
from functools import partial
from io import BytesIO
from itertools import islice
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
from kardia_ctl.config.yaml.tree import Document, Repeated, YamlList, YamlMapping, place_of

DEPTH: Final = 20
"""How deep lists and mappings may be nested."""

LONGEST_SCALAR: Final = 1 << 16
"""Characters in one scalar."""


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
        parser = loader(data)
        return _Builder(parser.get_event, file, Budget(len(data))).document()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, data) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise UnusableFile(*_OTHER) from error


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


_WORDS: Final = (
    (
        "character that cannot start any token",
        "this character cannot begin a value",
        "Put quotes around the value",
    ),
    (
        "mapping values are not allowed",
        "this colon is not expected here",
        "Check the indentation, or quote the value",
    ),
    ("could not find expected ':'", "a colon is missing after the key", "Write key: value"),
    ("unexpected end of stream", "a quote is opened but not closed", "Close it"),
    (
        "did not find expected ',' or",
        "a bracket is opened but not closed, or a comma is missing",
        "Close the bracket, or add the comma",
    ),
    (
        "expected ',' or",
        "a bracket is opened but not closed, or a comma is missing",
        "Close the bracket, or add the comma",
    ),
    (
        "did not find expected key",
        "the indentation does not match the lines above",
        "Align the entries that belong together",
    ),
    (
        "did not find expected '-'",
        "the indentation does not match the lines above",
        "Align the entries that belong together",
    ),
    (
        "expected <block end>",
        "the indentation does not match the lines above",
        "Align the entries that belong together",
    ),
    (
        "block sequence entries are not allowed",
        "a list cannot begin here",
        "Begin the list on a new line",
    ),
    (
        "unknown escape character",
        "this \\ escape is not valid",
        "Write \\\\ for a backslash, or single quotes",
    ),
    ("did not find expected <document start>", "there is text after the end of the document", "Remove it"),
)

_TAB: Final = "the indentation contains a tab", "Indent with spaces"
_OTHER: Final = "this is not valid YAML", "Check the quotes, colons and indentation here"


def _syntax_error(error: yaml.MarkedYAMLError, data: bytes) -> UnusableFile:
    """A parser's error with its place, in plain words."""
    # An unclosed quote or bracket is reported where it was opened.
    is_open = "end of stream" in (error.problem or "") or "flow" in (error.context or "")
    marks = (error.context_mark, error.problem_mark)
    mark = next(filter(None, marks if is_open else reversed(marks)), None)
    line, column = (mark.line, mark.column) if mark else (0, 0)
    text = next(islice(BytesIO(data), line, None), b"").decode()
    message, remedy = _plain_words(error.problem or "", error.context or "", text)
    return UnusableFile(message, remedy, line + 1, column + 1)


def _plain_words(problem: str, context: str, line: str) -> tuple[str, str]:
    """A parser's error as (message, remedy); ``line`` is the text of the line with the error.

    Nothing of the file is repeated: it could be a patient's.
    """
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return _TAB
    for mark, message, remedy in _WORDS:
        if mark in problem or mark in context:
            return message, remedy
    return _OTHER
