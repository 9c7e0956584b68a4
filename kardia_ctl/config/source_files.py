"""Bytes from disk: bounded, inside the configuration's directory, and UTF-8."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from os.path import normpath
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Final

from kardia_ctl import open_file_limit
from kardia_ctl.kinds.texts.characters import named

YAML_LIMIT: Final = 64 << 20
"""Bytes in one YAML file."""

COHORT_LIMIT: Final = 2 << 30
"""Bytes in one cohort's file, which is streamed: a million patients take about 80 MB of CSV."""

LINE_LIMIT: Final = 0xFFFF
"""Bytes in one line of YAML, so that a column fits in 16 bits."""

BOM: Final = b"\xef\xbb\xbf"
"""The byte order mark that some programs write before UTF-8."""

_CONTROLS: Final = bytes(code for code in range(32) if code not in b"\t\n\r") + b"\x7f"
_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


CHANGED: Final = ("the file changed while it was being read", "Run the command again")

_MOST_DEEP: Final = 2
"""How often a pattern may have ``**``."""

_MISSING: Final = ("no such file", "Check the name, or create it")


class UnusableFile(Exception):  # noqa: N818  (named like its subclass, by what the file is)
    """A file cannot be used. ``line`` and ``column`` (from 1) are where in it the error is."""

    def __init__(self, message: str, remedy: str = "", line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.remedy, self.line, self.column = message, remedy, line, column


class NotUtf8(UnusableFile):
    """The file is not UTF-8, but perhaps UTF-16."""

    def __init__(self, message: str, remedy: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message, remedy, line, column)
        self.is_utf16 = "UTF-16" in message


class InvalidContent(UnusableFile):
    """The file's content is invalid at ``line`` and ``column``."""


class Unopened(InvalidContent):
    """The file is encrypted, and there is nothing here that opens it."""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Which file was read, and in which state: its device, inode, size in bytes and time of change in ns."""

    device: int
    inode: int
    size: int
    changed: int


def stamp(path: Path) -> FileStamp | None:
    """The stamp of a file; None when there is none."""
    try:
        return _stamp(path.stat())
    except OSError:
        return None


def _stamp(of: os.stat_result) -> FileStamp:
    return FileStamp(of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns)


def _ignore(_: FileStamp) -> None:
    """No-op callback."""


@contextmanager
def _unchanging(path: Path, stamped: Callable[[FileStamp], None]) -> Iterator[IO[bytes]]:
    """A regular file that stays the same while the block reads it.

    Raises:
        UnusableFile: it is missing or not a regular file, cannot be read, or changed meanwhile.
    """
    try:
        if not path.is_file():
            raise UnusableFile(*_MISSING)
        with path.open("rb") as stream:
            before = _stamp(os.fstat(stream.fileno()))
            yield stream
            if _stamp(os.fstat(stream.fileno())) != before or stamp(path) != before:
                raise UnusableFile(*CHANGED)
    except (OSError, ValueError) as error:
        raise _refused(error) from error
    stamped(before)


def content(path: Path, limit: int, stamped: Callable[[FileStamp], None] = _ignore) -> bytes:
    """The bytes of a regular file. ``stamped`` is called with its stamp.

    Raises:
        UnusableFile: it is missing, not a regular file, larger than ``limit`` bytes, not readable, or it
            changed meanwhile.
    """
    with _unchanging(path, stamped) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise UnusableFile(f"the file is larger than {limit >> 20} MiB", "Split it into several files")
    return data


def _refused(error: Exception) -> UnusableFile:
    if getattr(error, "errno", None) in open_file_limit.MET:
        return UnusableFile(open_file_limit.REASON, open_file_limit.REMEDY.capitalize())
    reason = getattr(error, "strerror", None) or "its name is not valid"
    return UnusableFile(f"the file cannot be read ({reason.lower()})", "Check its permissions")


def chunks(
    path: Path, limit: int, size: int, stamped: Callable[[FileStamp], None] = _ignore
) -> Iterator[bytes]:
    """The bytes of a regular file in chunks. ``stamped`` is called with its stamp once all are read.

    Raises:
        UnusableFile: as ``content``.
    """
    with _unchanging(path, stamped) as stream:
        while data := stream.read(size):
            limit -= len(data)
            if limit < 0:
                raise UnusableFile("the file is larger than 2 GiB", "Split it into several files")
            yield data


def decoded(data: bytes) -> str:
    """The text of a file, without its byte order mark.

    Raises:
        NotUtf8: it is not.
        UnusableFile: it contains a control character.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotUtf8("the file is UTF-16", "Save it as UTF-8")
    data = data.removeprefix(BOM)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode(), error.start)
        message = f"byte 0x{data[error.start]:02x} is not valid UTF-8"
        raise NotUtf8(message, "Save the file as UTF-8 (it may be Latin-1 now)", line, column) from error
    if (len(data.translate(None, _CONTROLS)) < len(data) or not data.isascii()) and (
        found := _REFUSED.search(text)
    ):
        line, column = _place(text, found.start())
        message = f"the control character {named(found.group())} is not allowed"
        raise UnusableFile(message, "Remove it", line, column)
    return text


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column (from 1) of a character."""
    before = text[:offset]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def check_lines(data: bytes) -> None:
    """Refuse a line that is longer than ``LINE_LIMIT`` before any parser sees it.

    Raises:
        UnusableFile: a line is too long.
    """
    start, line = 0, 1
    while len(data) - start > LINE_LIMIT:
        end = data.rfind(b"\n", start, start + LINE_LIMIT + 1)
        if end < 0:
            message = f"the line is longer than {LINE_LIMIT:,} bytes"
            raise UnusableFile(message, "Break it into lines: one key or list element per line", line)
        line += data.count(b"\n", start, end + 1)
        start = end + 1


def lexical(folder: PurePosixPath, name: str) -> PurePosixPath:
    """A path relative to the configuration's directory; ``folder`` is that of the file that names it.

    Raises:
        UnusableFile: it is absolute or leaves the directory.
    """
    windows = PureWindowsPath(name)
    if PurePosixPath(name).is_absolute() or windows.drive or windows.root:
        raise UnusableFile("the path is absolute", "Write it relative to this file")
    path = PurePosixPath(normpath(folder / name.replace("\\", "/")))
    if path.parts[:1] == ("..",):
        raise UnusableFile("the path leaves the configuration's directory", "Move the file into it")
    return path


def inside(root: Path, path: Path) -> Path:
    """The real path of a file below ``root`` (itself real), through all symbolic links.

    Raises:
        UnusableFile: it is outside, or a loop of links.
    """
    try:
        real = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise UnusableFile("the path cannot be resolved", "Check its symbolic links") from error
    if not real.is_relative_to(root):
        message = "the path leaves the configuration's directory through a symbolic link"
        raise UnusableFile(message, "Move the file into it")
    return real


def matches(root: Path, pattern: PurePosixPath) -> Iterator[PurePosixPath]:
    """Files below ``root`` that match a glob pattern, sorted by name, without hidden files.

    Raises:
        UnusableFile: the pattern is not valid, or has ``**`` too often: each multiplies the walk.
    """
    parts = [
        part for part, after in zip_longest(pattern.parts, pattern.parts[1:]) if not part == after == "**"
    ]
    if parts.count("**") > _MOST_DEEP:
        raise UnusableFile("the pattern has ** more than twice", "Name the directories between them")
    try:
        paths = sorted(path for path in root.glob("/".join(parts)) if path.is_file())
    except (OSError, ValueError, NotImplementedError, IndexError) as error:
        raise UnusableFile("the pattern is not valid", "Write it like patients/*.yaml") from error
    for path in paths:
        relative = PurePosixPath(path.relative_to(root).as_posix())
        if not any(part.startswith(".") for part in relative.parts if part not in pattern.parts):
            yield relative
