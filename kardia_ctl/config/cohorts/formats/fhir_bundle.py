"""The resources of a FHIR Bundle, one at a time: a hospital's export does not fit in memory twice."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from kardia_ctl.config.cohorts.formats.blocks import LONGEST_LINE, Block
from kardia_ctl.config.source_files import Garbled

_BLANK: Final = " \t\r\n"
_NO_BUNDLE: Final = (
    "the file is not a FHIR Bundle",
    "Export a Bundle, or name a file of NDJSON .ndjson",
)
_BROKEN: Final = ("the JSON is not whole", "Export the patients again")


def entries(stream: Iterator[Block], paged: Callable[[], None]) -> Iterator[tuple[int, Any]]:
    """The resource of each entry with its number from 1; None for an entry without one.

    ``paged`` is called when the Bundle says that there is a next page.

    Raises:
        Garbled: it is not JSON, or not a Bundle.
    """
    text = _Text(stream)
    text.expect("{", _NO_BUNDLE)
    kind: Any = None
    while text.peek() != "}":
        key = text.value()
        text.expect(":", _BROKEN)
        if key == "entry":
            yield from _listed(text)
        else:
            value = text.value()
            kind = value if key == "resourceType" else kind
            if key == "link" and _has_next(value):
                paged()
        if text.peek() != ",":
            break
        text.expect(",", _BROKEN)
    text.expect("}", _BROKEN)
    if kind != "Bundle":
        raise Garbled(*_NO_BUNDLE)
    if text.peek():
        raise Garbled("something follows the Bundle", "Export one Bundle a file", text.line)


def _has_next(links: Any) -> bool:
    return isinstance(links, list) and any(
        isinstance(link, dict) and link.get("relation") == "next" for link in links
    )


def _listed(text: "_Text") -> Iterator[tuple[int, Any]]:
    text.expect("[", _BROKEN)
    number = 0
    while text.peek() != "]":
        number += 1
        entry = text.value()
        yield number, entry.get("resource") if isinstance(entry, dict) else None
        if text.peek() != ",":
            break
        text.expect(",", _BROKEN)
    text.expect("]", _BROKEN)


class _Text:
    """A window on a JSON text, as wide as the value that is being read."""

    def __init__(self, stream: Iterator[Block]) -> None:
        self._stream = stream
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self.line = 1

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def expect(self, mark: str, otherwise: tuple[str, str]) -> None:
        """Go behind a mark.

        Raises:
            Garbled: another character comes next; ``otherwise`` is the message and the remedy.
        """
        if self.peek() != mark:
            raise Garbled(*otherwise, self.line)
        self._at += 1

    def value(self) -> Any:
        """The next value.

        Raises:
            Garbled: it is not JSON, too deep or too large.
        """
        self.peek()
        wanted = 1 << 12
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise Garbled("the JSON is nested too deep", _BROKEN[1], self.line) from error
            except ValueError as error:
                if len(self._text) - self._at > LONGEST_LINE or not self._more(wanted):
                    raise Garbled(*_BROKEN, self.line) from error
                wanted *= 2
                continue
            if end == len(self._text) and not isinstance(found, dict | list) and self._more():
                continue  # a number may go on
            self._at = end
            return found

    def _more(self, wanted: int = 1) -> bool:
        """Read on, at least so many characters; False when there are no more."""
        self.line += self._text.count("\n", 0, self._at)
        parts, got = [self._text[self._at :]], 0
        self._at = 0
        for block in self._stream:
            parts.append(block.text)
            got += len(block.text)
            if got >= wanted:
                break
        self._text = "".join(parts)
        return got > 0
