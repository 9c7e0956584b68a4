"""The codes that a file already holds, so that a resumed run writes none of them twice."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from io import BufferedReader
from pathlib import Path
from typing import Final

from kardia_ctl.cli.private_files import passes_on
from kardia_ctl.csv_guard import unguarded
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.files.code_rows import CODE_COLUMNS, KEY_COLUMNS, PASSWORD, CodeFormat

_LONGEST: Final = 1 << 20
"""Bytes of a row; a longer line is not a row of codes."""


@dataclass(slots=True)
class ExistingCodes:
    """The content of a file of codes: its columns, and digests (128 bits) of its rows.

    Each row is stored twice: with its code, and with its mrn and template alone. Some 250 bytes a row.

    Attributes:
        columns: The file's columns; an earlier version of kardia-ctl wrote fewer.
        complete_bytes: The bytes that hold complete rows; a run that died may have left part of a row.
        newline: Whether the last complete row has its line end.
    """

    columns: tuple[str, ...] = CODE_COLUMNS
    complete_bytes: int = 0
    newline: bool = True
    _digests: set[bytes] = field(default_factory=set)

    def add(self, cells: Mapping[str, str]) -> bool:
        """Add a row; whether it is a new one."""
        digest = _digest([*(cells[name] for name in KEY_COLUMNS), cells.get(PASSWORD, "")])
        if digest in self._digests:
            return False
        self._digests.update((digest, _digest((cells["mrn"], cells["template"]))))
        return True

    def has(self, cells: Mapping[str, str]) -> bool:
        """Whether there is any code of this mrn and template."""
        return _digest((cells["mrn"], cells["template"])) in self._digests


def _digest(texts: Iterable[str]) -> bytes:
    return blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def read_existing(file: Path, form: CodeFormat) -> ExistingCodes:
    """Read the codes of a file; none when it does not exist.

    Raises:
        RunStopped: the file cannot be read, or is not a file of codes.
    """
    existing = ExistingCodes()
    try:
        if file.is_file() and not passes_on(file):  # a pipe, or stdout in a file, holds none of our codes
            with file.open("rb") as opened:
                _read(opened, file, form, existing)
    except OSError as error:
        raise RunStopped(f"{file}, the file of codes, could not be read: {error.strerror}") from error
    return existing


def code_rows(file: Path, form: CodeFormat) -> Iterator[Mapping[str, str]]:
    """The rows of a file of codes, as they were before their cells were guarded.

    Raises:
        RunStopped: the file cannot be read, or is not a file of codes.
    """
    existing = ExistingCodes()
    try:
        with file.open("rb") as opened:
            for number, line in _lines(opened):
                cells = _cells(line, number, form, existing)
                if cells is None:
                    raise RunStopped(
                        f"{file}:{number}: this is not a row of codes, as apply --codes-out writes it"
                    )
                if cells:
                    yield {
                        name: unguarded(cell) if form is CodeFormat.CSV else cell
                        for name, cell in cells.items()
                    }
    except OSError as error:
        raise RunStopped(f"{file}, the file of codes, could not be read: {error.strerror}") from error


def _read(opened: BufferedReader, file: Path, form: CodeFormat, existing: ExistingCodes) -> None:
    for number, line in _lines(opened):
        cells = _cells(line, number, form, existing)
        if cells is None:
            if not line.endswith(b"\n") and _is_torn(line, number, form, existing):
                return  # the part of a row that a run left when it died
            cut = (
                "" if line.endswith(b"\n") else ". It has no line end: if a run was cut off there, remove it"
            )
            raise RunStopped(
                f"{file}:{number}: this is not a row of codes. Name another file with --codes-out{cut}"
            )
        if cells:
            existing.add(cells)
        existing.complete_bytes += len(line)
        existing.newline = line.endswith(b"\n")


def _is_torn(line: bytes, number: int, form: CodeFormat, existing: ExistingCodes) -> bool:
    """Whether a last line is certainly the part of a row, or of the header, that kardia-ctl writes.

    Anything else stays as it is: it may be what somebody else wrote there.
    """
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:  # a character that was cut
        text = line[: error.start].decode() if error.end == len(line) else "\0"
    if form is not CodeFormat.CSV:
        begin = '{"mrn": "'
        return text.startswith(begin) or begin.startswith(text)
    if number == 1:
        return ",".join((*CODE_COLUMNS, PASSWORD)).startswith(text)
    if text.count('"') % 2:
        text += '"'
    row = _row(text)
    cells = dict(zip(existing.columns, row, strict=False))
    return 2 <= len(row) <= len(existing.columns) and all(
        pattern.fullmatch(cells.get(name, "")) for name, pattern in _PARTS.items()
    )


_PARTS: Final = {
    "code": re.compile(r"[^\s,;]*"),
    "issued": re.compile(r"[0-9]{0,4}-?[0-9]{0,2}-?[0-9]{0,2}T?[0-9:]{0,8}Z?"),
    "status": re.compile(r"[a-z]*"),
}
"""What the beginnings of a row's cells look like."""


def _lines(opened: BufferedReader) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := opened.readline(_LONGEST):
        number += 1
        yield number, line


def _cells(line: bytes, number: int, form: CodeFormat, existing: ExistingCodes) -> Mapping[str, str] | None:
    """The cells of a row; none for the header and an empty line; None for a line that is not a row."""
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    if not text:
        return {}
    if form is not CodeFormat.CSV:
        return _json_cells(text)
    return _csv_cells(text, existing) if number > 1 else _header(text, existing, whole=line.endswith(b"\n"))


def _row(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return []


def _header(text: str, existing: ExistingCodes, *, whole: bool) -> Mapping[str, str] | None:
    """Take the columns from the first line."""
    columns = _row(text)
    if not whole or not {*KEY_COLUMNS} <= {*columns} <= {*CODE_COLUMNS, PASSWORD}:
        return None
    existing.columns = tuple(columns)
    return {}


def _csv_cells(text: str, existing: ExistingCodes) -> Mapping[str, str] | None:
    row = _row(text)
    return dict(zip(existing.columns, row, strict=True)) if len(row) == len(existing.columns) else None


def _json_cells(text: str) -> Mapping[str, str] | None:
    try:
        cells = json.loads(text)
    except ValueError:
        return None
    if not isinstance(cells, dict) or not all(isinstance(cells.get(name), str) for name in KEY_COLUMNS):
        return None
    return cells
