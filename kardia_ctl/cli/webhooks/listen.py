"""``status --listen``: the funnel, kept current by webhook events until it is stopped."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.interrupts import reacting
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.status_display import StatusDisplay
from kardia_ctl.cli.webhooks.listen_address import ListenAddress
from kardia_ctl.cli.webhooks.recorder import StatusRecorder, merge_samples
from kardia_ctl.model.dialects import CAPABILITIES
from kardia_ctl.model.errors import KEY_REFUSED, ApiError, RunStopped
from kardia_ctl.model.funnel import StatusReport
from kardia_ctl.operations.follow import Following
from kardia_ctl.operations.follow_schedule import GATHER, PendingRead
from kardia_ctl.operations.status import samples
from kardia_ctl.planning.checks.key_tenant import may_record
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.render.status.live import UNSIGNED, UNVERIFIED
from kardia_ctl.render.text import count_of
from kardia_ctl.timing import Clock, wait_for_any

if TYPE_CHECKING:
    from kardia_ctl.cli.webhooks.receiver import Inbox

_GRACE: Final = 5.0
"""Seconds for the reads that are in flight, or still to be sent, after the listener was stopped."""

FirstReading = Callable[[], Awaitable[tuple[PlanInputs, StatusReport]]]
"""Reads the account once, as status does without --listen."""


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """The address to listen on, the page to write, and whether samples are recorded."""

    address: ListenAddress
    path: str
    html: Path | None = None
    records: bool = False


async def follow(
    workspace: Workspace, options: ListenOptions, first: FirstReading, display: StatusDisplay
) -> None:
    """Show the funnel, and keep it current until Ctrl-C, SIGTERM or SIGHUP.

    Raises:
        RunStopped: the address cannot be listened on.
        ApiError: the account cannot be read, or the key was refused.
    """
    from kardia_ctl.cli.webhooks.receiver import Inbox, receiving

    inbox, listener = Inbox(), _bind(options.address)
    _announce(options, listener, workspace)
    async with receiving(listener, options.path, inbox.add, inbox.refuse):
        inputs, report = await first()
        clock = Clock()
        following = Following(inputs, inbox.events, clock)
        store = workspace.store if options.records and may_record(inputs) else None
        recorder = StatusRecorder(options.html, store, display.warn)
        inbox.deliver_to(following.receive)
        try:
            with stop_signals() as stopped:
                await _Follower(workspace, display, recorder, following, clock, report, inbox, stopped).run()
        finally:
            display.close()


def _bind(address: ListenAddress) -> socket.socket:
    from kardia_ctl.cli.webhooks.receiver import bound

    try:
        return bound(address.host, address.port)
    except OSError as error:
        raise RunStopped(
            f"cannot listen on {address.host}:{address.port}: {_why(error)}; try another port, or 0 for a "
            "free one"
        ) from error


def _why(error: OSError) -> str:
    """The system's error text without the address, which asyncio and socket add to it."""
    if error.errno is None or isinstance(error, socket.gaierror):
        return error.strerror or type(error).__name__
    return os.strerror(error.errno)


