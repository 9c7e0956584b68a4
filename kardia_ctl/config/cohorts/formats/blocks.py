"""A text file as blocks of whole lines: a million rows without ever holding the file."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kardia_ctl.config.cohorts.formats.other_files import texts
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.encodings import in_utf8
from kardia_ctl.config.source_files import BOM, InvalidContent, NotUtf8, UnusableFile, decoded
from kardia_ctl.model.source import Source

SIZE: Final = 96 << 10
"""Bytes per read."""

LONGEST_LINE: Final = 4 << 20
"""Bytes in one line: a FHIR patient with a photograph is large."""

ALONE: Final = "Export the Patient resources alone, without documents and large photographs"
"""What helps where a FHIR resource is too long."""

LONG_VALUE: Final = (f"a value is longer than {LONGEST_LINE >> 20} MiB", ALONE)
"""Message and remedy for a value of JSON that is too long."""

LINE_END: Final = re.compile(r"\r\n|\n|\r")
"""What ends a line of a text file."""


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
        match = LINE_END.search(self.text)
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


def blocks(
    chunks: Iterable[bytes], encoding: str | None = "", remedy: str = "Look for a quote that is never closed"
) -> Iterator[Block]:
    """The lines of a file whose bytes come in chunks.

    ``encoding`` is empty for UTF-8, None where no other can be declared.
    ``remedy`` is what helps where a line is too long.

    Raises:
        InvalidContent: it has another encoding, a character that no text should have, or a line is too long.
    """
    message = f"a line is longer than {LONGEST_LINE >> 20} MiB"
    return _blocks(
        _cut(in_utf8(texts(chunks, encoding), encoding or ""), _line_end, message, remedy), encoding
    )


def json_blocks(chunks: Iterable[bytes]) -> Iterator[Block]:
    """A JSON text whose bytes come in chunks, in blocks that end after a comma or a line.

    Servers write a whole Bundle on one line. A comma is never part of a character or of an escape.

    Raises:
        InvalidContent: it is not UTF-8, has a character that no text should have, or a value is too long.
    """
    return _blocks(_cut(texts(chunks, None), _value_end, *LONG_VALUE), None)


def _blocks(pieces: Iterable[bytes], encoding: str | None) -> Iterator[Block]:
    line, byte, before = 1, 0, 0
    for data in pieces:
        marked = data.startswith(BOM)
        if marked and byte:
            message = "the file contains a byte order mark after its beginning"
            raise InvalidContent(message, "Remove it", line, before + 1)
        try:
            text = decoded(data)
        except UnusableFile as error:
            remedy = error.remedy
            if isinstance(error, NotUtf8) and encoding == "":
                remedy = _DECLARE.format("utf-16" if error.is_utf16 else "cp1252")
            column = error.column + (before if error.line == 1 else 0)
            raise InvalidContent(error.message, remedy, error.line + line - 1, column) from error
        if text:
            block = Block(text, line, byte + len(BOM) * marked)
            is_whole = text.endswith(("\n", "\r"))
            line = block.end + is_whole
            before = 0 if is_whole else len(text) - text.rfind("\n") - 1 + (before if "\n" not in text else 0)
            yield block
        byte += len(data)


def _line_end(data: bytes) -> int:
    """The offset after the last whole line; 0 without one."""
    return data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, -1) + 1


def _value_end(data: bytes) -> int:
    """The offset after the last comma or line end; 0 without one."""
    return max(data.rfind(b","), data.rfind(b"\n")) + 1


def _cut(
    chunks: Iterable[bytes], end_of: Callable[[bytes], int], message: str, remedy: str
) -> Iterator[bytes]:
    """The bytes in pieces that end where ``end_of`` says; ``message`` is for a piece without such an end."""
    rest, line = b"", 1
    for chunk in chunks:
        data = rest + chunk
        end = end_of(data)
        rest = data[end:]
        if len(rest) > LONGEST_LINE:
            raise InvalidContent(message, remedy, line)
        if end:
            line += data.count(b"\n", 0, end)
            yield data[:end]
    if rest:
        yield rest
