"""The lock on the database itself, whatever name leads to it.

A lock file beside the database is found only by those who reach the database under the same name: not through
a file that a container mounts by itself. So the run also locks the database's own inode, with an open file
description lock (fcntl(2), F_OFD_SETLK) on one byte far behind everything that SQLite locks or writes
(sqlite.org, "File Locking And Concurrency": bytes from 0x40000000). Why this kind of lock:

- It belongs to the descriptor: closing SQLite's own descriptors of the file does not release it, as it would
  release a process's POSIX lock (sqlite.org, "How To Corrupt An SQLite Database File", 2.2).
- NFS emulates flock(2) as a lock on all bytes, which would shut SQLite out; this is one byte there too.
- It ends with its descriptor, however the process ends, and O_CLOEXEC keeps it from child processes.

Closing this descriptor releases the POSIX locks that SQLite holds in this process, so it is closed after the
connection. Where the kernel has no such lock (macOS, EINVAL elsewhere) the lock file alone keeps a second run
out; links are refused or resolved before, so one machine sees one name.
"""

import errno
import fcntl
import os
import struct
from pathlib import Path
from typing import Final

_BYTE: Final = 1 << 62
_FORMAT: Final = "hhqqi0q"
"""``struct flock``: type, whence, start, length, process."""

_SET: Final = getattr(fcntl, "F_OFD_SETLK", None)
_GET: Final = getattr(fcntl, "F_OFD_GETLK", None)
_HELD: Final = (errno.EAGAIN, errno.EACCES)


class InodeLock:
    """An exclusive lock on the inode of a file. Not held until ``acquire`` returns True."""

    def __init__(self) -> None:
        self._descriptor: int | None = None

    def acquire(self, path: Path) -> bool:
        """Lock the file at ``path``; False when another run holds it, under whatever name.

        Raises:
            OSError: the file cannot be opened, or its file system has no locks.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            _control(descriptor, _SET, fcntl.F_WRLCK)
        except OSError as error:
            os.close(descriptor)
            if error.errno in _HELD:
                return False
            raise
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Release the lock. Does nothing when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            try:
                # A child between fork and exec has the descriptor too, and would hold the lock until then.
                _control(descriptor, _SET, fcntl.F_UNLCK)
            finally:
                os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether a run holds the lock on the file at ``path``; False for a missing file.

    Raises:
        OSError: the file cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return _control(descriptor, _GET, fcntl.F_RDLCK) != fcntl.F_UNLCK
    finally:
        os.close(descriptor)


def _control(descriptor: int, command: int | None, kind: int) -> int:
    """Carry out a lock command; the lock's type afterwards. Without such locks nothing is ever held."""
    request = struct.pack(_FORMAT, kind, os.SEEK_SET, _BYTE, 1, 0)
    try:
        answer = fcntl.fcntl(descriptor, command, request) if command is not None else b""
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        answer = b""
    return int(struct.unpack(_FORMAT, answer)[0]) if answer else fcntl.F_UNLCK