def _announce(options: ListenOptions, listener: socket.socket, workspace: Workspace) -> None:
    """Print the listening address and that events are not signed, but no path: it may be a secret."""
    address = options.address
    if not address.is_loopback:
        print_message(
            f"Warning: other machines can reach {address.host}: anybody who finds the path can post events, "
            "and the connection is not encrypted. A tunnel to 127.0.0.1 is safer"
        )
    can = CAPABILITIES[workspace.configuration.dialect]
    url = address.url(listener.getsockname()[1])
    place = url + options.path if options.path == "/" else f"{url} at the path of --path"
    print_message(f"Listening on {place}; stop with Ctrl-C. {UNSIGNED if can.shows_patients else UNVERIFIED}")


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C, SIGTERM and SIGHUP set; a later signal cancels the task."""
    loop, stopped, task = asyncio.get_running_loop(), asyncio.Event(), asyncio.current_task()
    assert task is not None  # noqa: S101  (a coroutine runs in a task)

    def react(_: str, later: bool) -> None:
        loop.call_soon_threadsafe(task.cancel if later and stopped.is_set() else stopped.set)

    with reacting(react):
        yield stopped


@dataclass(slots=True)
class _Follower:
    """The loop of a listener: wait for events, read their patients, show and record the counts."""

    workspace: Workspace
    display: StatusDisplay
    recorder: StatusRecorder
    following: Following
    clock: Clock
    report: StatusReport
    inbox: "Inbox"
    stopped: asyncio.Event

    async def run(self) -> None:
        self.display.begin(self.report, self.inbox.events)
        self.recorder.changed()
        self._record()
        while not self.stopped.is_set():
            await self._wait()
            await self._update(self.following.agenda.take(self.clock.now()))
            self.display.show(self.report, self.inbox.events)
            self._record()
        await self._update(self.following.agenda.take(float("inf")))
        self._record(last=True)
        self.display.end(self.report, self.inbox.events)

    async def _wait(self) -> None:
        """Wait until a read or write is due or an event comes; then gather events for ``GATHER`` seconds."""
        times = [at for at in (self.following.agenda.next, self.recorder.next) if at is not None]
        left = max(0.0, min(times) - self.clock.now()) if times else None
        waits = [self.stopped.wait(), self.inbox.arrived.wait()]
        if left is not None:
            waits.append(asyncio.sleep(left, result=True))
        await wait_for_any(*waits)
        if self.inbox.arrived.is_set():
            await wait_for_any(asyncio.sleep(GATHER), self.stopped.wait())
            self.inbox.arrived.clear()

    async def _update(self, reads: Mapping[str, PendingRead]) -> None:
        """Bring some patients up to date. Reads that fail are retried later, with a warning."""
        if not reads:
            return
        before = self.following.cohorts.copy()
        if not self.following.inputs.capabilities.shows_patients:
            self.following.apply_events(reads)
        elif errors := await self._read_back(reads):
            self.display.warn(f"{count_of(len(errors), 'patient')} could not be read: {errors[0]}")
        now = int(self.clock.now())
        unverified, cohorts = len(self.following.unverified), self.following.cohorts.copy()
        fresh = () if unverified or self.report.incomplete else tuple(samples(cohorts, now))
        known = merge_samples(self.report.samples, fresh)
        self.report = replace(self.report, at=now, cohorts=cohorts, unverified=unverified, samples=known)
        if cohorts != before:
            self.recorder.changed()

    async def _read_back(self, reads: Mapping[str, PendingRead]) -> list[ApiError]:
        """Read patients in a session of their own: after an outage a session sends nothing more.

        Raises:
            ApiError: the key was refused.
        """
        work = asyncio.create_task(self._read_in_session(reads))
        if not await _done(work, self.stopped):
            self.display.warn(
                f"stopped before {count_of(len(reads), 'patient')} could be read; status reads them again"
            )
            return []
        try:
            return work.result()
        except ApiError as error:
            if error.stops == KEY_REFUSED:
                raise
            self.following.agenda.postpone(reads.items(), self.clock.now())
            return [error] * len(reads)

    async def _read_in_session(self, reads: Mapping[str, PendingRead]) -> list[ApiError]:
        async with open_account(self.workspace, parallelism=8) as session:
            try:
                return await self.following.read_back(session.reader, reads)
            finally:
                self.report = replace(self.report, reads=self.report.reads + session.requests)

    def _record(self, *, last: bool = False) -> None:
        report, now = self.report, self.clock.now()
        fresh = () if report.unverified or report.incomplete else tuple(samples(report.cohorts, now))
        self.recorder.write_due(report, fresh, now, last=last)


async def _done(work: "asyncio.Task[list[ApiError]]", stopped: asyncio.Event) -> bool:
    """Wait for the work; after a stop, at most ``_GRACE`` seconds. Returns whether it was done in time."""
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((work,), timeout=_GRACE)
    finally:
        stopping.cancel()
        if not work.done():
            work.cancel()
            await asyncio.wait((work,))
    return not work.cancelled()
