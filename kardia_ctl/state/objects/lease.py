"""The lease: who holds the single writer's lock, with a counter that moves while the holder lives.

An observer never compares clocks: it watches the counter by its own. A holder whose counter stood still for
the whole time that it promised has lost the lock to whoever replaces the lease first.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import uuid4

from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.objects.objects_port import Objects

LEASE: Final = "lease"
_SHORTEST, _LONGEST = 0.1, 3600.0
_UNREADABLE: Final = 60.0
"""Seconds for which a lease is respected that says nothing readable."""

_DOUBTED: Final = 60.0
"""Seconds by which this machine's clock and the server's may differ."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What the lease object holds. ``seconds`` is for how long a silent holder keeps the lock."""

    info: LockInfo | None
    seconds: float
    token: str
    counter: int = 0
    url: str = ""
    released: bool = False

    @classmethod
    def new(cls, info: LockInfo, seconds: float, url: str) -> "Lease":
        """A run's lease, told apart from all others by a random token."""
        return cls(info, seconds, uuid4().hex, url=url)

    @classmethod
    def decoded(cls, body: bytes) -> "Lease":
        """The lease in an object; one that cannot be read is respected for a minute."""
        try:
            values: dict[str, Any] = json.loads(body)
            return cls(
                LockInfo.decoded(json.dumps(values["lock"]).encode()),
                min(max(float(values["seconds"]), _SHORTEST), _LONGEST),
                str(values["token"]),
                int(values["counter"]),
                str(values["url"]),
                values["released"] is True,
            )
        except (ValueError, KeyError, TypeError):
            return cls(None, _UNREADABLE, "")

    def encoded(self) -> bytes:
        """The object's bytes: JSON, for a person who looks into the bucket."""
        lock = json.loads(self.info.encoded()) if self.info else None
        values = {
            "lock": lock,
            "seconds": self.seconds,
            "token": self.token,
            "counter": self.counter,
            "url": self.url,
            "released": self.released,
        }
        return json.dumps(values).encode()

    def next(self) -> "Lease":
        """The lease after one more heartbeat."""
        return replace(self, counter=self.counter + 1)

    def __str__(self) -> str:
        page = f" ({self.url})" if self.url else ""
        return f"{self.info}{page}" if self.info else "another run"


@dataclass(slots=True)
class Watch:
    """What one observer has seen of the lease, by its own clock. Suspend does not count: it saw nothing then.

    Attributes:
        moved: Whether the lease changed while it was watched.
    """

    clock: Callable[[], float] = time.monotonic
    moved: bool = False
    _version: str = ""
    _since: float = field(default=0.0)

    def silent_for(self, version: str) -> float:
        """For how many seconds this version was seen, at this look."""
        now = self.clock()
        if version != self._version:
            self.moved = bool(self._version)
            self._version, self._since = version, now
        return now - self._since


def running(objects: Objects, watch: Watch, now: float) -> str:
    """The line about a holder that lives as far as is known; empty when it certainly does not.

    Whoever looks once cannot know: the server's time of the last heartbeat then counts, with a minute more
    than was promised. ``now`` is in Unix seconds.
    """
    found = objects.get(LEASE)
    lease = Lease.decoded(found.body) if found else None
    if found is None or lease is None or lease.released:
        return ""
    is_silent = watch.silent_for(found.version) >= lease.seconds
    is_old = now - found.modified > lease.seconds + _DOUBTED
    return "" if is_silent or is_old else f"{lease} is running"
