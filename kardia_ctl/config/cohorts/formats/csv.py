"""Cohorts in CSV and TSV.

Most blocks of a file contain no quote. A single split cuts them into columns, which takes a third of the
time of the csv module. The csv module reads all other blocks, and those with rows of another width.
"""

import csv
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.columns import columns_of
from kardia_ctl.config.cohorts.formats.blocks import LONGEST_LINE, SIZE, Block, blocks, warn_of_cut_line
from kardia_ctl.config.cohorts.formats.cell_places import cell_begin
from kardia_ctl.config.cohorts.formats.table import BadRow, Batch, RowError
from kardia_ctl.config.context import LoadContext
from kardia_ctl.csv_guard import REJECTED_COLUMNS, unguarded
from kardia_ctl.model.source import Source


class Delimited:
    """A CSV file. Only the blocks of the current batch are in memory."""

    def __init__(self, cohort: Cohort, delimiter: str, context: LoadContext) -> None:
        self._cohort = cohort
        self._delimiter = delimiter
        self._context = context
        self._recent: deque[Block] = deque()
        self._indices: Mapping[str, int] = {}
        self._header: Sequence[str] = ()
        self._is_guarded = False
        self.file = context.name(cohort.source)

    def batches(self) -> Iterator[Batch]:
        """All rows, in the order of the file.

        Raises:
            UnusableFile: the file cannot be read.
        """
        records = _DelimitedRows(self._stream(), self._delimiter)
        try:
            self._header = records.header()
            self._is_guarded = tuple(self._header[: len(REJECTED_COLUMNS)]) == REJECTED_COLUMNS
            self._indices = columns_of(self._header, self._cohort, self._context, self._at_header)
            while self._indices and (batch := self._batch(records)):
                yield batch
                while len(self._recent) > 1 and self._recent[1].line <= records.line:
                    self._recent.popleft()
        except csv.Error as error:
            message, remedy = _quoting(str(error))
            self._context.problem(Source(self.file, records.line, 1), message, remedy)

    def _stream(self) -> Iterator[Block]:
        for block in blocks(self._context.chunks(self._cohort.source, SIZE)):
            self._recent.append(block)
            yield block
        warn_of_cut_line(self._recent[-1] if self._recent else None, self.file, self._context)

    def _batch(self, records: "_DelimitedRows") -> Batch | None:
        width = len(self._header)
        if not records.advance():
            return None
        if whole := records.split(width):
            lines, cells = whole
            columns = {
                name: self._written(cells[index :: width + 1]) for name, index in self._indices.items()
            }
            return Batch(lines, columns)
        numbered = list(records.rows())
        right = [(line, row) for line, row in numbered if len(row) == width]
        turned = list(zip(*(row for _, row in right), strict=True)) or [()] * width
        return Batch(
            [line for line, _ in right],
            {name: self._written(turned[index]) for name, index in self._indices.items()},
            bad_rows=[_ragged(line, len(row), width) for line, row in numbered if 0 < len(row) != width],
        )

    def _written(self, cells: Sequence[str]) -> Sequence[str]:
        """The cells as they were before kardia-ctl guarded them: a quarantine file may be a source."""
        return list(map(unguarded, cells)) if self._is_guarded else cells

    def place(self, line: int, name: str) -> Source:
        """Where an attribute's cell begins, when its row begins in a line of the last batch."""
        index = self._indices.get(name)
        return Source(self.file, line, 1) if index is None else self._cell(line, index)

    def _at_header(self, index: int) -> Source:
        return self._cell(1, index)

    def _cell(self, line: int, index: int) -> Source:
        block = next((recent for recent in reversed(self._recent) if recent.line <= line), None)
        if block is None or line - block.line >= len(block.lines):
            return Source(self.file, line, 1)
        begin = cell_begin(block.lines[line - block.line], index, self._delimiter)
        return Source(self.file, line, begin + 1)

    def label(self, name: str) -> str:
        """The column, if its header differs from the attribute's name."""
        header = self._cohort.header(name)
        return "" if header == name else f'column "{header}"'

    def originals(self, lines: Collection[int]) -> tuple[Sequence[str], Iterator[tuple[int, Sequence[str]]]]:
        """The header, and the rows that begin in these lines, from a second reading of the file."""
        stream = blocks(self._context.chunks(self._cohort.source, SIZE))
        records = _DelimitedRows(stream, self._delimiter)
        header = records.header()
        return header, ((line, self._written(row)) for line, row in _every(records) if row and line in lines)


def _every(records: "_DelimitedRows") -> Iterator[tuple[int, list[str]]]:
    while records.advance():
        yield from records.rows()


class _DelimitedRows:
    """The rows of a file's blocks: a whole block at once where possible, else by the csv module."""

    def __init__(self, stream: Iterator[Block], delimiter: str) -> None:
        self._stream = stream
        self._delimiter = delimiter
        self._block: Block | None = None
        self._end = 0
        self.line = 1
        """The line that the next row begins in."""

    def advance(self) -> bool:
        """Load the next block once the current one is read; False at the end of the file."""
        if self.line > self._end:
            self._block = next(self._stream, None)
            if self._block is not None:
                self._end = self._block.end
        return self._block is not None

    def header(self) -> list[str]:
        """The first row; the block then begins after it."""
        if not self.advance():
            return []
        rows = self.rows()
        cells = next(rows)[1]
        if self._block is not None and self.line <= self._end:
            rest = self._block.lines[self.line - self._block.line :]
            self._block = Block("".join(rest), self.line, 0)
        return cells

    def split(self, width: int) -> tuple[Sequence[int], list[str]] | None:
        """The block as one list of cells, with an extra cell after each row; None where that is not certain.

        Every line must have exactly ``width`` cells, none of them quoted and all of them printable, but for
        the joiners that some names have. Newlines become cells of their own: when each of them is at the end
        of a row, every row has the width.
        """
        text, mark = self._block.text if self._block else "", self._delimiter
        if '"' in text or len(text) > csv.field_size_limit() or width == 1:
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        plain = text.replace("\n", " ").replace(mark, " ")
        if not plain.isprintable() and not plain.replace("\u200c", "").replace("\u200d", "").isprintable():
            return None
        text = text.removesuffix("\n")
        rows = self._end - self.line + 1
        cells = text.replace("\n", f"{mark}\n{mark}").split(mark)
        cells.append("\n")
        if len(cells) != rows * (width + 1) or cells[width :: width + 1].count("\n") != rows:
            return None
        line, self.line = self.line, self._end + 1
        return range(line, self.line), cells

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows of the block with the lines that they begin in, up to a row that ends with a block."""
        before = self.line - 1
        reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        for row in reader:
            line, self.line = self.line, before + reader.line_num + 1
            yield line, row
            if self.line > self._end:
                return

    def _lines(self) -> Iterator[str]:
        line, size = self.line, 0
        while self._block is not None:
            yield from self._block.lines
            size = size + len(self._block.text) if self.line == line else 0
            line = self.line
            if size > LONGEST_LINE:
                raise csv.Error("row too long")
            self._block = next(self._stream, None)
            if self._block is not None:
                self._end = self._block.end


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
