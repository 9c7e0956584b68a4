"""Checks that a database is one file under one name, and still the one that the run opened."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.files import is_still


def check_single(path: Path, file: Path) -> None:
    """Check that ``file``, to which ``path`` leads, is a regular file with one name, or does not exist yet.

    Raises:
        StateError: it is a link to nothing, no regular file, or has further names (hard links).
        OSError: it cannot be examined.
    """
    try:
        status = file.stat()
    except FileNotFoundError:
        link = next(
            (place for place in (path, *path.parents) if place.is_symlink() and not place.exists()), None
        )
        if link is not None:
            raise StateError(
                f"opening the state {path}: {link} is a link to {link.readlink()}, which does not exist. "
                "Next: restore or mount what it leads to, or remove the link"
            ) from None
        return
    if not stat.S_ISREG(status.st_mode):
        raise StateError(f"opening the state {path}: it is not a regular file. Next: check the state URL")
    if status.st_nlink > 1:
        raise StateError(
            f"opening the state {path}: the file has {status.st_nlink} names (hard links), under which two "
            "runs could write it side by side. Next: find them with find DIRECTORY -samefile FILE, and "
            "remove all but one"
        )


class RunGuard:
    """The database of a run: opened under the name ``path``, which leads to ``file``."""

    def __init__(self, path: Path, file: Path) -> None:
        self.foreign = False  # whether another program wrote the file
        self._path, self._file = path, file
        self._log = file.with_name(f"{file.name}-wal")
        self._opened, self._log_opened = file.stat(), self._log.stat()
        self._content = _content(self._opened)

    def check(self) -> None:
        """Check that nobody removed, replaced, overwrote or linked the file or its log since the last commit.

        SQLite keeps writing to a file that was removed, and pages of one that was overwritten stay in memory.

        Raises:
            StateError: somebody did.
        """
        if not is_still(self._path, self._opened) or not is_still(self._file, self._opened):
            raise StateError(
                f"writing the state {self._path}: it was removed or replaced. Next: restore it and run "
                "again; if it is lost, apply with --settle-first"
            )
        check_single(self._path, self._file)
        if not is_still(self._log, self._log_opened):
            raise StateError(
                f"writing the state {self._path}: its log {self._log.name} was removed or replaced. Next: "
                "restore both; if they are lost, apply with --settle-first"
            )
        if _content(self._file.stat()) != self._content:
            self.foreign = True
            raise StateError(
                f"writing the state {self._path}: another program has written it. Next: make sure that no "
                "restore or second run is in progress, then run again; if its content was lost, apply with "
                "--settle-first"
            )

    def committed(self) -> None:
        """Take the file as this run's commit has left it; a file that is gone is found by the next check."""
        with suppress(OSError):
            self._content = _content(self._file.stat())


def _content(status: os.stat_result) -> tuple[int, int]:
    """What changes with the file's content. Only a checkpoint of ours writes the file during a run."""
    return status.st_size, status.st_mtime_ns
