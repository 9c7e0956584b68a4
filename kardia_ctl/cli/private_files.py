"""Files that their owner alone may read, written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from kardia_ctl.model.errors import RunStopped

_STREAMS: Final = (Path("/dev"), Path("/dev/fd"))
_PROCESSES: Final = Path("/proc")
_OWN: Final = {"/dev/stdout": 1, "/dev/fd/1": 1, "/dev/stderr": 2, "/dev/fd/2": 2}


def write_private(file: Path, data: bytes) -> None:
    """Write a file (0600) by way of a new one beside it, so that a full disk or a crash leaves no half of it.

    Raises:
        RunStopped: it cannot be written.
    """
    with private_file(file) as opened:
        opened.write(data)


@contextmanager
def private_file(file: Path) -> Iterator[IO[bytes]]:
    """A file (0600) that is there when the block has ended well, and not at all when it has not.

    A pipe or a device is written to as it is: a file in its place would break it for everybody.

    Raises:
        RunStopped: it cannot be written.
    """
    try:
        with _passed_on(file) if passes_on(file) else _renamed(file) as opened:
            yield opened
    except OSError as error:
        raise RunStopped(
            f"{file} could not be written: {error.strerror}. Check that its directory exists, is yours to "
            "write and has room"
        ) from error


def passes_on(file: Path) -> bool:
    """Whether a name keeps nothing itself: a pipe, a device, or /dev/stdout, wherever that leads."""
    if file.parent in _STREAMS or _PROCESSES in file.parents:
        return file.exists()
    return file.exists() and not file.is_file()


def _passed_on(file: Path) -> IO[bytes]:
    own = _OWN.get(
        str(file)
    )  # opened anew, a file that stdout goes to would be written from two places at once
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND) if own is None else os.dup(own)
    return os.fdopen(descriptor, "wb")


@contextmanager
def _renamed(file: Path) -> Iterator[IO[bytes]]:
    new = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
        _keep_name(file.parent)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def _keep_name(directory: Path) -> None:
    """See that a new name outlives a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_writable(file: Path) -> None:
    """Refuse a file that could not be written, before anything is done whose result it is to hold."""
    if passes_on(file) and not file.is_dir():
        writable = os.access(file, os.W_OK)
    else:
        writable = not file.is_dir() and os.access(file.parent, os.W_OK | os.X_OK)
    if not writable:
        raise RunStopped(f"{file} cannot be written: its directory does not exist or is not yours to write")
