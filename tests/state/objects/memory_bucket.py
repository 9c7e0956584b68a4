"""A bucket in memory, and faults between a store and its bucket."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from kardia_ctl.state.objects.object_store import ObjectStore
from kardia_ctl.state.objects.objects_port import Changed, Existing, Found, Traffic, Unanswered

LEASE = 0.2

Hook = Callable[[str, str], None]
"""Is given the operation and the name; may raise, and may do something else meanwhile."""


def nothing(_operation: str, _name: str) -> None:
    """Nothing happens."""


@dataclass
class MemoryBucket:
    """What a server stores. ``honours_create`` and ``honours_swap``: whether it refuses a stale write."""

    honours_create: bool = True
    honours_swap: bool = True
    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    mutex: threading.RLock = field(default_factory=threading.RLock)
    _versions: "count[int]" = field(default_factory=count)

    def let_the_lease_end(self) -> None:
        """As if its holder had been silent for long enough."""
        if "lease" in self.objects:
            body, _ = self.objects["lease"]
            self.write("lease", body.replace(b'"released": false', b'"released": true'))

    def write(self, name: str, body: bytes) -> str:
        version = str(next(self._versions))
        self.objects[name] = body, version
        return version


@dataclass
class Line:
    """The ``Objects`` of one process: ``before`` and ``after`` see each request pass."""

    bucket: MemoryBucket
    before: Hook = nothing
    after: Hook = nothing
    place: str = "s3://clinic-state/kardia"
    traffic: Traffic = field(default_factory=Traffic)

    def get(self, name: str) -> Found | None:
        self._begin("get", name)
        with self.bucket.mutex:
            found = self.bucket.objects.get(name)
        self.after("get", name)
        return Found(*found, modified=0.0) if found else None

    def create(self, name: str, body: bytes) -> str:
        self._begin("create", name)
        with self.bucket.mutex:
            if name in self.bucket.objects and self.bucket.honours_create:
                raise Existing
            version = self.bucket.write(name, body)
        self.after("create", name)
        return version

    def swap(self, name: str, body: bytes, version: str) -> str:
        self._begin("swap", name)
        with self.bucket.mutex:
            found = self.bucket.objects.get(name)
            if self.bucket.honours_swap and (found is None or found[1] != version):
                raise Changed
            version = self.bucket.write(name, body)
        self.after("swap", name)
        return version

    def put(self, name: str, body: bytes) -> None:
        self._begin("put", name)
        with self.bucket.mutex:
            self.bucket.write(name, body)
        self.after("put", name)

    def names(self, folder: str, after: str = "") -> Sequence[str]:
        self._begin("names", folder)
        with self.bucket.mutex:
            found = sorted(name for name in self.bucket.objects if name.startswith(folder) and name > after)
        self.after("names", folder)
        return found

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._begin("remove", name)
            with self.bucket.mutex:
                self.bucket.objects.pop(name, None)
            self.after("remove", name)

    def store(
        self, workspace: str = "default", *, lease: float = LEASE, lock_timeout: float = 0.0
    ) -> ObjectStore:
        """A store on this line."""
        return ObjectStore(self, workspace, lease=lease, lock_timeout=lock_timeout)

    def _begin(self, operation: str, name: str) -> None:
        self.traffic.requests += 1
        self.before(operation, name)


class Killed(BaseException):
    """The process has ended: nothing of it runs any more."""


@dataclass
class Fate:
    """What happens at one request of a line, those of the lease's thread not counted.

    Attributes:
        number: Which request, from 0.
        error: What is raised there.
        lasting: Whether every later request fails as well.
    """

    number: int
    error: type[BaseException]
    lasting: bool = False
    passed: int = 0
    met: bool = False

    def __call__(self, operation: str, name: str) -> None:
        if threading.current_thread().name == "lease":
            if self.met and self.lasting:
                raise Unanswered("the process has ended")
            return
        number, self.passed = self.passed, self.passed + 1
        if number == self.number or (self.met and self.lasting):
            self.met = True
            raise self.error(f"{operation} {name}")


def no_renewal(operation: str, name: str) -> None:
    """A lease whose holder is silent: its thread is stopped."""
    if threading.current_thread().name == "lease":
        raise Unanswered("the thread is stopped")
