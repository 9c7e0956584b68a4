"""Files that only their owner may read: the state holds mrns."""

import os
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700


def create_private(path: Path) -> None:
    """Create an empty file (0600) unless it exists, and the directories above it (0700) that do not.

    The modes hold whatever the umask is. SQLite gives -wal and -shm the mode of their database. What exists
    already keeps its mode: a shared state is somebody's decision.

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


def make_directories(directory: Path) -> None:
    """Create a directory and what is missing above it, each 0700.

    Raises:
        OSError: one of them cannot be created.
    """
    missing = [place for place in (directory, *directory.parents) if not place.exists()]
    for place in reversed(missing):
        try:
            place.mkdir(DIRECTORY_MODE)
        except FileExistsError:
            continue
        place.chmod(DIRECTORY_MODE)
        _sync_directory(place.parent)


def is_still(path: Path, found: os.stat_result) -> bool:
    """Whether a path leads to the file that was found there: it may have been removed or replaced.

    Raises:
        OSError: it cannot be told.
    """
    try:
        return os.path.samestat(path.stat(), found)
    except FileNotFoundError:
        return False


def _sync_directory(directory: Path) -> None:
    # A new name survives a power cut only once its directory is on disk.
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
