"""What every engine offers beside the ``Store`` port: the whole state at once, for those who care for it."""

from typing import Protocol

from kardia_ctl.model.ports import Store
from kardia_ctl.state.tables.encryption import Encryption


class Archive(Protocol):
    """Stores snapshots. Methods raise ``StateError``."""

    def names(self) -> list[str]:
        """The names of what is stored, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """The content of a snapshot."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Store a snapshot durably, whole or not at all."""
        ...

    def remove(self, name: str) -> None:
        """Remove a snapshot; one that is gone stays gone."""
        ...


class StateStore(Store, Protocol):
    """The store of one state URL; several workspaces share it, its lock and its archive."""

    @property
    def place(self) -> str:
        """Where the state is, for messages: its path, or its URL without secrets."""
        ...

    @property
    def archive(self) -> Archive:
        """The snapshots that are kept beside it."""
        ...

    def image(self) -> bytes:
        """All workspaces and the audit log as one SQLite database (see ``tables.image``)."""
        ...

    def replace(self, image: bytes, encryption: Encryption | None = None) -> None:
        """Put an image in place of everything, whole or not at all. Only while the lock is held.

        Args:
            image: The image. One that does not open with the store's key is refused.
            encryption: How the image is encrypted, when that is otherwise than the store is; the store has it
                from then on.
        """
        ...

    def erase(self) -> None:
        """Remove from storage what was replaced, as far as the engine can. Only while the lock is held."""
        ...

    def fingerprint_secret(self) -> bytes:
        """The secret of the state's fingerprints, which an encrypted state holds; empty for another."""
        ...
