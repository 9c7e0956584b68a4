"""Edits of files as a patch that ``git apply`` takes."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Protocol

_CONTEXT: Final = 3
"""Unchanged lines before and after a change, as git writes them."""

_NO_LINE_END: Final = b"\n\\ No newline at end of file\n"
_ESCAPES: Final = {
    ord("\t"): b"\\t",
    ord("\n"): b"\\n",
    ord("\r"): b"\\r",
    ord('"'): b'\\"',
    ord("\\"): b"\\\\",
}


class Replacement(Protocol):
    """What stands between two bytes of a file is replaced by ``new``."""

    @property
    def begin(self) -> int:
        """The first byte that is replaced."""

    @property
    def end(self) -> int:
        """The byte after the last one that is replaced."""

    @property
    def new(self) -> bytes:
        """What stands there afterwards."""


@dataclass(frozen=True, slots=True, repr=False)
class _Change:
    """Lines ``first`` to ``last`` (from 0, the last one excluded), and the lines in their place."""

    first: int
    last: int
    lines: Sequence[bytes]


def file_patch(name: str, before: bytes, edits: Sequence[Replacement]) -> bytes:
    """The patch of one file. ``name`` is its path from the top of the repository.

    ``edits`` are in the order of the file and do not overlap.
    """
    lines = _lines(before)
    hunks = b"".join(_hunks(lines, _changes(before, lines, edits)))
    path = name.encode("utf-8", "surrogateescape")
    old, new, tab = _quoted(b"a/" + path), _quoted(b"b/" + path), b"\t" if b" " in path else b""
    return b"diff --git %b %b\n--- %b%b\n+++ %b%b\n%b" % (old, new, old, tab, new, tab, hunks)


def _lines(data: bytes) -> list[bytes]:
    """The lines as git counts them: only a line feed ends one."""
    *ended, last = data.split(b"\n")
    return [line + b"\n" for line in ended] + [last] * bool(last)


def _changes(before: bytes, lines: Sequence[bytes], edits: Sequence[Replacement]) -> Iterator[_Change]:
    """The changed lines. Edits that share a line are one change."""
    begins = list(accumulate(map(len, lines), initial=0))
    for group in _groups(edits, begins):
        first, last = _line(begins, group[0].begin), _line(begins, group[-1].end) + 1
        pieces, place = [], begins[first]
        for edit in group:
            pieces += [before[place : edit.begin], edit.new]
            place = edit.end
        pieces.append(before[place : begins[last]])
        yield _Change(first, last, _lines(b"".join(pieces)))


def _groups(edits: Sequence[Replacement], begins: Sequence[int]) -> Iterator[list[Replacement]]:
    group: list[Replacement] = []
    for edit in edits:
        if group and _line(begins, edit.begin) > _line(begins, group[-1].end):
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _line(begins: Sequence[int], place: int) -> int:
    """The line that a byte is in; that of the end of the file is its last one."""
    return min(bisect_right(begins, place), len(begins) - 1) - 1


def _hunks(lines: Sequence[bytes], changes: Iterable[_Change]) -> Iterator[bytes]:
    hunk: list[_Change] = []
    moved = 0
    for change in changes:
        if hunk and change.first - hunk[-1].last > 2 * _CONTEXT:
            yield _hunk(lines, hunk, moved)
            moved += sum(len(one.lines) - (one.last - one.first) for one in hunk)
            hunk = []
        hunk.append(change)
    if hunk:
        yield _hunk(lines, hunk, moved)


def _hunk(lines: Sequence[bytes], changes: Sequence[_Change], moved: int) -> bytes:
    """One hunk; ``moved`` is how many lines the hunks before it have added."""
    begin, end = max(0, changes[0].first - _CONTEXT), min(len(lines), changes[-1].last + _CONTEXT)
    marked, place = list[tuple[bytes, bytes]](), begin
    for change in changes:
        marked += [(b" ", line) for line in lines[place : change.first]]
        marked += [(b"-", line) for line in lines[change.first : change.last]]
        marked += [(b"+", line) for line in change.lines]
        place = change.last
    marked += [(b" ", line) for line in lines[place:end]]
    new = sum(mark != b"-" for mark, _ in marked)
    body = b"".join(mark + (line if line.endswith(b"\n") else line + _NO_LINE_END) for mark, line in marked)
    return b"@@ -%d,%d +%d,%d @@\n%b" % (begin + 1, end - begin, begin + moved + 1, new, body)


def _quoted(path: bytes) -> bytes:
    """A path as git writes it: in quotes where it has a byte that is not plain (core.quotePath)."""
    if all(0x20 <= byte < 0x7F and byte not in _ESCAPES for byte in path):
        return path
    return b'"' + b"".join(map(_escaped, path)) + b'"'


def _escaped(byte: int) -> bytes:
    plain = bytes((byte,)) if 0x20 <= byte < 0x7F else b"\\%03o" % byte
    return _ESCAPES.get(byte, plain)
