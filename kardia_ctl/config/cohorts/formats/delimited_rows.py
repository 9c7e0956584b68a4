"""The rows of delimited text, from blocks of lines.

Most blocks of a file contain no quote. A single split cuts them into columns, which takes a third of the
time of the csv module. The csv module reads all other blocks, and those with rows of another width.
"""

import csv
from collections.abc import Iterator, Sequence

from kardia_ctl.config.cohorts.formats.blocks import LONGEST_LINE, Block


class DelimitedRows:
    """The rows of a file's blocks: a whole block at once where possible, else by the csv module."""

    def __init__(self, stream: Iterator[Block], delimiter: str, line: int = 1) -> None:
        self._stream = stream
        self._delimiter = delimiter
        self._block: Block | None = None
        self._end = line - 1
        self.line = line
        """The line that the next row begins in."""

    def advance(self) -> bool:
        """Load the next block once the current one is read; False at the end of the file."""
        if self.line > self._end:
            self._block = next(self._stream, None)
            if self._block is not None:
                self._end = self._block.end
        return self._block is not None

    def header(self) -> tuple[int, list[str]]:
        """The first row, with the line that it begins in; the block then begins after it."""
        if not self.advance():
            return 1, []
        line, cells = next(self.rows(), (1, []))
        if self._block is not None and self.line <= self._end:
            rest = self._block.lines[self.line - self._block.line :]
            self._block = Block("".join(rest), self.line, 0)
        return line, cells

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
