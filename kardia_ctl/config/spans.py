"""Byte offsets and ends of places, for tools. They need a second reading of the files."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any, Final

import yaml

from kardia_ctl.config.cohorts.formats.cell_places import cell_end
from kardia_ctl.config.cohorts.formats.ndjson import value_end
from kardia_ctl.config.source_files import BOM, YAML_LIMIT, UnusableFile, content
from kardia_ctl.model.source import Extent, Source

_Ends = Callable[[int, int, str], tuple[int, int]]
"""(line, column, text of the line) → the line and column where the value that begins there ends."""

_TABLES: Final = (".csv", ".tsv", ".tab", ".txt")
_OBJECTS: Final = (".ndjson", ".jsonl")
_OPAQUE: Final = (".xlsx", ".json", ".age")


def extents(sources: Iterable[Source]) -> Mapping[Source, Extent]:
    """The extent of each place whose file has one. Workbooks, FHIR Bundles and encrypted files have none."""
    by_file: defaultdict[str, set[Source]] = defaultdict(set)
    for source in sources:
        by_file[source.file].add(source)
    by_source: dict[Source, Extent] = {}
    for file, places in by_file.items():
        suffix = PurePath(file).suffix.lower()
        if suffix not in _OPAQUE:
            with suppress(OSError, ValueError, UnusableFile):  # then there is no extent
                by_source.update(_found(Path(file), places, _ends_of(Path(file), suffix)))
    return by_source


def _ends_of(file: Path, suffix: str) -> _Ends:
    if suffix in _TABLES:
        return lambda line, column, text: (line, cell_end(text, column - 1) + 1)
    if suffix in _OBJECTS:
        return lambda line, column, text: (line, value_end(text, column - 1) + 1)
    known = dict(_scalars(content(file, YAML_LIMIT)))
    return lambda line, column, text: known.get((line, column), (line, len(text) + 1))


def _scalars(data: bytes) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where each scalar of a YAML file begins and ends, as far as it can be parsed."""
    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(data)
    with suppress(yaml.YAMLError, ValueError, OverflowError):
        while event := parser.get_event():
            if isinstance(event, yaml.ScalarEvent):
                begin: Any = event.start_mark
                end: Any = event.end_mark
                yield (begin.line + 1, begin.column + 1), (end.line + 1, end.column + 1)


def _found(file: Path, places: Iterable[Source], ends: _Ends) -> Iterator[tuple[Source, Extent]]:
    wanted: defaultdict[int, list[tuple[Source, int, int]]] = defaultdict(list)
    lines = {source.line for source in places}
    texts = {line: (offset, text) for line, offset, text in _lines(file, lines)}
    for source in places:
        if source.line in texts:
            _, text = texts[source.line]
            column = max(source.column, 1)
            end = ends(source.line, column, text) if source.column else (source.line, len(text) + 1)
            wanted[end[0]].append((source, column, end[1]))
    texts |= {line: (offset, text) for line, offset, text in _lines(file, wanted.keys() - lines)}
    for line, several in wanted.items():
        for source, column, end_column in several:
            if line in texts:
                begin = _byte(texts[source.line], column)
                yield source, Extent(begin, _byte(texts[line], end_column), line, end_column)


def _byte(line: tuple[int, str], column: int) -> int:
    return line[0] + len(line[1][: column - 1].encode())


def _lines(file: Path, wanted: Iterable[int]) -> Iterator[tuple[int, int, str]]:
    """Some lines of a file: number, offset of the first byte behind a byte order mark, and text."""
    numbers, offset = set(wanted), 0
    if not numbers:
        return
    with file.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if number in numbers:
                text = raw.removeprefix(BOM) if number == 1 else raw
                yield number, offset + len(raw) - len(text), text.decode().rstrip("\r\n")
            offset += len(raw)
