"""The values of a JSON text, built from a parser's events; a Bundle's entries are taken out as they end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from kardia_ctl.config.cohorts.formats.blocks import LONG_VALUE, LONGEST_LINE
from kardia_ctl.config.cohorts.formats.fhir.element_rules import AGAIN
from kardia_ctl.config.source_files import InvalidContent

DEPTH: Final = 200
"""How deep objects and arrays may be nested. A FHIR resource hardly reaches 20."""

_READ: Final = frozenset({"resourceType", "type", "meta", "implicitRules", "entry", "link", "total"})
"""The elements of a Bundle that are read. Of the others only the keys are held."""


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """An entry, or a line of NDJSON.

    Attributes:
        number: Its number from 1, or its line.
        content: The entry, as the JSON holds it.
        is_broken: Whether it cannot be read, or an object in it has two equal keys.
    """

    number: int
    content: Any
    is_broken: bool = False


class BundleTree:
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

    @property
    def entries(self) -> int:
        """How many entries have ended."""
        return self._number

    def receive(self, events: Iterable[tuple[str, Any]], size: int) -> Iterator[BundleEntry]:
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
            raise InvalidContent(*LONG_VALUE)

    def _begin_member(self, key: str) -> None:
        self._key = key
        is_repeated = key in self._open[-1]
        if len(self._open) > 2:
            self._has_equal_keys |= is_repeated
            return
        if is_repeated:
            raise InvalidContent("the Bundle has a duplicate key", AGAIN)
        self._size, self._has_equal_keys = 0, False

    def _begin(self, container: dict[str, Any] | list[Any]) -> None:
        if len(self._open) > DEPTH:
            raise InvalidContent("the JSON is nested too deeply", AGAIN)
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

    def _entry(self) -> BundleEntry:
        entry = BundleEntry(self._number + 1, self._open[2].pop(), self._has_equal_keys)
        self._number += 1
        self._size, self._has_equal_keys = 0, False
        return entry
