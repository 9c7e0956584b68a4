"""A text file as blocks of whole lines: a million rows without ever holding the file."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.encodings import in_utf8
from kardia_ctl.config.source_files import BOM, InvalidContent, NotUtf8, UnusableFile, decoded
from kardia_ctl.model.source import Source

SIZE: Final = 96 << 10
"""Bytes per read."""

LONGEST_LINE: Final = 4 << 20
"""Bytes in one line: a FHIR patient with a photograph is large."""


_END: Final = re.compile(r"\r\n|\n|\r")


class Block:
    """Some whole lines; ``line`` is the number of the first, ``end`` of the last, ``byte`` the offset."""

    __slots__ = ("_lines", "byte", "end", "line", "text")

    def __init__(self, text: str, line: int, byte: int) -> None:
        self.text = text
        self.line = line
        self.byte = byte
        self._lines: list[str] = []
        if "\r" in text and text.count("\r") != text.count("\r\n"):
            count = len(self.lines)
        else:
            count = text.count("\n") + (not text.endswith("\n"))
        self.end = line + count - 1

    @property
    def line_end(self) -> str:
        """The end of its first line."""
        match = _END.search(self.text)
        return match[0] if match else "\n"

    @property
    def lines(self) -> list[str]:
        """The lines with their line ends, split on first use."""
        if not self._lines:
            # ``decoded`` has refused every other character that splitlines takes for the end of a line.
            self._lines = self.text.splitlines(keepends=True)
        return self._lines


def warn_of_cut_line(last: Block | None, file: str, context: LoadContext) -> None:
    """Warn when the last line of a file has no end. ``last`` is the file's last block."""
    if last is not None and not last.text.endswith(("\n", "\r")):
        context.warn(
            "the last line has no line end, so the file may have been cut off while it was written. Check "
            "the last row, and end the line",
            Source(file, last.end),
        )


_DECLARE: Final = "Declare its encoding in the cohort, e.g. encoding: {}, or save it as UTF-8"


def blocks(chunks: Iterable[bytes], encoding: str = "") -> Iterator[Block]:
    """The lines of a file whose bytes come in chunks; ``encoding`` is empty for UTF-8.

    Raises:
        InvalidContent: it has another encoding, a character that no text should have, or a line is too long.
    """
    line, byte = 1, 0
    for data in _whole_lines(in_utf8(chunks, encoding)):
        marked = data.startswith(BOM)
        if marked and byte:
            raise InvalidContent("the file contains a byte order mark after its beginning", "Remove it", line)
        try:
            text = decoded(data)
        except UnusableFile as error:
            remedy = error.remedy
            if isinstance(error, NotUtf8) and not encoding:
                remedy = _DECLARE.format("utf-16" if error.is_utf16 else "cp1252")
            raise InvalidContent(error.message, remedy, error.line + line - 1, error.column) from error
        if text:
            block = Block(text, line, byte + len(BOM) * marked)
            line = block.end + 1
            yield block
        byte += len(data)


def _whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest, line = b"", 1
    for chunk in chunks:
        data = rest + chunk
        end = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, -1) + 1
        rest = data[end:]
        if len(rest) > LONGEST_LINE:
            raise InvalidContent(
                f"a line is longer than {LONGEST_LINE >> 20} MiB",
                "Look for a quote that is never closed",
                line,
            )
        if end:
            line += data.count(b"\n", 0, end)
            yield data[:end]
    if rest:
        yield rest
