"""The resources of a FHIR Bundle, one at a time, so that a large export is never whole in memory.

ijson's C backend parses; it is named explicitly, because ijson's backends accept different texts. The values
are built from its events here: ijson keeps the last of two equal keys, and bounds neither depth nor size.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from kardia_ctl.config.cohorts.formats.blocks import Block
from kardia_ctl.config.cohorts.formats.fhir.bundle_tree import BundleEntry, BundleTree
from kardia_ctl.config.cohorts.formats.fhir.element_rules import AGAIN, FILES, Effect, rule
from kardia_ctl.config.cohorts.formats.fhir.elements import Elements
from kardia_ctl.config.cohorts.formats.fhir.facts import bundle_facts
from kardia_ctl.config.source_files import InvalidContent, UnusableFile

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


class Bundle:
    """A Bundle, read as a stream."""

    def __init__(self) -> None:
        self._tree = BundleTree()

    @property
    def top(self) -> dict[str, Any]:
        """Its own elements that are read, as far as they have come."""
        return self._tree.top

    @property
    def has_next(self) -> bool:
        """Whether it links to a next page."""
        links = self.top.get("link")
        return isinstance(links, list) and any(
            isinstance(link, dict) and link.get("relation") == "next" for link in links
        )

    @property
    def missing(self) -> int:
        """How many patients its search found that are not among its entries."""
        total = self.top.get("total")
        return max(int(total) - self._tree.entries, 0) if isinstance(total, int | float) else 0

    def entries(self, stream: Iterator[Block]) -> Iterator[BundleEntry]:
        """The entries.

        Raises:
            InvalidContent: the file is not JSON, or not a Bundle.
            UnusableFile: ijson's C extension is not installed.
        """
        backend = _backend()
        import ijson

        line = 1
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
                yield from self._tree.receive(events, size)
                del events[:]
                held, size = [], 0
            parser.close()
        except InvalidContent as error:
            error.line = max(error.line, line)
            raise
        except ijson.JSONError as error:
            raise InvalidContent(*_explained(str(error)), line) from error
        if (kind := self.top.get("resourceType")) != "Bundle":
            raise InvalidContent(*_instead(kind))
        if not isinstance(self.top.get("entry", []), list):
            raise InvalidContent("entry is not a list", AGAIN)

    def check(self) -> None:
        """Refuse a Bundle that is no list of patients, as far as its own elements have come.

        Raises:
            InvalidContent: its type, its rules or a label of it says so.
        """
        elements = Elements(None)
        for element, code in bundle_facts(self.top, elements):
            if (found := rule(element, code)).effect is Effect.REFUSED:
                raise InvalidContent(found.what, found.remedy)
        for error in elements.errors:
            raise InvalidContent(error.message, error.remedy)


def _instead(kind: Any) -> tuple[str, str]:
    """Message and remedy for another resource than a Bundle."""
    if not isinstance(kind, str) or kind not in FILES:
        return _NOT_A_BUNDLE
    what, remedy = FILES[kind]
    return f"{_NOT_A_BUNDLE[0]} but {what}", remedy


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
    return "the file is not valid JSON", AGAIN


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
