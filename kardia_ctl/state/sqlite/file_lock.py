"""The single writer's lock: on a file beside the database and on the database. It ends with its process."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kardia_ctl.model.errors import LockHeld, StateError
from kardia_ctl.state.files import close_unlocked, create_private, is_still
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.sqlite.inode_lock import InodeLock, is_locked

_POLL_SECONDS: Final = 0.05
_PROBE_RETRIES: Final = 4
"""Extra attempts, because another process's ``probe`` holds the lock for microseconds."""

_INFORMATION_BYTES: Final = 16_384
_BEGIN: Final = b'{"ID": "'
"""How the lock information in a file begins; between two runs the file is empty."""


def _open_lock(path: Path, mode: int) -> int:
    """Open a lock file. It has one name, or a run would replace the content of another file.

    Raises:
        StateError: it is a link, no regular file, or has further names.
        OSError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, mode | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):  # a link, a directory, a pipe
            raise _no_lock(path) from error
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(descriptor)
        raise _no_lock(path)
    return descriptor


def _check_ours(path: Path, descriptor: int) -> None:
    """Check that a lock file, which no run holds, has nothing but what an earlier run left in it.

    Raises:
        StateError: it has.
    """
    begin = os.pread(descriptor, len(_BEGIN), 0)
    if not _BEGIN.startswith(begin) and begin.strip(b"\0"):  # a power cut may leave zeros
        raise _no_lock(path)


def _no_lock(path: Path) -> StateError:
    return StateError(
        f"{path} is where the state's lock file belongs, and kardia-ctl did not make it: it was not changed. "
        "Next: move it away, or give the state another name"
    )


def _unknown() -> None:
    """No run is known."""


class FileLock:
    """An exclusive flock on ``path``, which tells who holds it, and the lock on the inode of ``database``.

    ``timeout`` is in seconds; waiting polls with ``sleep``. ``marked`` reads the lock information in the
    database: a run that holds it under another name has another lock file.
    """

    def __init__(
        self,
        path: Path,
        database: Path,
        *,
        timeout: float,
        sleep: Callable[[float], None],
        marked: Callable[[], LockInfo | None] = _unknown,
    ) -> None:
        self._path = path
        self._database = database
        self._inode = InodeLock()
        self._marked = marked
        self._timeout = timeout
        self._sleep = sleep
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def check(self, state: Path) -> None:
        """Check that its file was not removed or replaced since; another run may then hold the new one.

        Raises:
            StateError: it was. ``state`` is the path that the message names.
            OSError: the file cannot be examined.
        """
        if self._descriptor is not None and not is_still(self._path, os.fstat(self._descriptor)):
            raise StateError(
                f"writing the state {state}: its lock file was removed or replaced, so another run "
                "may be in progress. Next: make sure that there is none, then run again"
            )

    def acquire(self, info: LockInfo) -> None:
        """Take the lock and write ``info`` into its file.

        Raises:
            LockHeld: another holder has it, in this process or another one.
            StateError: the file is somebody else's.
            OSError: the file cannot be created, or its file system has no locks.
        """
        attempts = _PROBE_RETRIES + round(self._timeout / _POLL_SECONDS)
        for remaining in reversed(range(attempts)):
            descriptor = self._try()
            if descriptor is not None:
                self._descriptor = descriptor
                self._write(descriptor, info)
                return
            if remaining:
                self._sleep(_POLL_SECONDS)
        raise LockHeld(self._refusal(info.path))

    def _write(self, descriptor: int, info: LockInfo) -> None:
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, info.encoded(), 0)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Release the lock and empty its file. Does nothing when the lock is not held."""
        self._inode.release()
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            os.ftruncate(descriptor, 0)
        finally:
            close_unlocked(descriptor)

    def probe(self) -> tuple[bool, LockInfo | None]:
        """Whether the lock is held, and by which run if the file says so. Never waits."""
        held, info = self._probe_file()
        if not held and is_locked(self._database):
            return True, self._marked()
        return held, info

    def _probe_file(self) -> tuple[bool, LockInfo | None]:
        try:
            descriptor = _open_lock(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return False, None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True, LockInfo.decoded(os.pread(descriptor, _INFORMATION_BYTES, 0))
        finally:
            close_unlocked(descriptor)
        return False, None

    def _try(self) -> int | None:
        create_private(self._path)
        descriptor = _open_lock(self._path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _check_ours(self._path, descriptor)
            if is_still(self._path, os.fstat(descriptor)) and self._lock_database():
                return descriptor
        except BlockingIOError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _lock_database(self) -> bool:
        create_private(self._database)
        return self._inode.acquire(self._database)

    def _refusal(self, state: str) -> str:
        _, info = self.probe()
        by = str(info) if info else "another run that has not written its lock information yet"
        return (
            f"the state {state} is locked: {by}. Next: wait until it ends, then run again; "
            "the lock ends with its process, so there is nothing to remove"
        )
