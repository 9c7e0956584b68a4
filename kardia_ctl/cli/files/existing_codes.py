"""The codes that a file holds already, so that a run that is taken up again writes none of them twice."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from io import BufferedReader
from pathlib import Path
from typing import Final

from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.files.code_rows import CODE_COLUMNS, KEY_COLUMNS, PASSWORD, CodeFormat

_LONGEST: Final = 1 << 20
"""Bytes of a row: more is no row of ours."""


@dataclass(slots=True)
class Held:
    """What a file holds: its columns, and a digest (128 bits) of each row and of each mrn with its template.

    Some 250 bytes a row: a million codes fit where a million patients do.
    """

    columns: tuple[str, ...] = CODE_COLUMNS
    whole: int = 0
    ended: bool = True
    _digests: set[bytes] = field(default_factory=set)

    def add(self, cells: Mapping[str, str]) -> bool:
        """Note a row; whether it is a new one."""
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


def held(file: Path, form: CodeFormat) -> Held:
    """Read what a file holds; nothing when it does not exist.

    ``whole`` is how many of its bytes are whole rows: a run that died in the middle of writing one may have
    left a part of it behind. ``ended`` says whether the last whole row has its line end.

    Raises:
        RunStopped: it cannot be read, or is no file of codes.
    """
    found = Held()
    try:
        if file.is_file():  # a pipe holds nothing yet
            with file.open("rb") as opened:
                _read(opened, file, form, found)
    except OSError as error:
        raise RunStopped(f"{file} could not be opened for the codes: {error.strerror}") from error
    return found


def _read(opened: BufferedReader, file: Path, form: CodeFormat, found: Held) -> None:
    for number, line in _lines(opened):
        cells = _cells(line, number, form, found)
        if cells is None:
            if not line.endswith(b"\n"):
                return  # the part of a row that a run left behind when it died
            raise RunStopped(
                f"{file}:{number}: this is no row of codes as kardia-ctl writes them; name another file"
            )
        if cells:
            found.add(cells)
        found.whole += len(line)
        found.ended = line.endswith(b"\n")


def _lines(opened: BufferedReader) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := opened.readline(_LONGEST):
        number += 1
        yield number, line


def _cells(line: bytes, number: int, form: CodeFormat, found: Held) -> Mapping[str, str] | None:
    """The cells of a row, none for the header and an empty line; None for what is no row."""
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    if not text:
        return {}
    if form is not CodeFormat.CSV:
        return _json_cells(text)
    return _csv_cells(text, found) if number > 1 else _header(text, found, whole=line.endswith(b"\n"))


def _row(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return []


def _header(text: str, found: Held, *, whole: bool) -> Mapping[str, str] | None:
    """Take the columns from the first line; an earlier version had fewer."""
    columns = _row(text)
    if not whole or not {*KEY_COLUMNS} <= {*columns} <= {*CODE_COLUMNS, PASSWORD}:
        return None
    found.columns = tuple(columns)
    return {}


def _csv_cells(text: str, found: Held) -> Mapping[str, str] | None:
    row = _row(text)
    return dict(zip(found.columns, row, strict=True)) if len(row) == len(found.columns) else None


def _json_cells(text: str) -> Mapping[str, str] | None:
    try:
        cells = json.loads(text)
    except ValueError:
        return None
    if not isinstance(cells, dict) or not all(isinstance(cells.get(name), str) for name in KEY_COLUMNS):
        return None
    return cells
