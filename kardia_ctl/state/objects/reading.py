"""Reads a state: the snapshot that the head names, and what the log says since."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.objects.objects_port import Found, Objects
from kardia_ctl.state.objects.row_changes import put_changes
from kardia_ctl.state.objects.stored_forms import (
    HEAD,
    LOG,
    SNAPSHOTS,
    Segment,
    StateHead,
    damaged,
    decoded,
    segment_name,
    snapshot_image,
)
from kardia_ctl.state.tables.image import EMPTY, copy_tables, opened

_TRIES: Final = 6
"""How often a state is read again because a run that ended meanwhile has tidied up."""

_AT_ONCE: Final = 16
_SHARED_FOR: Final = 2.0
"""Seconds for which a reading serves a second question."""


class _Gone(Exception):  # noqa: N818  (it names a situation)
    """An object is missing: a run has tidied up since the head was read."""


@dataclass(slots=True)
class Reading:
    """A state as a database in memory, upgraded to this version.

    Attributes:
        connection: The database.
        head: What the head said.
        version: The head's version; None while there is no head.
        following: The number of the next segment.
    """

    connection: sqlite3.Connection
    head: StateHead
    version: str | None
    following: int
    place: str
    _closing: ExitStack = field(repr=False)

    def apply(self, body: bytes) -> None:
        """Apply the next segment of the log. Raises ``StateError``."""
        apply_segment(self.connection, body, self.place)
        self.following += 1

    def close(self) -> None:
        """Close the database."""
        self._closing.close()


def read_objects(objects: Objects) -> Reading:
    """Read the state. Retries while a run that ended meanwhile removes what its predecessor's head names.

    Raises:
        StateError: it cannot be read, or its objects are damaged or missing.
    """
    for _ in range(_TRIES):
        try:
            return _read(objects, objects.get(HEAD))
        except _Gone:
            continue
    raise damaged(objects.place)


class SharedReading:
    """What was read for ``activity`` serves one more question: a plan asks for both and reads once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._read: tuple[float, Reading] | None = None

    def read(self) -> Reading:
        """Read the state, and keep it for the next ``take``."""
        self.forget()
        reading = read_objects(self._objects)
        self._read = time.monotonic(), reading
        return reading

    def take(self) -> Reading:
        """The state as it was just read, or read anew; the caller closes it."""
        kept, self._read = self._read, None
        if kept is None:
            return read_objects(self._objects)
        if time.monotonic() - kept[0] <= _SHARED_FOR:
            return kept[1]
        kept[1].close()
        return read_objects(self._objects)

    def forget(self) -> None:
        """Close what was kept."""
        kept, self._read = self._read, None
        if kept is not None:
            kept[1].close()


def _read(objects: Objects, found: Found | None) -> Reading:
    head = StateHead() if found is None else decoded(found.body, StateHead, objects.place)
    if found is None and objects.names(SNAPSHOTS):
        raise damaged(objects.place)
    image = EMPTY
    if head.snapshot:
        image = snapshot_image(_existing(objects, head.snapshot), objects.place)
    with ExitStack() as stack:
        connection = stack.enter_context(opened(image, objects.place))
        version = found.version if found else None
        reading = Reading(connection, head, version, head.following, objects.place, ExitStack())
        for body in head.tail:
            apply_segment(connection, body, objects.place)
        if head.run:
            for body in _log(objects, head.following):
                reading.apply(body)
        reading._closing = stack.pop_all()  # noqa: SLF001  (its own)
    return reading


def _existing(objects: Objects, name: str) -> bytes:
    found = objects.get(name)
    if found is None:
        raise _Gone
    return found.body


def _log(objects: Objects, first: int) -> Iterator[bytes]:
    """The segments from number ``first``."""
    names = objects.names(LOG, segment_name(first - 1))
    if list(names) != [segment_name(number) for number in range(first, first + len(names))]:
        raise _Gone
    return _contents(objects, names)


def _contents(objects: Objects, names: Sequence[str]) -> Iterator[bytes]:
    if len(names) < _AT_ONCE:
        yield from (_existing(objects, name) for name in names)
        return
    with ThreadPoolExecutor(_AT_ONCE, "state") as threads:
        yield from threads.map(lambda name: _existing(objects, name), names)


def apply_segment(connection: sqlite3.Connection, body: bytes, place: str) -> None:
    """Apply a segment of the log to a database, whole or not at all.

    Raises:
        StateError: it is damaged.
    """
    segment = decoded(body, Segment, place)
    try:
        with transaction(connection):
            if segment.image:
                with opened(segment.image, place) as source:
                    copy_tables(source, connection)
            put_changes(connection, segment.changes)
    except (sqlite3.Error, StateError) as error:
        raise damaged(place) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction, committed at the end of the block and rolled back by any error."""
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
