"""The lock of the one writer: an flock on a file beside the database. It dies with its holder."""

import fcntl
import getpass
import json
import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from kardia_ctl.model.errors import LockHeld
from kardia_ctl.state.files import create_private, is_still

_POLL_SECONDS: Final = 0.05
_PROBE_GRACE: Final = 4
"""Tries that outlast another process's ``probe``, which holds the lock for microseconds."""

_INFORMATION_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock: Terraform's lock information, field for field, and the process id.

    ``created`` is RFC 3339 in UTC, ``path`` the state's file, ``info`` the workspace.
    """

    id: str
    operation: str
    info: str
    who: str
    version: str
    created: str
    path: str
    pid: int

    def encoded(self) -> bytes:
        """The JSON that goes into the lock file."""
        names = {name: _TERRAFORM.get(name, name) for name in asdict(self)}
        return json.dumps({names[name]: value for name, value in asdict(self).items()}).encode()

    @classmethod
    def decoded(cls, text: bytes) -> "Holder | None":
        """What a lock file says; None when it says nothing that can be read."""
        try:
            values = json.loads(text)
            return cls(
                **{field.name: values[_TERRAFORM.get(field.name, field.name)] for field in fields(cls)}
            )
        except (ValueError, KeyError, TypeError):
            return None

    def __str__(self) -> str:
        place = f", workspace {self.info}" if self.info else ""
        return f"{self.operation} by {self.who} (process {self.pid}{place}) since {self.created}"


_TERRAFORM: Final = {
    "id": "ID",
    "operation": "Operation",
    "info": "Info",
    "who": "Who",
    "version": "Version",
    "created": "Created",
    "path": "Path",
}


def who() -> str:
    """``user@host``; a user without a name, as in many containers, is shown by number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


class FileLock:
    """An exclusive flock on ``path``. ``timeout`` is in seconds; waiting polls with ``sleep``."""

    def __init__(self, path: Path, *, timeout: float, sleep: Callable[[float], None]) -> None:
        self._path = path
        self._timeout = timeout
        self._sleep = sleep
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    @property
    def lost(self) -> bool:
        """Whether its file was removed or replaced meanwhile: then another run may hold the new one.

        Raises:
            OSError: it cannot be told.
        """
        return self._descriptor is not None and not is_still(self._path, os.fstat(self._descriptor))

    def acquire(self, holder: Holder) -> None:
        """Take the lock and write down who has it.

        Raises:
            LockHeld: another holds it, in this process or another.
            OSError: the file cannot be made, or its file system has no locks.
        """
        tries = _PROBE_GRACE + round(self._timeout / _POLL_SECONDS)
        for remaining in reversed(range(tries)):
            descriptor = self._try()
            if descriptor is not None:
                self._descriptor = descriptor
                self._sign(descriptor, holder)
                return
            if remaining:
                self._sleep(_POLL_SECONDS)
        raise LockHeld(self._refusal(holder.path))

    def _sign(self, descriptor: int, holder: Holder) -> None:
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, holder.encoded(), 0)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let go, and leave no stale holder in the file. Does nothing when the lock is not held."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def probe(self) -> tuple[bool, Holder | None]:
        """Whether somebody holds the lock, and who, if they have written it down. Waits for nobody."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False, None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True, Holder.decoded(os.pread(descriptor, _INFORMATION_BYTES, 0))
        finally:
            os.close(descriptor)
        return False, None

    def _try(self) -> int | None:
        create_private(self._path)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_still(self._path, os.fstat(descriptor)):
                return descriptor
        except BlockingIOError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _refusal(self, state: str) -> str:
        _, holder = self.probe()
        by = str(holder) if holder else "another run that has not said who it is"
        return (
            f"the state {state} is locked: {by}. Next: wait for it to end, then run again; "
            "the lock goes with its process, so there is nothing to remove"
        )
