"""Takes the lease, renews it in a thread, and says whether it is certainly still ours."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from kardia_ctl.model.errors import LockHeld, StateError
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.objects.lease import LEASE, Lease, Watch
from kardia_ctl.state.objects.objects_port import Found, Objects
from kardia_ctl.state.objects.sure_writes import create_surely, swap_surely
from kardia_ctl.state.tables.holder import lost
from kardia_ctl.timing import uptime

_RENEWALS: Final = 4
"""Renewals in the time that the lease promises."""

_POLLS: Final = 12
_LONGEST_POLL: Final = 2.5
_CERTAIN: Final = 0.75
"""The part of the lease for which a renewal proves the lock: the rest is for a request to leave."""


class LeaseHolder:
    """The lease of one run. Methods raise ``StateError`` for what the object store refuses."""

    def __init__(self, objects: Objects, lease: Lease, sleep: Callable[[float], None] = time.sleep) -> None:
        self._objects = objects
        self._lease = lease
        self._sleep = sleep
        self._version = ""
        self._proven = 0.0
        self._lost: StateError | None = None
        self._mutex = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self, timeout: float, first: Callable[[], None]) -> None:
        """Take the lease, from a holder that was silent for as long as it promised if need be.

        Args:
            timeout: For how many seconds to wait for a holder that lives.
            first: Called before the first lease of all is made.

        Raises:
            LockHeld: its holder lives, and ``timeout`` is over.
        """
        watch, over = Watch(), time.monotonic() + timeout
        while True:
            found = self._objects.get(LEASE)
            if found is None:
                first()
            if self._take(found, watch):
                break
            if found is None:
                continue
            other = Lease.decoded(found.body)
            if time.monotonic() >= over and watch.moved:
                raise self._held(other)
            self._sleep(min(other.seconds / _POLLS, _LONGEST_POLL))
        self._thread = threading.Thread(target=self._renew_on, name="lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Check that no other run can hold the lock. Asks the server only when renewals have failed for long.

        Raises:
            StateError: another run has taken it, or nobody knows.
        """
        if self._lost is None and self._age() > self._promise * _CERTAIN:
            with suppress(StateError):
                self.renew()
        if self._lost is not None:
            raise self._lost
        if self._age() > self._promise * _CERTAIN:
            raise StateError(
                f"writing the state {self._objects.place}: the lock could not be renewed for "
                f"{self._age():.0f} s, so another run may hold it by now. Next: check the connection to the "
                "object store, then apply again; it settles what is in doubt"
            )

    def renew(self) -> None:
        """Move the counter; the lock is proven from the moment at which this began."""
        with self._mutex:
            began = uptime()
            if self._lost is None:
                self._swap(self._lease.next(), began)

    def release(self) -> None:
        """End the lease, unless it is another run's. What fails here ends by itself in time."""
        self._ended.set()
        with self._mutex, suppress(StateError):
            if self._version and self._lost is None:
                self._swap(replace(self._lease.next(), released=True), uptime())
        if self._thread is not None:
            self._thread.join(self._promise)

    @property
    def _promise(self) -> float:
        return self._lease.seconds

    def _age(self) -> float:
        return uptime() - self._proven

    def _take(self, found: Found | None, watch: Watch) -> bool:
        began, body = uptime(), self._lease.encoded()
        if found is None:
            version = create_surely(self._objects, LEASE, body)
        elif _is_free(found, watch):
            version = swap_surely(self._objects, LEASE, body, found.version)
        else:
            return False
        self._version, self._proven = version or "", began
        return version is not None

    def _swap(self, lease: Lease, began: float) -> None:
        """Replace our lease. One that an unanswered renewal has left behind is ours as well."""
        version = self._swapped(lease, self._version)
        if version is None:
            found = self._objects.get(LEASE)
            other = Lease.decoded(found.body) if found else None
            if found and other and other.token == self._lease.token:
                version = self._swapped(lease, found.version)
            if version is None:
                self._lost = _taken(self._objects.place, other)
                return
        self._lease, self._version, self._proven = lease, version, began

    def _swapped(self, lease: Lease, version: str) -> str | None:
        return swap_surely(self._objects, LEASE, lease.encoded(), version, self._promise / _RENEWALS)

    def _renew_on(self) -> None:
        while not self._ended.wait(self._promise / _RENEWALS):
            with suppress(StateError):
                self.renew()

    def _held(self, lease: Lease) -> LockHeld:
        return LockHeld(
            f"the state {self._objects.place} is locked: {lease}. It is alive: its heartbeat was seen. Next: "
            "wait until it ends, then run again; a holder that dies is replaced after "
            f"{lease.seconds:g} s, so there is nothing to remove"
        )


def _is_free(found: Found, watch: Watch) -> bool:
    lease = Lease.decoded(found.body)
    return lease.released or watch.silent_for(found.version) >= lease.seconds


def _taken(place: str, other: Lease | None) -> StateError:
    info: LockInfo | None = other.info if other and not other.released else None
    return lost(place, info)
