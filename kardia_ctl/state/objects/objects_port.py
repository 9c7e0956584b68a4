"""What the store needs of a bucket, so that a test can put a fault between the two."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kardia_ctl.model.errors import StateError


class Existing(Exception):  # noqa: N818  (it names an answer)
    """The server refused to create an object: its name is taken."""


class Changed(Exception):  # noqa: N818  (it names an answer)
    """The server refused to replace an object: it is another version, or gone."""


class Unanswered(StateError):  # noqa: N818  (it names a situation)
    """There was no usable answer: the write may have had its effect."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object: its content, the version that a swap names, and when it was written (Unix seconds)."""

    body: bytes = field(repr=False)
    version: str
    modified: float


@dataclass(slots=True)
class Traffic:
    """What was sent: requests, and the bytes of the objects that were written and read."""

    requests: int = 0
    written: int = 0
    read: int = 0


class Objects(Protocol):
    """The objects below one prefix. Methods raise ``StateError``, and ``Unanswered`` when nobody knows."""

    @property
    def place(self) -> str:
        """The URL of the prefix, for messages."""
        ...

    @property
    def traffic(self) -> Traffic:
        """What was sent so far."""
        ...

    def get(self, name: str) -> Found | None:
        """An object; None when there is none of this name."""
        ...

    def create(self, name: str, body: bytes) -> str:
        """Create an object and return its version. Raises ``Existing``."""
        ...

    def swap(self, name: str, body: bytes, version: str) -> str:
        """Replace this version of an object and return the new one. Raises ``Changed``."""
        ...

    def put(self, name: str, body: bytes) -> None:
        """Create or replace an object, whatever it is."""
        ...

    def names(self, folder: str, after: str = "") -> Sequence[str]:
        """The names that begin with ``folder``, sorted, from the one after ``after``."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are gone stay gone."""
        ...
