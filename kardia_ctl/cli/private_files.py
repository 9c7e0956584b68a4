"""Files that only their owner may read, written whole or not at all."""

import errno
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from kardia_ctl.cli.output.console import print_piece, print_result
from kardia_ctl.model.errors import RunStopped

_DEVICES: Final = (Path("/dev"), Path("/dev/fd"))
_HEAD: Final = 16_384
"""Bytes by which a file is recognised."""

Ours = Callable[[bytes], bool]
"""Whether a file that begins with these bytes may be replaced."""

_PROCESSES: Final = Path("/proc")
_READER_SECONDS: Final = 5.0
"""How long a pipe may have no reader yet: a shell starts both ends at once."""
TEMPORARY: Final = ".kardia-tmp"
"""How temporary files end."""
_LONGEST_NAME: Final = 200
"""Bytes of a file's name that its temporary one repeats: no name may have more than 255."""
_OWN: Final = {"/dev/stdout": 1, "/dev/fd/1": 1, "/dev/stderr": 2, "/dev/fd/2": 2}


def write_private(file: Path, data: bytes, ours: Ours = lambda _: True) -> None:
    """Write a file (0600) through a temporary one beside it, so that a crash never leaves half a file.

    Raises:
        RunStopped: the file cannot be written, or is by now somebody else's (see ``private_file``).
    """
    with private_file(file, ours) as opened:
        opened.write(data)


def print_or_write(text: str, out: Path | None, ours: Ours = lambda _: True) -> None:
    """Print a text to stdout, or write it to a private file.

    Raises:
        RunStopped: the file cannot be written.
    """
    if out is None:
        print_result(text)
    else:
        write_private(out, text.encode(), ours)


@contextmanager
def out_stream(out: Path | None, ours: Ours = lambda _: True) -> Iterator[Callable[[str], object]]:
    """Write a long text piece by piece, to stdout or to a private file.

    Raises:
        BrokenPipeError: the reader of stdout left, so the rest need not be produced.
        RunStopped: the file cannot be written.
    """
    if out is None:
        yield print_piece
        return
    with private_file(out, ours) as file:
        yield lambda text: file.write(text.encode())


@contextmanager
def private_file(file: Path, ours: Ours = lambda _: True) -> Iterator[IO[bytes]]:
    """A file (0600) that exists once the block has ended well, and does not when the block fails.

    A pipe or a device is written in place: replacing it by a file would break it for all its users. Of a
    symbolic link the target is written. What exists there once the block has ended is replaced only if
    ``ours`` accepts its first bytes.

    Raises:
        RunStopped: the file cannot be written, or is by now somebody else's.
    """
    try:
        with (
            os.fdopen(open_in_place(file), "wb")
            if passes_on(file)
            else _replaced(resolved(file), ours) as opened
        ):
            yield opened
    except OSError as error:
        raise RunStopped(
            f"{file} could not be written: {error.strerror}. Check that its directory exists, is yours to "
            "write and has free space"
        ) from error


def temporary_name(file: Path) -> Path:
    """A free name beside a file for what will replace it.

    SIGKILL leaves such a file behind, with whatever was in it: by its ending the .gitignore of ``init``
    keeps it out of git.
    """
    name = os.fsdecode(os.fsencode(file.name)[:_LONGEST_NAME])
    return file.with_name(f".{name}.{secrets.token_hex(4)}{TEMPORARY}")


def passes_on(file: Path) -> bool:
    """Whether writing to a name stores nothing under it: a pipe, a device, or /dev/stdout."""
    if file.parent in _DEVICES or _PROCESSES in file.parents:
        return file.exists()
    return file.exists() and not file.is_file()


def open_in_place(file: Path) -> int:
    """A descriptor that writes to a pipe or a device.

    Opening a pipe without a reader would wait for one, and no signal would end that.

    Raises:
        RunStopped: nobody reads the pipe.
        OSError: it cannot be opened.
    """
    # Opening /dev/stdout again would write a file that stdout is redirected to from two offsets at once.
    if (own := _OWN.get(str(file))) is not None:
        return os.dup(own)
    end = time.monotonic() + _READER_SECONDS
    while True:
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() >= end:
                raise RunStopped(
                    f"{file} could not be written: it is a pipe that nothing reads. Start its reader "
                    "first, or name a file"
                ) from error
            time.sleep(0.05)
        else:
            os.set_blocking(descriptor, True)
            return descriptor


@contextmanager
def _replaced(file: Path, ours: Ours) -> Iterator[IO[bytes]]:
    new = temporary_name(file)
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        _move(new, file, ours)
        sync_directory(file.parent)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def _move(new: Path, file: Path, ours: Ours) -> None:
    """Give a finished file its name. Where nothing exists, the name is taken first, so that nobody else can.

    Raises:
        RunStopped: a file exists that is not ours.
    """
    head = read_head(file)
    if head is None:
        try:
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            head = read_head(file)
    if head and not ours(head):
        raise RunStopped(
            f"{file} appeared or changed meanwhile, and kardia-ctl did not write it: it was not replaced. "
            "Remove it or choose another name"
        )
    new.replace(file)


def read_head(file: Path) -> bytes | None:
    """The first bytes of a file; None when there is none.

    Raises:
        RunStopped: it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return opened.read(_HEAD)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunStopped(
            f"{file} exists and cannot be read: {error.strerror}. Remove it or choose another name"
        ) from error


def resolved(file: Path) -> Path:
    """The file that a name leads to, which need not exist.

    Raises:
        RunStopped: its links lead in a circle.
    """
    try:
        return file.resolve()
    except (OSError, RuntimeError) as error:
        raise RunStopped(
            f"{file} cannot be resolved: its links lead in a circle. Choose another name"
        ) from error


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
    if str(file) == "-":
        raise RunStopped("- is not a file name here. For stdout, leave the option out or name /dev/stdout")
    file = file if passes_on(file) else resolved(file)
    if passes_on(file) and not file.is_dir():
        writable = os.access(file, os.W_OK)
    else:
        writable = not file.is_dir() and os.access(file.parent, os.W_OK | os.X_OK)
    if not writable:
        raise RunStopped(
            f"{file} cannot be written. Check that its directory exists and is yours to write, and that it "
            "is not a directory itself"
        )
