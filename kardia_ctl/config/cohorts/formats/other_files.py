"""Files that are not the text that they are taken for, by how they begin."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO, Final

from kardia_ctl.config.source_files import InvalidContent

_AS_CSV: Final = "Export the patients as CSV"
_OLD_WORKBOOK: Final = (
    b"\xd0\xcf\x11\xe0",
    "is an old workbook (.xls), or one with a password",
    "Save it as .xlsx, without a password",
)
_BEGINNINGS: Final = (
    _OLD_WORKBOOK,
    (b"PK\x03\x04", "is a workbook or a zip archive", "Name a workbook .xlsx; unpack an archive"),
    (b"\x1f\x8b", "is compressed (gzip)", "Unpack it: gunzip FILE"),
    (b"BZh", "is compressed (bzip2)", "Unpack it: bunzip2 FILE"),
    (b"\xfd7zXZ", "is compressed (xz)", "Unpack it: unxz FILE"),
    (b"(\xb5/\xfd", "is compressed (zstd)", "Unpack it: unzstd FILE"),
    (b"%PDF", "is a PDF", _AS_CSV),
    (b"PAR1", "is a Parquet file", _AS_CSV),
    (b"SQLite format 3", "is a database", _AS_CSV),
    (b"$FL2", "is a file of SPSS", _AS_CSV),
    (b"<stata_dta>", "is a file of Stata", _AS_CSV),
    (b"{\\rtf", "is a text document", _AS_CSV),
    (b"version https://git-lfs", "is a pointer of Git LFS, not the file itself", "Run: git lfs pull"),
)
_MARKUP: Final = (
    (b"<!doctype html", "is a web page, such as a login", "Export the patients again"),
    (b"<html", "is a web page, such as a login", "Export the patients again"),
    (b"<?xml", "is XML", "Export FHIR as JSON, and a table as CSV or .xlsx"),
    (b"<bundle", "is XML", "Export FHIR as JSON"),
)
_LOOK: Final = 64


def texts(chunks: Iterable[bytes], encoding: str | None) -> Iterator[bytes]:
    """The chunks of a file whose beginning is that of a text; an empty ``encoding`` could be declared.

    Raises:
        InvalidContent: it is a file of another kind.
    """
    stream = iter(chunks)
    first = next(stream, b"")
    _refuse(first[:_LOOK], encoding)
    return chain([first] if first else [], stream)


def _refuse(head: bytes, encoding: str | None) -> None:
    for begin, what, remedy in _BEGINNINGS:
        if head.startswith(begin):
            raise InvalidContent(f"the file {what}", remedy)
    markup = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for begin, what, remedy in _MARKUP:
        if markup.startswith(begin):
            raise InvalidContent(f"the file {what}", remedy)
    if not encoding:
        for zeros, order in ((head[1:8:2], "le"), (head[:8:2], "be")):
            if len(zeros) == 4 and not zeros.strip(b"\0") and head[:8].strip(b"\0"):
                declare = f"Declare its encoding: utf-16-{order}, or save it as UTF-8"
                message = "the file is UTF-16 without a byte order mark"
                raise InvalidContent(message, "Save it as UTF-8" if encoding is None else declare)


def refuse_no_workbook(stream: IO[bytes]) -> None:
    """Refuse a file that is no zip archive, which every .xlsx is.

    Raises:
        InvalidContent: it is not.
    """
    stream.seek(0)
    head = stream.read(_LOOK)
    stream.seek(0)
    if head.startswith(_OLD_WORKBOOK[0]):
        raise InvalidContent(f"the file {_OLD_WORKBOOK[1]}", _OLD_WORKBOOK[2])
    if head and not head.startswith(b"PK"):
        remedy = "Save it as .xlsx, or set format to what it is, e.g. csv"
        raise InvalidContent("the file is no workbook of the format .xlsx", remedy)
