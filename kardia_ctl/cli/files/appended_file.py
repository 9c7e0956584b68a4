"""A file that a run appends to, row by row, and that no other run may append to meanwhile."""

import errno
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from kardia_ctl.cli.private_files import open_in_place, passes_on
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.state.files import is_still

STDOUT: Final = Path("-")

_NO_LOCKS: Final = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
"""A file system without locks: the file is used all the same."""


def open_to_append(file: Path) -> IO[str]:
    """Open a file, and keep other runs out of it: of its end, they would remove what this run is writing.

    Raises:
        RunStopped: it cannot be opened, or another run writes to it.
    """
    if file == STDOUT:
        return sys.stdout
    try:
        if passes_on(file):  # the mode of a pipe or a device is not ours to change
            return os.fdopen(open_in_place(file), "w", encoding="utf-8", newline="")
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RunStopped(f"{file} could not be opened for writing codes: {error.strerror}") from error
    stream = os.fdopen(descriptor, "a", encoding="utf-8", newline="")
    with closed_on_error(stream):
        try:
            os.fchmod(descriptor, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunStopped(
                f"another run is writing codes to {file}. Wait until it ends, or name another file"
            ) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise RunStopped(f"{file} could not be opened for writing codes: {error.strerror}") from error
    return stream


@contextmanager
def closed_on_error(stream: IO[str]) -> Iterator[None]:
    """Close the file if the block raises: nobody else will."""
    try:
        yield
    except BaseException:
        stream.close()
        raise


def append_after(stream: IO[str], file: Path, complete: int, *, newline: bool) -> None:
    """Remove what stands behind the ``complete`` bytes of a file; end its last row unless ``newline`` does.

    Raises:
        RunStopped: the file cannot be written.
    """
    if passes_on(file):
        return
    try:
        if os.fstat(stream.fileno()).st_size > complete:
            os.truncate(stream.fileno(), complete)
    except OSError as error:
        raise RunStopped(f"{file} could not be opened for writing codes: {error.strerror}") from error
    if not newline:
        stream.write("\n")


def check_place(file: Path, stream: IO[str]) -> None:
    """Check that a file still has its name: what is written to a removed one is lost with the process.

    Raises:
        OSError: somebody removed, renamed or replaced it.
    """
    if file == STDOUT or passes_on(file):
        return
    if not is_still(file, os.fstat(stream.fileno())):
        raise OSError(errno.ENOENT, "it was removed, renamed or replaced during the run")
