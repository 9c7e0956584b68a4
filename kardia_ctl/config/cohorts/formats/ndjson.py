"""Cohorts in NDJSON: a JSON object in each line."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.columns import missing_column, row_attributes, warn_of_unread
from kardia_ctl.config.cohorts.formats.blocks import SIZE, Block, blocks, warn_of_cut_line
from kardia_ctl.config.cohorts.formats.table import (
    ROW_ATTRIBUTES,
    BadRow,
    Batch,
    RowError,
    batch_of,
    is_blank,
)
from kardia_ctl.config.context import LoadContext
from kardia_ctl.model.configuration import TextForm
from kardia_ctl.model.source import Source

NO_OBJECT: Final = RowError("", "the line is not a JSON object", "Write one object per line, each key once")


class Ndjson:
    """A file of JSON objects. Keys that hold no attribute are not read."""

    def __init__(self, cohort: Cohort, context: LoadContext) -> None:
        self._cohort = cohort
        self._context = context
        self._keys = {
            name: cohort.header(name) for name in row_attributes(context) if name not in cohort.constants
        }
        self._unseen = {key for name, key in self._keys.items() if name in cohort.columns}
        self._block: Block | None = None
        self._first_keys: Sequence[str] = ()
        self.file = context.name(cohort.source)

    def batches(self) -> Iterator[Batch]:
        """All objects, in the order of the file.

        Raises:
            UnusableFile: the file cannot be read.
        """
        for block in self._blocks():
            self._block = block
            yield batch_of([row for line, text in lines_of(block) if (row := self._row(line, text))])
        warn_of_cut_line(self._block, self.file, self._context)
        if self._first_keys:
            self._check_keys()

    def _blocks(self) -> Iterator[Block]:
        chunks = self._context.chunks(self._cohort.source, SIZE)
        return blocks(chunks, self._cohort.encoding, NO_OBJECT.remedy)

    def _check_keys(self) -> None:
        top = Source(self.file, 1, 1)
        for name in self._cohort.columns:
            if self._keys.get(name) in self._unseen:
                self._context.problem(top, *missing_column("key", name, self._keys[name], self._first_keys))
        warn_of_unread("key", self._first_keys, self._cohort, self._keys, self._context)

    def _row(self, line: int, text: str) -> tuple[int, Mapping[str, str]] | BadRow | None:
        record = parsed(text)
        if not isinstance(record, dict):
            return BadRow(line, (NO_OBJECT,))
        if not _is_something(record.get(self._keys["mrn"])) and not any(map(_is_something, record.values())):
            return None
        if not self._first_keys:
            self._first_keys = tuple(record)
            if "resourceType" in record and not self._cohort.format:
                self._context.warn(
                    "these look like FHIR resources: set format: fhir", Source(self.file, line)
                )
        if self._unseen:
            self._unseen.difference_update(record)
        cells, errors = {}, []
        for name, key in self._keys.items():
            value = record.get(key, "")
            if value.__class__ is not str:
                value = _text(name, value)
            if value is None:
                errors.append(_NO_TEXT[name])
            else:
                cells[name] = value
        return BadRow(line, tuple(errors), cells.get("mrn", "")) if errors else (line, cells)

    def place(self, line: int, name: str) -> Source:
        """Where an attribute's value begins, found by a text search for its key."""
        if self._block is None or name not in self._keys or not line - self._block.line >= 0:
            return Source(self.file, line, 1)
        begin = value_begin(self._block.lines[line - self._block.line], self._keys[name])
        return Source(self.file, line, begin + 1)

    def label(self, name: str) -> str:
        """The key, if it differs from the attribute's name."""
        key = self._cohort.header(name)
        return "" if key == name else f'key "{key}"'

    @property
    def form(self) -> TextForm:
        """As CSV usually is: this file is none."""
        return TextForm()

    def originals(self, lines: Collection[int]) -> tuple[Sequence[str], Iterator[tuple[int, Sequence[str]]]]:
        """The lines themselves, from a second reading of the file."""
        pairs = (pair for block in self._blocks() for pair in lines_of(block))
        return ("record",), ((line, (text.strip(),)) for line, text in pairs if line in lines)


def _is_something(value: Any) -> bool:
    """Whether a value says anything, be it false or zero."""
    return not is_blank(value) if isinstance(value, str) else value not in (None, [], {})


def lines_of(block: Block) -> Iterator[tuple[int, str]]:
    """The lines of a block that are not blank, with their numbers."""
    return ((line, text) for line, text in enumerate(block.lines, block.line) if not is_blank(text))


def parsed(text: str) -> Any:
    """The value of a JSON text; None if it is not valid JSON, or an object has a duplicate key."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("duplicate key")
    return members


def _refused(name: str) -> Any:
    raise ValueError(name)


def _text(name: str, value: Any) -> str | None:
    """A value as the text of a cell; None when its type is not allowed for this attribute.

    A number is refused: 12345 may have been 0012345. null means not declared.
    """
    if value is None:
        return ""
    if name == "codes" and isinstance(value, list):
        return (
            ";".join(value)
            if all(isinstance(code, str) and code and ";" not in code for code in value)
            else None
        )
    if name == "sex" and value.__class__ is int:
        return str(value)
    return value if isinstance(value, str) else None


_NO_TEXT: Final = {
    name: RowError(name, f"{name} is not a string", "Put it in quotes, with all its leading zeros")
    for name in ROW_ATTRIBUTES
} | {
    "codes": RowError("codes", "codes is not a list of names", 'Write ["one-year"], or "one-year;half-year"'),
    "sex": RowError("sex", "sex is not a string", "Write 0, 1, 2 or 9"),
}


@lru_cache(maxsize=8)  # a value may have many errors
def value_begin(text: str, key: str) -> int:
    """The offset in characters of a key's value in a line; 0 if it is not found."""
    match = re.search(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:\s*", text)
    return match.end() if match else 0


def value_end(text: str, begin: int) -> int:
    """The offset at which a JSON value ends; the end of the line when it is not valid JSON."""
    try:
        return json.JSONDecoder().raw_decode(text, begin)[1]
    except (ValueError, RecursionError):
        return len(text)
