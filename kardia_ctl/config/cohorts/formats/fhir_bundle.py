"""The resources of a FHIR Bundle, one at a time, so that a large export is never whole in memory.

ijson's C backend parses; it is named explicitly, because ijson's backends accept different texts. The values
are built from its events here: ijson keeps the last of two equal keys, and bounds neither depth nor size.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final

from kardia_ctl.config.cohorts.formats.blocks import LONGEST_LINE, Block
from kardia_ctl.config.source_files import InvalidContent, UnusableFile

DEPTH: Final = 200
"""How deep objects and arrays may be nested. A FHIR resource hardly reaches 20."""

_READ: Final = frozenset({"resourceType", "entry", "link"})
"""The elements of a Bundle that are read. Of the others only the keys are held."""

_PIECE: Final = 4 << 10
"""Characters that are parsed at once; an error is reported at the line in which they begin."""

_LONGEST_WAIT: Final = 512 << 10
"""Characters of one text or number after which it is parsed although it may not have ended.

The parser reads a text anew with each piece of it, so it gets the next
piece when that is as long as all before.
"""

_NOT_A_BUNDLE: Final = (
    "the file is not a FHIR Bundle",
    "Export a Bundle, or rename the file to .ndjson if it is NDJSON",
)
_AGAIN: Final = "Export the patients again"


def entries(stream: Iterator[Block], on_next_page: Callable[[], None]) -> Iterator[tuple[int, Any]]:
    """The resource of each entry with its number from 1.

    It is None for an entry without a resource, and for an entry in which an object has two equal keys.
    ``on_next_page`` is called when the Bundle links to a next page.

    Raises:
        InvalidContent: the file is not JSON, or not a Bundle.
        UnusableFile: ijson's C extension is not installed.
    """
    backend = _backend()
    import ijson

    line, bundle = 1, _Bundle()
    events = ijson.sendable_list()
    parser = backend.basic_parse_coro(events, use_float=True)
    try:
        held: list[str] = []
        size = waits = 0
        for begins, piece in chain(_pieces(stream), [(0, "")]):
            line, size = line if held else begins or line, size + len(piece)
            held.append(piece)
            if not size or (piece and size < min(waits, _LONGEST_WAIT)):
                continue
            parser.send("".join(held).encode())
            waits = 0 if events else waits + size
            yield from bundle.receive(events, size)
            del events[:]
            held, size = [], 0
        parser.close()
    except InvalidContent as error:
        error.line = max(error.line, line)
        raise
    except ijson.JSONError as error:
        raise InvalidContent(*_explained(str(error)), line) from error
    if bundle.top.get("resourceType") != "Bundle":
        raise InvalidContent(*_NOT_A_BUNDLE)
    if not isinstance(bundle.top.get("entry", []), list):
        raise InvalidContent("entry is not a list", _AGAIN)
    if _has_next(bundle.top.get("link")):
        on_next_page()


def _backend() -> Any:
    """The parser. A wheel of ijson has it; an ijson built without a C compiler does not."""
    try:
        import ijson

        return ijson.get_backend("yajl2_c")
    except ImportError as error:
        message = "reading a FHIR Bundle needs ijson's C extension, which is not installed"
        remedy = (
            "Run: pip install --force-reinstall --only-binary=ijson ijson; or export the patients as NDJSON"
        )
        raise UnusableFile(message, remedy) from error


def _explained(error: str) -> tuple[str, str]:
    """Message and remedy. The parser's own message quotes the file, so it is not repeated."""
    if error.startswith("parse error: trailing garbage"):
        return "there is text after the Bundle", "Export one Bundle per file"
    return "the file is not valid JSON", _AGAIN


def _has_next(links: Any) -> bool:
    return isinstance(links, list) and any(
        isinstance(link, dict) and link.get("relation") == "next" for link in links
    )


_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


def _without_lone_surrogate(escape: re.Match[str]) -> str:
    r"""Half a character, such as ``\ud800``, becomes U+FFFF, which no attribute may contain.

    The parser would turn it into a question mark, and so an mrn into another patient's mrn.
    """
    return r"\uffff" if escape["lone"] else escape[0]


def _pieces(stream: Iterator[Block]) -> Iterator[tuple[int, str]]:
    """The text in pieces, each with the line that it begins in; it must begin as an object does."""
    has_begun = False
    for block in stream:
        text, line = block.text, block.line
        if not has_begun and (begin := text.lstrip()):
            if begin[0] != "{":
                raise InvalidContent(*_NOT_A_BUNDLE)
            has_begun = True
        if "\\u" in text:
            text = _ESCAPE.sub(_without_lone_surrogate, text)
        for start in range(0, len(text), _PIECE):
            piece = text[start : start + _PIECE]
            yield line, piece
            line += piece.count("\n")
    if not has_begun:
        raise InvalidContent(*_NOT_A_BUNDLE)


class _Bundle:
    """Builds values from a parser's events, and yields the entries as they end."""

    def __init__(self) -> None:
        self._root: list[Any] = []
        self._open: list[Any] = [self._root]
        """The objects and arrays that have not ended, outermost first, after a list that holds the root."""
        self._entries: list[Any] | None = None
        self._key = ""
        self._has_equal_keys = False
        self._number = 0
        self._size = 0

    @property
    def top(self) -> dict[str, Any]:
        """The Bundle's own values, once it has ended; empty when it is not an object."""
        return self._root[0] if self._root and isinstance(self._root[0], dict) else {}

    def receive(self, events: Iterable[tuple[str, Any]], size: int) -> Iterator[tuple[int, Any]]:
        """The entries that end within the next ``size`` characters, whose events these are.

        Raises:
            InvalidContent: a value is nested too deep or too long, or the Bundle has a duplicate key.
        """
        self._size += size
        for event, value in events:
            match event:
                case "map_key":
                    self._begin_member(value)
                    continue
                case "start_map":
                    self._begin({})
                    continue
                case "start_array":
                    self._begin([])
                    continue
                case "end_map" | "end_array":
                    self._open.pop()
                case _:
                    self._put(value)
            if len(self._open) == 3 and self._open[2] is self._entries:
                yield self._entry()
        if self._size > LONGEST_LINE + size:
            raise InvalidContent(f"a value is longer than {LONGEST_LINE >> 20} MiB", _AGAIN)

    def _begin_member(self, key: str) -> None:
        self._key = key
        is_repeated = key in self._open[-1]
        if len(self._open) > 2:
            self._has_equal_keys |= is_repeated
            return
        if is_repeated:
            raise InvalidContent("the Bundle has a duplicate key", _AGAIN)
        self._size, self._has_equal_keys = 0, False

    def _begin(self, container: dict[str, Any] | list[Any]) -> None:
        if len(self._open) > DEPTH:
            raise InvalidContent("the JSON is nested too deeply", _AGAIN)
        if len(self._open) == 2 and self._key == "entry" and isinstance(container, list):
            self._entries = container
        self._put(container)
        self._open.append(container)

    def _put(self, value: Any) -> None:
        parent = self._open[-1]
        if parent.__class__ is dict:
            if len(self._open) == 2 and self._key not in _READ:
                value = None  # only its key counts
            parent[self._key] = value
        else:
            parent.append(value)

    def _entry(self) -> tuple[int, Any]:
        entry = self._open[2].pop()
        is_usable = isinstance(entry, dict) and not self._has_equal_keys
        self._number += 1
        self._size, self._has_equal_keys = 0, False
        return self._number, entry.get("resource") if is_usable else None
