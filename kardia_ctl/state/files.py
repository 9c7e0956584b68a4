"""Files that only their owner can read, because state holds mrns."""

import fcntl
import os
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700


def create_private(path: Path) -> None:
    """Create an empty file (0600) and the missing directories above it (0700), unless it exists.

    The modes do not depend on the umask. SQLite gives -wal and -shm the mode of their database. An existing
    file keeps its mode: sharing a state is its owner's decision.

    Raises:
        OSError: it cannot be created.
    """
    make_directories(path.parent)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
    except FileExistsError:
        return
    try:
        os.fchmod(descriptor, FILE_MODE)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _sync_directory(path.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file (0600) durably, whole or not at all; an earlier one of its name is replaced.

    Raises:
        OSError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    create_private(beside)
    try:
        with beside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_directory(path.parent)


def make_directories(directory: Path) -> None:
    """Create a directory and the missing ones above it, each 0700.

    Raises:
        OSError: one of them cannot be created.
    """
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        try:
            path.mkdir(DIRECTORY_MODE)
        except FileExistsError:
            continue
        path.chmod(DIRECTORY_MODE)
        _sync_directory(path.parent)


def is_still(path: Path, opened: os.stat_result) -> bool:
    """Whether a path still leads to the file that was opened; it may have been removed or replaced.

    Raises:
        OSError: the path cannot be examined.
    """
    try:
        return os.path.samestat(path.stat(), opened)
    except FileNotFoundError:
        return False


def _sync_directory(directory: Path) -> None:
    # A new name survives a power cut only once its directory is on disk.
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def close_unlocked(descriptor: int) -> None:
    """Release a flock and close its file.

    Closing alone would leave the lock to a child between fork and exec, which has the descriptor too.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)
