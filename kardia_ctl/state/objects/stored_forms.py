"""What the objects of a state hold: the head, and the segments of the log."""

import zlib
from collections.abc import Mapping
from typing import Final, TypeVar
from uuid import uuid4

import msgspec

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.objects.row_changes import TableChanges
from kardia_ctl.state.tables.definitions import VERSION

HEAD: Final = "head"
LOG: Final = "log/"
SNAPSHOTS: Final = "snapshots/"
_FORMAT: Final = 1
_FENCES: Final = 100
"""How many marks against earlier holders are kept in the log."""

_LARGE: Final = 4096
_PLAIN, _COMPRESSED = b"m", b"z"

T = TypeVar("T", bound="_Form")


def _random() -> str:
    return uuid4().hex


class _Form(msgspec.Struct, kw_only=True, frozen=True):
    """What is stored, with the version of its form and a random value: no two writes are equal by chance."""

    format: int = _FORMAT
    nonce: str = msgspec.field(default_factory=_random)


class Segment(_Form, frozen=True):
    """One commit, or the mark of a run that takes over (without rows).

    Attributes:
        run: The id of the run that wrote it.
        lock: Of a mark, the run's lock information.
        version: The version of the tables.
        changes: The rows that it changes.
        image: An image that takes the place of everything; empty for all others.
    """

    run: str
    lock: bytes = b""
    version: int = VERSION
    changes: Mapping[str, TableChanges] = {}
    image: bytes = b""


class StateHead(_Form, frozen=True):
    """Where the state is. The only object that is ever replaced, always by compare and swap.

    Attributes:
        serial: How often it was replaced.
        snapshot: The name of the newest snapshot; empty for a state in which nothing was recorded.
        size: The snapshot's size in bytes.
        tail: The segments after the snapshot, up to ``following``.
        following: The number of the first segment that is in the log alone.
        run: The id of the run that is open; empty without one.
        lock: Its lock information.
        fences: The numbers of marks that keep earlier holders out and stay in the log.
    """

    serial: int = 0
    snapshot: str = ""
    size: int = 0
    tail: tuple[bytes, ...] = ()
    following: int = 1
    run: str = ""
    lock: bytes = b""
    fences: tuple[int, ...] = ()

    def kept(self, number: int) -> tuple[int, ...]:
        """``fences`` for a run whose mark has this number; it stays when a holder may wake up late."""
        return (*self.fences, number)[-_FENCES:] if self.run else self.fences


def segment_name(number: int) -> str:
    """The name of a segment: sorted as its number."""
    return f"{LOG}{number:012}"


def encoded(form: _Form) -> bytes:
    """The bytes of a head or a segment."""
    body = msgspec.msgpack.encode(form)
    return _PLAIN + body if len(body) < _LARGE else _COMPRESSED + zlib.compress(body, 1)


def decoded(body: bytes, form: type[T], place: str) -> T:
    """The head or segment in an object's bytes.

    Raises:
        StateError: it is damaged, or was written by a newer version.
    """
    try:
        plain = zlib.decompress(body[1:]) if body[:1] == _COMPRESSED else body[1:]
        version = msgspec.msgpack.decode(plain, type=_Format)
        if version.format > _FORMAT or version.version > VERSION:
            raise newer(place)
        return msgspec.msgpack.decode(plain, type=form)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise damaged(place) from error


class _Format(msgspec.Struct):
    format: int
    version: int = 0


def newer(place: str) -> StateError:
    """The error for a state of a later version."""
    return StateError(f"{place} was written by a newer kardia-ctl. Next: install that version or a later one")


def damaged(place: str) -> StateError:
    """The error for an object that cannot be read."""
    return StateError(
        f"reading the state {place}: one of its objects is damaged or missing. Next: "
        "restore the objects below this prefix from the bucket's versions, or choose another "
        "prefix and apply with --settle-first: patients are matched again by mrn"
    )


def snapshot_body(image: bytes) -> bytes:
    """An image as it is stored."""
    return zlib.compress(image, 1)


def snapshot_image(body: bytes, place: str) -> bytes:
    """The image in a snapshot. Raises ``StateError`` when it is damaged."""
    try:
        return zlib.decompress(body)
    except zlib.error as error:
        raise damaged(place) from error
