"""``status --listen``: the funnel, kept current by webhook events until it is stopped."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kardia_ctl.applying.clock import Clock, steady
from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.status_screens import Screen
from kardia_ctl.cli.webhooks.inbox import Inbox
from kardia_ctl.cli.webhooks.listen_address import ListenAddress
from kardia_ctl.cli.webhooks.recorder import Keeper, later
from kardia_ctl.model.dialects import CAPABILITIES
from kardia_ctl.model.errors import KEY_REFUSED, ApiError, RunStopped
from kardia_ctl.model.funnel import StatusReport
from kardia_ctl.operations.follow import Following
from kardia_ctl.operations.follow_schedule import GATHER, Look
from kardia_ctl.operations.status import samples
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.render.status.live import UNSIGNED, UNVERIFIED
from kardia_ctl.render.text import count_of

_LAST: Final = 5.0
"""Seconds for the reads that are under way, or still to be sent, when it is told to end."""

First = Callable[[], Awaitable[tuple[PlanInputs, StatusReport]]]
"""Reads the account once, as status does without --listen."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What was asked for: where to listen, what to write besides, whether samples are kept."""

    address: ListenAddress
    path: str
    html: Path | None = None
    records: bool = False


async def follow(workspace: Workspace, wanted: Listening, first: First, screen: Screen) -> None:
    """Show the funnel, and keep it current until SIGINT or SIGTERM.

    Raises:
        RunStopped: the address cannot be listened on.
        ApiError: the account cannot be read, or the key was refused.
    """
    from kardia_ctl.cli.webhooks.receiver import receiving

    inbox, listener = Inbox(), _bound(wanted.address)
    _announce(wanted, listener, workspace)
    async with receiving(listener, wanted.path, inbox.hear, inbox.refuse):
        inputs, report = await first()
        clock = steady()
        following = Following(inputs, inbox.heard, clock.now)
        keeper = Keeper(wanted.html, workspace.store if wanted.records else None, screen.warn)
        inbox.open(following.hear)
        with ending() as stopped:
            await _Run(workspace, screen, keeper, following, clock, report, inbox, stopped).run()


def _bound(address: ListenAddress) -> socket.socket:
    from kardia_ctl.cli.webhooks.receiver import bound

    try:
        return bound(address.host, address.port)
    except OSError as error:
        raise RunStopped(
            f"{address.host}:{address.port} cannot be listened on: {_why(error)}; try another "
            "port, or 0 for a free one"
        ) from error


def _why(error: OSError) -> str:
    """The system's own words; asyncio and socket add the address, which is said already."""
    if error.errno is None or isinstance(error, socket.gaierror):
        return error.strerror or type(error).__name__
    return os.strerror(error.errno)


def _announce(wanted: Listening, listener: socket.socket, workspace: Workspace) -> None:
    """Say where deliveries are taken and what they are worth. The path may be a secret and is not said."""
    address = wanted.address
    if not address.is_loopback:
        print_message(
            f"Warning: {address.host} can be reached from other machines: whoever finds the path can post "
            "events, and nothing on the way is encrypted. A tunnel to 127.0.0.1 is safer"
        )
    can = CAPABILITIES[workspace.configuration.dialect]
    url = address.url(listener.getsockname()[1])
    place = url + wanted.path if wanted.path == "/" else f"{url} at the path that was given"
    print_message(f"Listening on {place}; Ctrl-C ends it. {UNSIGNED if can.shows_patients else UNVERIFIED}")


@contextmanager
def ending() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@dataclass(slots=True)
class _Run:
    workspace: Workspace
    screen: Screen
    keeper: Keeper
    following: Following
    clock: Clock
    report: StatusReport
    inbox: Inbox
    stopped: asyncio.Event

    async def run(self) -> None:
        self.screen.begin(self.report, self.inbox.heard)
        self.keeper.changed()
        self._keep()
        while not self.stopped.is_set():
            await self._wait()
            await self._act(self.following.agenda.take(self.clock.now()))
            self.screen.show(self.report, self.inbox.heard)
            self._keep()
        await self._act(self.following.agenda.take(float("inf")))
        self._keep(last=True)
        self.screen.end(self.report, self.inbox.heard)

    async def _wait(self) -> None:
        """Until something is due, or arrived; what arrives gathers for a moment."""
        times = [at for at in (self.following.agenda.next, self.keeper.next) if at is not None]
        left = max(0.0, min(times) - self.clock.now()) if times else None
        await _first(left, self.stopped, self.inbox.arrived)
        if self.inbox.arrived.is_set():
            await _first(GATHER, self.stopped)
            self.inbox.arrived.clear()

    async def _act(self, looks: Mapping[str, Look]) -> None:
        """Look at some patients. Reads that fail are tried again later; that is a warning."""
        if not looks:
            return
        before = self.following.cohorts.copy()
        if not self.following.inputs.capabilities.shows_patients:
            self.following.take_told(looks)
        elif errors := await self._read_back(looks):
            self.screen.warn(f"{count_of(len(errors), 'patient')} could not be read: {errors[0]}")
        now = int(self.clock.now())
        told, cohorts = len(self.following.told), self.following.cohorts.copy()
        fresh = () if told or self.report.incomplete else tuple(samples(cohorts, now))
        self.report = replace(
            self.report, at=now, cohorts=cohorts, told=told, samples=later(self.report.samples, fresh)
        )
        if cohorts != before:
            self.keeper.changed()

    async def _read_back(self, looks: Mapping[str, Look]) -> list[ApiError]:
        """Read with a session of its own: one that an outage has ended reads nothing any more.

        Raises:
            ApiError: the key was refused.
        """
        work = asyncio.create_task(self._with_session(looks))
        if not await _done(work, self.stopped):
            self.screen.warn(
                f"{count_of(len(looks), 'patient')} not read any more: status shows where they are"
            )
            return []
        try:
            return work.result()
        except ApiError as error:
            if error.stops == KEY_REFUSED:
                raise
            self.following.agenda.postpone(looks.items(), self.clock.now())
            return [error] * len(looks)

    async def _with_session(self, looks: Mapping[str, Look]) -> list[ApiError]:
        async with open_account(self.workspace, parallelism=8) as session:
            try:
                return await self.following.read_back(session.reader, looks)
            finally:
                self.report = replace(self.report, reads=self.report.reads + session.requests)

    def _keep(self, *, last: bool = False) -> None:
        report, now = self.report, self.clock.now()
        fresh = () if report.told or report.incomplete else tuple(samples(report.cohorts, now))
        self.keeper.keep(report, fresh, now, last=last)


async def _first(seconds: float | None, *events: asyncio.Event) -> None:
    """Until one of the events is set, or the time has passed."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _done(work: "asyncio.Task[list[ApiError]]", stopped: asyncio.Event) -> bool:
    """Wait for the work; only a moment longer once it is told to end, and then cancel it."""
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((work,), timeout=_LAST)
    finally:
        stopping.cancel()
        if not work.done():
            work.cancel()
            await asyncio.wait((work,))
    return not work.cancelled()
