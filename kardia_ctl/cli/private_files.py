"""Files that only their owner may read, written whole or not at all."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from kardia_ctl.cli.output.console import print_piece, print_result
from kardia_ctl.model.errors import RunStopped

_DEVICES: Final = (Path("/dev"), Path("/dev/fd"))
_PROCESSES: Final = Path("/proc")
_OWN: Final = {"/dev/stdout": 1, "/dev/fd/1": 1, "/dev/stderr": 2, "/dev/fd/2": 2}


def write_private(file: Path, data: bytes) -> None:
    """Write a file (0600) through a temporary one beside it, so that a crash never leaves half a file.

    Raises:
        RunStopped: the file cannot be written.
    """
    with private_file(file) as opened:
        opened.write(data)


def print_or_write(text: str, out: Path | None) -> None:
    """Print a text to stdout, or write it to a private file.

    Raises:
        RunStopped: the file cannot be written.
    """
    if out is None:
        print_result(text)
    else:
        write_private(out, text.encode())


@contextmanager
def out_stream(out: Path | None) -> Iterator[Callable[[str], object]]:
    """Write a long text piece by piece, to stdout or to a private file.

    Raises:
        BrokenPipeError: the reader of stdout left, so the rest need not be produced.
        RunStopped: the file cannot be written.
    """
    if out is None:
        yield print_piece
        return
    with private_file(out) as file:
        yield lambda text: file.write(text.encode())


@contextmanager
def private_file(file: Path) -> Iterator[IO[bytes]]:
    """A file (0600) that exists once the block has ended well, and does not when the block fails.

    A pipe or a device is written in place: replacing it by a file would break it for all its users.

    Raises:
        RunStopped: the file cannot be written.
    """
    try:
        with _in_place(file) if passes_on(file) else _replaced(file) as opened:
            yield opened
    except OSError as error:
        raise RunStopped(
            f"{file} could not be written: {error.strerror}. Check that its directory exists, is yours to "
            "write and has free space"
        ) from error


def passes_on(file: Path) -> bool:
    """Whether writing to a name stores nothing under it: a pipe, a device, or /dev/stdout."""
    if file.parent in _DEVICES or _PROCESSES in file.parents:
        return file.exists()
    return file.exists() and not file.is_file()


def _in_place(file: Path) -> IO[bytes]:
    # Opening /dev/stdout again would write a file that stdout is redirected to from two offsets at once.
    own = _OWN.get(str(file))
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND) if own is None else os.dup(own)
    return os.fdopen(descriptor, "wb")


@contextmanager
def _replaced(file: Path) -> Iterator[IO[bytes]]:
    new = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
        sync_directory(file.parent)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    """Sync a directory, so that a new name in it survives a power cut; ignored where that is impossible."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_writable(file: Path) -> None:
    """Refuse a file that cannot be written, before the requests are sent whose result it is to hold.

    Raises:
        RunStopped: the file cannot be written.
    """
    if passes_on(file) and not file.is_dir():
        writable = os.access(file, os.W_OK)
    else:
        writable = not file.is_dir() and os.access(file.parent, os.W_OK | os.X_OK)
    if not writable:
        raise RunStopped(
            f"{file} cannot be written. Check that its directory exists and is yours to write, and that it "
            "is not a directory itself"
        )
