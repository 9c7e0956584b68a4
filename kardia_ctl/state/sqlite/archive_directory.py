"""The snapshots of a SQLite state, as files in a directory beside it."""

from pathlib import Path

from kardia_ctl.state.files import write_whole
from kardia_ctl.state.sqlite.database_errors import state_errors


class ArchiveDirectory:
    """The ``Archive`` in a directory (0700) with a file (0600) for each snapshot."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def names(self) -> list[str]:
        """The names of the files; none without a directory."""
        with state_errors("reading the history", self._directory):
            return sorted(path.name for path in self._directory.glob("*") if not path.name.startswith("."))

    def read(self, name: str) -> bytes:
        """The content of a file."""
        with state_errors("reading the history", self._directory):
            return (self._directory / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all."""
        with state_errors("writing the history", self._directory):
            write_whole(self._directory / name, content)

    def remove(self, name: str) -> None:
        """Remove a file."""
        with state_errors("writing the history", self._directory):
            (self._directory / name).unlink(missing_ok=True)

    def remove_partial(self) -> None:
        """Remove what killed runs left of snapshots that they were writing. Only while the lock is held."""
        with state_errors("writing the history", self._directory):
            for path in self._directory.glob(".*"):
                path.unlink(missing_ok=True)
