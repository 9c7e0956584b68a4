"""State in an object store, for runners that share nothing else. Several workspaces share it and its lock."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TypeVar

from kardia_ctl.ci_job import ci_job
from kardia_ctl.model.errors import KardiaError, StateError
from kardia_ctl.model.state import Entry, State
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.objects.conditional_probe import check_conditional
from kardia_ctl.state.objects.lease import Lease, Watch, running
from kardia_ctl.state.objects.lease_holder import LeaseHolder
from kardia_ctl.state.objects.object_archive import ObjectArchive
from kardia_ctl.state.objects.object_errors import stored_values
from kardia_ctl.state.objects.object_run import ObjectRun
from kardia_ctl.state.objects.objects_port import Objects, Traffic
from kardia_ctl.state.objects.reading import SharedReading, read_objects
from kardia_ctl.state.state_store import Archive
from kardia_ctl.state.tables.encryption import Encryption
from kardia_ctl.state.tables.image import EMPTY, image_of
from kardia_ctl.state.tables.rows import workspace_id, write
from kardia_ctl.state.tables.run_marks import last_run, mark_end, mark_start, timestamp
from kardia_ctl.state.tables.sealer import PLAIN, Sealer
from kardia_ctl.state.tables.stored_state import read_state
from kardia_ctl.state.tables.tables import Tables

T = TypeVar("T")


class ObjectStore:
    """The ``Store`` of a prefix in a bucket (see ``kardia_ctl.model.ports``).

    Args:
        objects: The objects below the prefix.
        workspace: The name of the configuration's part of the state.
        lease: For how many seconds a silent holder keeps the lock.
        lock_timeout: How many seconds ``lock`` waits for another holder that lives.
        encryption_key: The root key of encryption at rest; empty for a state that is not encrypted.
        now: Returns Unix seconds.
    """

    commits_slowly = True

    def __init__(
        self,
        objects: Objects,
        workspace: str,
        *,
        lease: float,
        lock_timeout: float = 0.0,
        encryption_key: bytes = b"",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._objects = objects
        self._workspace = workspace
        self._lease = lease
        self._timeout = lock_timeout
        self._encryption = Encryption(encryption_key, objects.place)
        self._sealer: Sealer = PLAIN
        self._now = now
        self._run: ObjectRun | None = None
        self._holder: LeaseHolder | None = None
        self._info: LockInfo | None = None
        self._watch = Watch()
        self._shared = SharedReading(objects)

    @property
    def place(self) -> str:
        """The URL without options."""
        return self._objects.place

    @property
    def archive(self) -> Archive:
        """The snapshots below ``history/``."""
        return ObjectArchive(self._objects)

    @property
    def traffic(self) -> Traffic:
        """What was sent so far."""
        return self._objects.traffic

    def load(self) -> State:
        """Everything recorded in this workspace; an empty ``State`` when there is none. Creates nothing."""
        return self._query(lambda database: read_state(self._encryption.tables(database), self._workspace))

    def commit(self, entries: Iterable[Entry]) -> None:
        """Write a batch durably, whole or not at all; ``serial`` grows when it changed anything.

        Raises:
            StateError: the lock is not held, or is another run's by now, or the batch cannot be written.
        """
        batch = tuple(entries)
        self._commit(lambda tables: write(tables, workspace_id(tables, self._workspace), batch))

    @contextmanager
    def lock(self, operation: str) -> Iterator[None]:
        """Hold the single writer's lock.

        The run counts as finished, also when it was interrupted, unless an unexpected error ends it.

        Raises:
            LockHeld: another run holds it; the message says which, by whom, since when and from where.
            StateError: the state cannot be written, or another run has taken it over.
        """
        info = LockInfo.of_this_process(operation, self._workspace, timestamp(self._now()), self.place)
        try:
            self._open(info)
            try:
                yield
            except StateError:
                with suppress(StateError):
                    self._end(info)
                raise
            except (KardiaError, KeyboardInterrupt):
                self._end(info)
                raise
            except BaseException:
                with suppress(StateError):
                    self._end(None)
                raise
            self._end(info)
        finally:
            self._release()

    def check_lock(self) -> None:
        """Check that no other run can hold the lock by now.

        Waits for the server only when renewals have failed for most of the lease, or this process slept.

        Raises:
            StateError: another run has taken it over, or nobody knows.
        """
        if self._run is not None and self._holder is not None:
            self._run.check()
            self._holder.check()

    def image(self) -> bytes:
        """The whole state as an image (see ``tables.image``)."""
        if self._run is not None:
            return self._run.query(image_of)
        reading = read_objects(self._objects)
        with closing(reading):
            return EMPTY if reading.version is None else image_of(reading.connection)

    def replace(self, image: bytes, encryption: Encryption | None = None) -> None:
        """Put an image in place of the whole state, in one segment of the log."""
        encryption = encryption or self._encryption
        with stored_values(self.place):
            sealer = self._held().replace(image, lambda database: encryption.created(database).sealer)
        self._encryption, self._sealer = encryption, sealer

    def erase(self) -> None:
        """Let the end of the run remove every object that holds what was replaced.

        A bucket that keeps versions keeps them.
        """
        self._held().fold()

    def activity(self) -> str:
        """One line when a run is in progress or ended without finishing, else empty. Never waits."""
        if self._info is not None and self._run is not None:
            return f"{self._info} is running"
        reading = self._shared.read()
        if reading.head.run and (line := running(self._objects, self._watch, self._now())):
            return line
        run = last_run(reading.connection, self._workspace)
        return str(run) if run and not run.ended else ""

    def fingerprint_secret(self) -> bytes:
        """The secret that an encrypted state's header holds; empty without one."""
        return self._query(self._encryption.fingerprint_secret)

    def close(self) -> None:
        """Free what was read."""
        self._shared.forget()

    def _query(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._run is not None:
            return self._run.query(query)
        reading = self._shared.take()
        try:
            return query(reading.connection)
        finally:
            reading.close()

    def _open(self, info: LockInfo) -> None:
        """Take the lock, and the state over."""
        self._shared.forget()
        objects = self._objects
        self._holder = LeaseHolder(objects, Lease.new(info, self._lease, ci_job(os.environ).get("url", "")))
        self._holder.acquire(self._timeout, lambda: check_conditional(objects))
        self._run = ObjectRun(objects, info, self._holder.check)
        self._info = info
        with stored_values(self.place):
            self._run.commit(self._unlock)
        self._commit(partial(self._mark, mark_start, info))

    def _end(self, info: LockInfo | None) -> None:
        """Close the state; ``info`` names a run that counts as finished."""
        marking = None if info is None else partial(self._mark, mark_end, info)
        with stored_values(self.place):
            self._held().end(lambda database: marking(Tables(database, self._sealer)) if marking else None)

    def _release(self) -> None:
        run, self._run = self._run, None
        holder, self._holder = self._holder, None
        if run is not None:
            run.leave()
        if holder is not None:
            holder.release()

    def _unlock(self, database: sqlite3.Connection) -> None:
        self._sealer = self._encryption.created(database).sealer

    def _commit(self, writing: Callable[[Tables], None]) -> None:
        with stored_values(self.place):
            self._held().commit(lambda database: writing(Tables(database, self._sealer)))

    def _held(self) -> ObjectRun:
        if self._run is None:
            raise StateError(
                f"writing the state {self.place}: the lock is not held. "
                "This is a bug; please report this line"
            )
        return self._run

    def _mark(
        self, mark: Callable[[sqlite3.Connection, int, LockInfo, float], None], info: LockInfo, tables: Tables
    ) -> None:
        database = tables.database
        if isinstance(database, sqlite3.Connection):
            mark(database, workspace_id(tables, self._workspace), info, self._now())
