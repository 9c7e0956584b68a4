"""The run that holds a state in an object store: takes it over, appends to its log, folds it at its end.

The number of the next segment is the fence. Whoever takes over creates a segment at the number that the
holder before would use next, so that holder's next commit is refused, however long it slept.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar
from uuid import uuid4

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.objects.objects_port import Objects, Unanswered
from kardia_ctl.state.objects.reading import Reading, read_objects, transaction
from kardia_ctl.state.objects.row_changes import RowChanges, TableChanges
from kardia_ctl.state.objects.stored_forms import (
    HEAD,
    LOG,
    SNAPSHOTS,
    Segment,
    StateHead,
    damaged,
    decoded,
    encoded,
    segment_name,
    snapshot_body,
)
from kardia_ctl.state.objects.sure_writes import create_surely, swap_surely
from kardia_ctl.state.tables.holder import lost
from kardia_ctl.state.tables.image import copy_tables, opened

T = TypeVar("T")

_TRIES: Final = 10
_SMALLEST_TAIL, _LARGEST_TAIL = 64_000, 4_000_000
_PART: Final = 8
"""The log is folded into a snapshot once it is an eighth of the snapshot's size."""


class ObjectRun:
    """A run, from its takeover to its end. ``commit`` may be called from any thread."""

    def __init__(self, objects: Objects, info: LockInfo, check_lock: Callable[[], None]) -> None:
        self._objects = objects
        self._check_lock = check_lock
        self._info = info
        self._mutex = threading.RLock()
        self._over: StateError | None = None
        self._tail: list[bytes] = []
        self._kept = 0
        self._reading, self._head, self._version = self._taken_over()
        self._changes = RowChanges(self._connection)

    def query(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """The result of a query on what is committed."""
        with self._mutex:
            return query(self._connection)

    def commit(self, write: Callable[[sqlite3.Connection], T]) -> T:
        """Write in one transaction, durably before this returns.

        Raises:
            StateError: another run has taken over, or the log cannot be written; this run is over then.
            sqlite3.Error, UnicodeError: a value cannot be stored; the run goes on.
        """
        with self._transaction():
            result = write(self._connection)
            if changes := self._changes.taken():
                self._append(self._segment(changes=changes))
        return result

    def replace(self, image: bytes, write: Callable[[sqlite3.Connection], T]) -> T:
        """Put an image in place of everything; ``write`` may add to it in the same transaction."""
        with opened(image) as source, self._transaction():
            copy_tables(source, self._connection)
            self._changes.taken()
            result = write(self._connection)
            self._append(self._segment(image=image, changes=self._changes.taken()))
        return result

    def fold(self) -> None:
        """Let the end of the run write a new snapshot, whatever the size of the log."""
        with self._mutex:
            self.check()
            self._folded = True

    def check(self) -> None:
        """Check that this run may still write. Raises ``StateError``."""
        if self._over is not None:
            raise self._over

    def end(self, write: Callable[[sqlite3.Connection], None]) -> None:
        """Write the last rows and close the state: the head then names no open run.

        Raises:
            StateError: another run has taken over, or the head cannot be written.
        """
        with self._transaction():
            write(self._connection)
            if changes := self._changes.taken():
                self._keep(encoded(self._segment(changes=changes)))
        with self._mutex:
            self._close()

    def leave(self) -> None:
        """Free the memory."""
        with self._mutex:
            self._over = self._over or StateError(
                "the lock is not held. This is a bug; please report this line"
            )
            self._reading.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._reading.connection

    def _segment(self, changes: dict[str, TableChanges] | None = None, image: bytes = b"") -> Segment:
        return Segment(run=self._info.id, changes=changes or {}, image=image)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._mutex:
            self.check()
            try:
                with transaction(self._connection):
                    yield
            finally:
                self._changes.taken()

    def _append(self, segment: Segment) -> None:
        body, number = encoded(segment), self._reading.following
        try:
            version = create_surely(self._objects, segment_name(number), body)
        except StateError as error:
            self._over = error
            raise
        except BaseException:
            place = self._objects.place
            self._over = StateError(f"writing the state {place}: a commit was interrupted. Next: apply again")
            raise
        if version is None:
            self._over = self._lost(number)
            raise self._over
        self._reading.following += 1
        self._keep(body)

    def _keep(self, body: bytes) -> None:
        """Keep a segment for the head, unless the run has written too much for that."""
        self._tail.append(body)
        self._kept += len(body)
        if self._kept > _LARGEST_TAIL:
            self._folded = True
            self._tail.clear()

    def _lost(self, number: int) -> StateError:
        found = self._objects.get(segment_name(number))
        segment = decoded(found.body, Segment, self._objects.place) if found else None
        return lost(self._objects.place, LockInfo.decoded(segment.lock) if segment else None)

    def _taken_over(self) -> tuple[Reading, StateHead, str]:
        """Read the state, fence out whoever held it, and name this run in the head."""
        mark = encoded(Segment(run=self._info.id, lock=self._info.encoded()))
        for _ in range(_TRIES):
            self._check_lock()
            reading = read_objects(self._objects)
            try:
                if taken := self._take(reading, mark):
                    return taken
            except BaseException:
                reading.close()
                raise
            reading.close()
        raise damaged(self._objects.place)

    def _take(self, reading: Reading, mark: bytes) -> tuple[Reading, StateHead, str] | None:
        """None when the holder before has replaced the head meanwhile."""
        while create_surely(self._objects, segment_name(reading.following), mark) is None:
            found = self._objects.get(segment_name(reading.following))
            if found is None:
                return None
            reading.apply(found.body)
        number = reading.following
        reading.following += 1
        fences = reading.head.kept(number)
        head = StateHead(
            serial=reading.head.serial + 1,
            snapshot=reading.head.snapshot,
            size=reading.head.size,
            tail=reading.head.tail,
            following=reading.head.following,
            run=self._info.id,
            lock=self._info.encoded(),
            fences=fences,
        )
        body = encoded(head)
        if reading.version is None:
            version = create_surely(self._objects, HEAD, body)
        else:
            version = swap_surely(self._objects, HEAD, body, reading.version)
        if version is None:
            return None
        self._folded = reading.head.run != "" or number > reading.head.following
        return reading, head, version

    def _close(self) -> None:
        before = self._head
        tail = (*before.tail, *self._tail)
        size = sum(map(len, tail))
        limit = min(max(before.size // _PART, _SMALLEST_TAIL), _LARGEST_TAIL)
        snapshot, length = before.snapshot, before.size
        if self._folded or size > limit:
            snapshot, length = self._snapshot()
            tail = ()
        head = StateHead(
            serial=before.serial + 1,
            snapshot=snapshot,
            size=length,
            tail=tail,
            following=self._reading.following,
            fences=before.fences,
        )
        version = swap_surely(self._objects, HEAD, encoded(head), self._version)
        if version is None:
            self._over = self._lost(self._reading.following)
            raise self._over
        with suppress(StateError):
            self._tidy(head)

    def _snapshot(self) -> tuple[str, int]:
        body = snapshot_body(self._connection.serialize())
        name = f"{SNAPSHOTS}{self._reading.following:012}-{uuid4().hex[:12]}"
        if create_surely(self._objects, name, body) is None:
            raise Unanswered(
                f"writing the state {self._objects.place}: {name} exists already. Next: run again"
            )
        return name, len(body)

    def _tidy(self, head: StateHead) -> None:
        """Remove what the head no longer needs. What a failure leaves behind the next run removes."""
        kept = {segment_name(number) for number in head.fences}
        last = segment_name(head.following - 1)
        gone = [name for name in self._objects.names(LOG) if name <= last and name not in kept]
        if head.snapshot != self._head.snapshot:
            gone += [name for name in self._objects.names(SNAPSHOTS) if name < head.snapshot]
        self._objects.remove(gone)
