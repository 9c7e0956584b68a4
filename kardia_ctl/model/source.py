"""Places in the configuration's files, and problems at them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kardia_ctl.model.address import Address

_PLACE: Final = re.compile(r":([0-9]{1,9})(?::([0-9]{1,9}))?: ")


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a file. Lines and columns count from 1; column 0 means the whole line."""

    file: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}:{self.column}" if self.column else place


def by_place(text: str) -> tuple[str, int, int, str]:
    """Sort texts that begin with the place that they are about: by file, line and column, as numbers."""
    if (place := _PLACE.search(text)) is None:
        return text, 0, 0, ""
    return text[: place.start()], int(place[1]), int(place[2] or 0), text


@dataclass(frozen=True, slots=True)
class Extent:
    """The range of a declaration: its first byte, and the byte, line and column after its end.

    Bytes count from 0, lines and columns from 1.
    """

    byte: int
    end_byte: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of the configuration: where, at which address, what, and what to do.

    ``message`` and ``remedy`` never hold a patient's values: they are printed in CI.
    """

    source: Source
    message: str
    remedy: str = ""
    address: Address | None = None

    def __str__(self) -> str:
        about = f"{self.address}: " if self.address else ""
        remedy = f". {self.remedy}" if self.remedy else ""
        return f"{self.source}: {about}{self.message}{remedy}"


class PartKind(StrEnum):
    """What a part of a configuration is."""

    FILE = "file"
    PERIODS = "periods"
    VARIABLE = "variable"


@dataclass(frozen=True, slots=True)
class ConfigurationPart:
    """A part of what a configuration was read from.

    Attributes:
        kind: A file, which of a file's periods counted, or a substituted environment variable.
        name: A file's path from the configuration's directory, or a variable's name.
        content: The SHA-256 of the bytes.
        text: The SHA-256 of the text without byte order mark and with one form of line ends.
        bom: Whether a file begins with a byte order mark.
    """

    kind: PartKind
    name: str
    content: bytes
    text: bytes
    bom: bool = False
