"""Cohorts in CSV and TSV."""

import csv
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.columns import columns_of, wanted_headers
from kardia_ctl.config.cohorts.formats.blocks import LONGEST_LINE, SIZE, Block, blocks, warn_of_cut_line
from kardia_ctl.config.cohorts.formats.cell_places import cell_begin
from kardia_ctl.config.cohorts.formats.delimited_rows import DelimitedRows
from kardia_ctl.config.cohorts.formats.layout import LOOK, Layout, layout
from kardia_ctl.config.cohorts.formats.table import BadRow, Batch, RowError, is_blank, without_blank_end
from kardia_ctl.config.context import LoadContext
from kardia_ctl.csv_guard import is_guarded, own_columns, unguarded
from kardia_ctl.model.configuration import TextForm
from kardia_ctl.model.source import Source


@dataclass(frozen=True, slots=True)
class TableShape:
    """What separates the cells of a file, which one holds each attribute, and whether they are guarded."""

    delimiter: str
    indices: Mapping[str, int]
    is_guarded: bool


class Delimited:
    """A CSV file. Only the blocks of the current batch are in memory."""

    def __init__(self, cohort: Cohort, context: LoadContext, *, is_tsv: bool = False) -> None:
        self._cohort = cohort
        self._is_tsv = is_tsv
        self._context = context
        self._recent: deque[Block] = deque()
        self._indices: Mapping[str, int] = {}
        self._layout = Layout(",")
        self._has_mark, self._line_end = False, "\n"
        self._header_line = 1
        self._header: Sequence[str] = ()
        self._width = 0
        """Columns up to the last that has a header; a row needs no more cells."""
        self._is_guarded = False
        self.file = context.name(cohort.source)

    def batches(self) -> Iterator[Batch]:
        """All rows in which there is anything, in the order of the file.

        Raises:
            UnusableFile: the file cannot be read, or it is not plain what stands between its cells.
        """
        records = self._records(self._stream())
        try:
            self._header_line, self._header = records.header()
            self._width = len(without_blank_end(self._header))
            self._is_guarded = is_guarded(self._header)
            own = own_columns(self._header)
            header = [*[""] * own, *self._header[own : self._width]]
            self._indices = columns_of(header, self._cohort, self._context, self._at_header)
            if self._indices and self._layout.guessed:
                self._context.warn(self._layout.guessed, self._at_header(0))
            while self._indices and (batch := self._batch(records)):
                yield batch
                while len(self._recent) > 1 and self._recent[1].line <= records.line:
                    self._recent.popleft()
        except csv.Error as error:
            message, remedy = _quoting(str(error))
            self._context.problem(Source(self.file, records.line, 1), message, remedy)

    def shape(self) -> TableShape:
        """The shape of the file, from its beginning.

        Raises:
            UnusableFile: as ``batches``.
        """
        next(self.batches(), None)
        return TableShape(self._layout.delimiter, self._indices, self._is_guarded)

    def _records(self, stream: Iterator[Block]) -> DelimitedRows:
        """The rows of the file from its header on, once its layout is known."""
        first = next(stream, None)
        if first is None:
            return DelimitedRows(stream, ",")
        self._has_mark, self._line_end = first.byte > 0, first.line_end
        declared = "\t" if self._is_tsv else self._cohort.delimiter
        wanted = wanted_headers(self._cohort, self._context)
        lines = [line.rstrip("\r\n") for line in first.lines[:LOOK]]
        self._layout = layout(lines, wanted, declared, is_tsv=self._is_tsv)
        if above := self._layout.above:
            first = Block("".join(first.lines[above:]), first.line + above, 0)
        return DelimitedRows(chain([first] if first.text else [], stream), self._layout.delimiter, first.line)

    def _blocks(self) -> Iterator[Block]:
        return blocks(self._context.chunks(self._cohort.source, SIZE), self._cohort.encoding)

    def _stream(self) -> Iterator[Block]:
        for block in self._blocks():
            self._recent.append(block)
            yield block
        warn_of_cut_line(self._recent[-1] if self._recent else None, self.file, self._context)

    def _batch(self, records: DelimitedRows) -> Batch | None:
        if not records.advance():
            return None
        if whole := records.split(width := len(self._header)):
            lines, cells = whole
            columns = {
                name: self._written(cells[index :: width + 1]) for name, index in self._indices.items()
            }
            if not _may_be_blank(columns["mrn"]):
                return Batch(lines, columns)
            numbered = [
                (line, cells[begin : begin + width])
                for line, begin in zip(lines, range(0, len(cells), width + 1), strict=True)
            ]
        else:
            numbered = list(records.rows())
        numbered = [(line, row) for line, row in numbered if not all(map(is_blank, row))]
        right = [(line, row) for line, row in numbered if self._is_whole(row)]
        turned = list(zip(*(row[: self._width] for _, row in right), strict=True)) or [()] * self._width
        return Batch(
            [line for line, _ in right],
            {name: self._written(turned[index]) for name, index in self._indices.items()},
            bad_rows=[_ragged(line, len(row), width) for line, row in numbered if not self._is_whole(row)],
        )

    def _is_whole(self, row: Sequence[str]) -> bool:
        """Whether a row has a cell for each header and nothing beyond; a short one may have lost a cell."""
        return len(row) >= self._width and all(map(is_blank, row[len(self._header) :]))

    def _written(self, cells: Sequence[str]) -> Sequence[str]:
        """The cells as they were before kardia-ctl guarded them: its own files may be sources."""
        return list(map(unguarded, cells)) if self._is_guarded else cells

    def place(self, line: int, name: str) -> Source:
        """Where an attribute's cell begins, when its row begins in a line of the last batch."""
        index = self._indices.get(name)
        return Source(self.file, line, 1) if index is None else self._cell(line, index)

    def _at_header(self, index: int) -> Source:
        return self._cell(self._header_line, index)

    def _cell(self, line: int, index: int) -> Source:
        block = next((recent for recent in reversed(self._recent) if recent.line <= line), None)
        if block is None or line - block.line >= len(block.lines):
            return Source(self.file, line, 1)
        begin = cell_begin(block.lines[line - block.line], index, self._layout.delimiter)
        return Source(self.file, line, begin + 1)

    def label(self, name: str) -> str:
        """The column, if its header differs from the attribute's name."""
        header = self._cohort.header(name)
        return "" if header == name else f'column "{header}"'

    @property
    def form(self) -> TextForm:
        """The form of the file itself."""
        return TextForm(
            self._layout.delimiter, self._cohort.encoding or "utf-8", self._has_mark, self._line_end
        )

    def originals(self, lines: Collection[int]) -> tuple[Sequence[str], Iterator[tuple[int, Sequence[str]]]]:
        """The header, and the rows that begin in these lines, from a second reading of the file."""
        records = self._records(self._blocks())
        _, header = records.header()
        own = own_columns(header)
        rows = ((line, row) for line, row in _every(records) if row and line in lines)
        return header[own:], ((line, self._written(row)[own:]) for line, row in rows)


def _every(records: "DelimitedRows") -> Iterator[tuple[int, list[str]]]:
    while records.advance():
        yield from records.rows()


def _may_be_blank(mrns: Sequence[str]) -> bool:
    """Whether some row may have nothing in it: then it has no mrn."""
    if "".join(mrns).isascii():
        return "" in mrns or any(map(str.isspace, mrns))
    return any(map(is_blank, mrns))


def _quoting(error: str) -> tuple[str, str]:
    if "end of data" in error:
        return "a quote is opened here but never closed", 'Close it; write a quote inside a cell as ""'
    if "row too long" in error:
        return f"a row is longer than {LONGEST_LINE >> 20} MiB", "Look for a quote that is never closed"
    if "expected after" in error:
        return "text follows a closing quote", 'Write a quote inside a quoted cell as ""'
    return (
        f"a cell is longer than {csv.field_size_limit():,} characters",
        "Look for a quote that is never closed",
    )


def _ragged(line: int, cells: int, width: int) -> BadRow:
    message = f"the row has {cells} cells but the header has {width}"
    return BadRow(
        line, (RowError("", message, "Add or remove delimiters, or quote the cell that contains one"),)
    )
