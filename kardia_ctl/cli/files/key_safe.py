"""A private file for the only copy of a new API key: it is on disk, with room, before the key exists."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from kardia_ctl.cli.private_files import sync_directory, write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.state.files import is_still, make_directories

_ROOM: Final = 4096
"""Bytes that are written beforehand: a disk that is full by then still takes the key."""


class KeySafe:
    """Holds a key from the moment it arrives until it is stored where it belongs."""

    def __init__(self, file: Path, descriptor: int) -> None:
        self.file = file
        self.holds = False
        self._descriptor = descriptor

    def keep(self, key: str) -> None:
        """Write the key durably; where the file fails or is gone, into one in the directory for such files.

        May be called again: somebody may have removed or renamed the directory meanwhile.

        Raises:
            RunStopped: neither file could be written.
        """
        if self.holds and self.file.exists():
            return
        data = f"{key}\n".encode()
        try:
            written = os.pwrite(self._descriptor, data, 0)
            os.ftruncate(self._descriptor, written)
            os.fsync(self._descriptor)
            self.holds = written == len(data) and is_still(self.file, os.fstat(self._descriptor))
        except OSError:
            self.holds = False
        if not self.holds:
            with suppress(OSError):
                self.file.unlink()
            self.file = _name(Path(tempfile.gettempdir()))
            write_private(self.file, data)
            self.holds = True

    def release(self) -> None:
        """Remove the file: the key is stored elsewhere."""
        self.holds = False
        with suppress(OSError):
            self.file.unlink(missing_ok=True)


@contextmanager
def key_safe(directory: Path) -> Iterator[KeySafe]:
    """A safe in a directory. The file stays after the block only when it holds a key.

    Raises:
        RunStopped: there can be no such file.
    """
    file = _name(directory)
    try:
        make_directories(directory)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _refused(directory, error) from error
    safe = KeySafe(file, descriptor)
    try:
        try:
            os.write(descriptor, b"\n" * _ROOM)
            os.fsync(descriptor)
            sync_directory(directory)
        except OSError as error:
            raise _refused(directory, error) from error
        yield safe
    finally:
        os.close(descriptor)
        if not safe.holds:
            safe.release()


def _name(directory: Path) -> Path:
    return directory.absolute() / f"kardia-key-{secrets.token_hex(8)}"


def _refused(directory: Path, error: OSError) -> RunStopped:
    return RunStopped(
        f"a new key could not be kept in {directory} until it is stored: {error.strerror}. No key was made. "
        "Make room there, or name a file with --out"
    )
