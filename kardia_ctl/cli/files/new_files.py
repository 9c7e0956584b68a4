"""New files that appear together: each whole, none over a file that is there, all of them or none."""

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kardia_ctl.cli.private_files import sync_directory, temporary_name
from kardia_ctl.model.errors import RunStopped

_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""How a file system says that it has no hard links."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to write: its bytes in pieces, which are asked for once."""

    path: Path
    pieces: Iterable[bytes]


def write_new_files(files: Iterable[NewFile]) -> tuple[Path, ...]:
    """Write files (0600) that do not exist yet, and return their names.

    Everything is on the disk under temporary names before the first file gets its own. When one cannot get
    it, those that have theirs lose it again. A process that is killed in between leaves whole files alone.

    Raises:
        RunStopped: a file exists by now, or cannot be written. The message says what could not be undone.
    """
    with _made_directories() as directories, _temporaries() as written:
        for file in files:
            directories.make(file.path.parent)
            written.append((_write(file), file.path))
        _name_all(written)
    return tuple(path for _, path in written)


class _Directories:
    """Directories that were made for the files."""

    def __init__(self) -> None:
        self.made: list[Path] = []

    def make(self, directory: Path) -> None:
        missing = [place for place in (directory, *directory.parents) if not place.exists()]
        for place in reversed(missing):
            try:
                place.mkdir()
            except OSError as error:
                raise _refused(place, error) from error
            self.made.append(place)


@contextmanager
def _made_directories() -> Iterator[_Directories]:
    """Directories that are removed again when the block fails."""
    directories = _Directories()
    try:
        yield directories
    except BaseException:
        for place in reversed(directories.made):
            with suppress(OSError):  # somebody has put a file into it
                place.rmdir()
        raise


@contextmanager
def _temporaries() -> Iterator[list[tuple[Path, Path]]]:
    """Pairs of a temporary file and its name to be. The temporary ones are removed at the end."""
    pairs: list[tuple[Path, Path]] = []
    try:
        yield pairs
    finally:
        for temporary, _ in pairs:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _write(file: NewFile) -> Path:
    temporary = temporary_name(file.path)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                for piece in file.pieces:
                    opened.write(piece)
                opened.flush()
                os.fsync(opened.fileno())
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _refused(file.path, error) from error
    return temporary


def _name_all(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Give each file its name, or none of them."""
    named: list[tuple[Path, Path]] = []
    try:
        for temporary, path in pairs:
            named.append((temporary, path))
            _name(temporary, path)
        for directory in dict.fromkeys(path.parent for _, path in pairs):
            sync_directory(directory)
    except BaseException as error:
        remaining = [path for temporary, path in named if not _unnamed(temporary, path)]
        reason = _reason(named[-1][1], error) if isinstance(error, OSError) else None
        if remaining:
            left = ", ".join(map(str, remaining))
            raise RunStopped(
                f"{reason or 'the files could not all be written'}. These were written and could not be "
                f"removed: {left}. Remove them, and run the command again"
            ) from error
        if reason is not None:
            raise RunStopped(f"{reason}. Nothing was written") from error
        raise


def _name(temporary: Path, path: Path) -> None:
    """Give a file its name, unless there is one of that name.

    Raises:
        OSError: there is, or the name cannot be given.
    """
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            temporary.replace(path)
        except OSError:
            path.unlink(missing_ok=True)  # the empty file that took the name
            raise


def _unnamed(temporary: Path, path: Path) -> bool:
    """Remove a file that has its name already; whether there is none of ours under it any more."""
    try:
        if temporary.exists() and not (path.exists() and path.samefile(temporary)):
            return True  # it did not get its name: what is there is somebody else's
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _reason(path: Path, error: OSError) -> str:
    if error.errno == errno.EEXIST:
        return f"{path} appeared meanwhile, and was not replaced"
    return f"{path} could not be written: {error.strerror}"


def _refused(path: Path, error: OSError) -> RunStopped:
    return RunStopped(
        f"{path} could not be written: {error.strerror}. Check that its directory is yours to write and has "
        "free space. Nothing was written"
    )
