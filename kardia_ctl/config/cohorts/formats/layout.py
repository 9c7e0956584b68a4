"""How a table is laid out: which line is its header, and what stands between its cells.

Nobody has to say it where the header shows it: it holds the names that the cohort reads. Where it shows
nothing plainly, nothing is guessed.
"""

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kardia_ctl.config.source_files import InvalidContent

LOOK: Final = 20
"""Lines at the beginning of a file in which a header is looked for."""

_COMMON: Final = (",", ";", "\t", "|")
_NAMES: Final = {",": "a comma (,)", ";": "a semicolon (;)", "\t": "a tab", "|": "a bar (|)"}
_SEP: Final = re.compile(r'"?sep=(.)"?[,;\t|\s]*', re.IGNORECASE)
"""The line that Excel reads the delimiter from."""

_NOTHING: Final = re.compile(r'[\s,;|"]*')


@dataclass(frozen=True, slots=True)
class Layout:
    """What was found out. ``above`` are the lines before the header, ``guessed`` tells what is undeclared."""

    delimiter: str
    above: int = 0
    guessed: str = ""


def layout(lines: Sequence[str], wanted: Collection[str], declared: str, *, is_tsv: bool = False) -> Layout:
    """The layout of a file that begins with these lines; ``wanted`` are the headers that would be read.

    ``declared`` is the delimiter that the configuration, or the format TSV, says; empty when nobody does.

    Raises:
        InvalidContent: it is not plain, or not what is declared.
    """
    named = _SEP.fullmatch(lines[0]) if lines else None
    said = named[1] if named else ""
    if said and declared and said != declared:
        message = f"the first line says that {_name(said)} stands between the cells, not {_name(declared)}"
        raise InvalidContent(message, _remedy(said, is_tsv=is_tsv))
    above = 1 if said else 0
    while above < len(lines) and _NOTHING.fullmatch(lines[above].replace(declared or ",", "")):
        above += 1
    header, below = (
        (lines[above] if above < len(lines) else ""),
        list(enumerate(lines[above + 1 :], above + 2)),
    )
    hits = {mark: _hits(_cells(header, mark), wanted) for mark in _COMMON}
    if delimiter := declared or said:
        known = _hits(_cells(header, delimiter), wanted)
        better = max(_COMMON, key=hits.__getitem__)
        if hits[better] >= 2 > known:
            message = f"{_name(better)} seems to stand between the cells, not {_name(delimiter)}"
            raise InvalidContent(message, _remedy(better, is_tsv=is_tsv), above + 1)
        refuse_title(above + 1, known, ((line, _cells(text, delimiter)) for line, text in below), wanted)
        return Layout(delimiter, above)
    for mark in _COMMON:
        rows = ((line, _cells(text, mark)) for line, text in below)
        refuse_title(above + 1, max(hits.values()), rows, wanted)
    return _guessed(header, hits, above)


def refuse_title(
    line: int, hits: int, below: Iterable[tuple[int, Sequence[str]]], wanted: Collection[str]
) -> None:
    """Refuse the first line as a header when it names no more than one column, and one below it names more.

    Raises:
        InvalidContent: it is the title of a report, or the like.
    """
    if hits > 1:
        return
    for number, cells in below:
        if _hits(cells, wanted) > 1:
            message = f"line {line} is no header: it seems to be in line {number}"
            raise InvalidContent(message, "Delete the lines above it", line)


def _guessed(header: str, hits: Mapping[str, int], above: int) -> Layout:
    """The layout by the header alone: what splits it into the most columns that are read."""
    best = max(hits.values())
    # Without any name that is known, nothing is read; the messages about that are better of a split header.
    marks = [mark for mark in _COMMON if hits[mark] == best and mark in header] or [","]
    if len(marks) > 1 and best:
        both = " or ".join(map(_name, marks))
        message = f"it is not plain whether {both} stands between the cells"
        raise InvalidContent(message, _remedy(marks[0], is_tsv=False), above + 1)
    mark = marks[0]
    guessed = (
        f"{_name(mark)} stands between the cells, as the header shows: to declare it, set {_written(mark)}"
    )
    return Layout(mark, above, "" if mark == "," else guessed)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _hits(cells: Sequence[str], wanted: Collection[str]) -> int:
    return len(set(wanted).intersection(cells))


def _name(mark: str) -> str:
    return _NAMES.get(mark, f'"{mark}"')


def _written(mark: str) -> str:
    return "delimiter: tab" if mark == "\t" else f"delimiter: '{mark}'"


def _remedy(mark: str, *, is_tsv: bool) -> str:
    return f"Set {_written(mark)}" + (" and format: csv" if is_tsv else "")
