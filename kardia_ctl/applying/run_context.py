"""The context of a run that writes: ports, time, the stop signal and the options of one apply."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kardia_ctl.applying.journal import RunBlocking, in_place
from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.ports import Reader, Store, Writer
from kardia_ctl.model.results import Result
from kardia_ctl.model.state import Entry
from kardia_ctl.timing import Clock


def not_audited(_: Result) -> Iterable[Entry]:
    """No entry: for runs that keep no audit log."""
    return ()


def _ignore(_: str) -> None:
    """No-op callback."""


@dataclass(slots=True)
class StopSignal:
    """Once set, nothing more is sent; requests in flight end as usual. ``reason`` is empty until then.

    ``on_set`` is called with the reason, to cancel requests that wait for their turn or for a retry.
    """

    reason: str = ""
    on_set: Callable[[str], None] = _ignore
    _is_set: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, reason: str) -> None:
        """Stop the run. When it is stopped again, the first reason is kept."""
        self.reason = self.reason or reason
        self._is_set.set()
        self.on_set(self.reason)

    async def wait(self) -> None:
        """Wait until it is set."""
        await self._is_set.wait()


def no_password(mrn: str) -> str:
    """The passwords of a run without mobile users: raises ``AssertionError``."""
    raise AssertionError(f"this run has no password for the mobile user of {mrn}")


@dataclass(frozen=True, slots=True)
class RunContext:
    """Everything that a run needs besides the inputs of its plan.

    Attributes:
        reader: Safe reads.
        writer: Requests with an effect.
        store: The state; its lock is held.
        clock: Unix seconds and sleep.
        stop_signal: Set by a signal, or by a result that ends the run.
        requests: How many requests were sent so far.
        deliver_code: Called with each issued code before it is recorded.
        password: The password of the mobile user of an mrn.
        observer: Called when a change starts and ends.
        parallelism: How many writes may be in flight.
        run_blocking: Runs a commit of the store, in a thread or in place.
        audit: The entry of the audit log for the result of a request, none for one that was not sent.
    """

    reader: Reader
    writer: Writer
    store: Store
    clock: Clock
    stop_signal: StopSignal
    requests: Callable[[], int]
    deliver_code: Callable[[IssuedCode], None]
    password: Callable[[str], str] = no_password
    observer: ProgressObserver = field(default_factory=ProgressObserver)
    parallelism: int = 16
    run_blocking: RunBlocking = in_place
    audit: Callable[[Result], Iterable[Entry]] = not_audited
