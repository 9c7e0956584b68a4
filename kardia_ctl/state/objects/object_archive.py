"""The snapshots of a state in an object store, as objects beside it."""

import zlib
from typing import Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.objects.objects_port import Objects

_FOLDER: Final = "history/"


class ObjectArchive:
    """The ``Archive`` below ``history/``."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def names(self) -> list[str]:
        """The names of what is stored, sorted."""
        return [name.removeprefix(_FOLDER) for name in self._objects.names(_FOLDER)]

    def read(self, name: str) -> bytes:
        """The content of a snapshot."""
        found = self._objects.get(_FOLDER + name)
        if found is None:
            raise StateError(
                f"reading the history of {self._objects.place}: there is no {name}. Next: list it"
            )
        try:
            return zlib.decompress(found.body)
        except zlib.error as error:
            raise StateError(
                f"reading the history of {self._objects.place}: {name} is damaged. Next: take another one"
            ) from error

    def write(self, name: str, content: bytes) -> None:
        """Store a snapshot; an earlier one of its name is replaced."""
        self._objects.put(_FOLDER + name, zlib.compress(content, 1))

    def remove(self, name: str) -> None:
        """Remove a snapshot."""
        self._objects.remove([_FOLDER + name])
