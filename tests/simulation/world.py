"""A whole story: runs that crash, a server that lags, and then better weather until all is well."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.applying.executor import report
from kardia_ctl.applying.journal import RunBlocking
from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.applying.run_context import RunContext, StopSignal
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Configuration, Departure, DepartureAction, Desired
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.plan import Action, Change, Plan
from kardia_ctl.model.results import Result, Status
from kardia_ctl.operations.apply import apply
from kardia_ctl.operations.plan import Preview, observe_and_plan
from kardia_ctl.planning.inputs import Decisions, inputs_of
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.timing import Clock
from tests.simulation.environment.disk import Disk, Mount
from tests.simulation.environment.network import Network, Wire
from tests.simulation.environment.person import looks
from tests.simulation.environment.process import Process
from tests.simulation.environment.server import START, Server
from tests.simulation.scenario import Pause, Plight, Scenario, Trouble

MOST_CALM_RUNS: Final = 8
"""Runs in good weather after which everything has to be as declared.

With waves, a server that refuses the codes of whom it does not yet show stops a run at each patient.
"""

_FINGERPRINT_KEY: Final = b"an invented key for fingerprints"
_NONE: Final = Decisions()
_FAIR: Final = Plight(Trouble.NONE, 0, Pause.NONE, 0, 0)


@dataclass(slots=True)
class Run:
    """One apply. ``results`` is None when it was killed, or stopped by an error."""

    number: int
    plan: Plan | None = None
    results: tuple[Result, ...] | None = None
    error: str = ""
    succeeded: bool = False
    """Whether the command would exit with 0."""
    undone: tuple[str, ...] = ()
    """What was not recorded, or in doubt, when it ended."""
    events: list[tuple[Address, Status | None]] = field(default_factory=list)
    """What was begun (None) and what became of it, in the order of events."""
    calm: bool = False
    spent: int = 0
    """Requests that had arrived when the plan was made."""
    arrived: int = 0

    def begins(self, change: Change) -> None:
        """A change is about to be sent."""
        self.events.append((change.address, None))


@dataclass(slots=True)
class Stopping:
    """Ctrl-C, as ``kardia_ctl.cli.signals`` hears it."""

    stop_signal: StopSignal = field(default_factory=StopSignal)

    def stop(self) -> None:
        self.stop_signal.set("the run was stopped by SIGINT")


@dataclass(slots=True)
class World:
    """Everything beside the program, and what it did."""

    story: Scenario
    server: Server
    network: Network
    tell: Callable[[str], None]
    disk: Disk = field(default_factory=Disk)
    runs: list[Run] = field(default_factory=list)
    codes: list[IssuedCode] = field(default_factory=list)
    state_was_lost: bool = False
    clean: bool = False
    desired: Desired = field(init=False)
    """What is declared by now: somebody edits it when an export has come."""
    told: set[Address] = field(default_factory=set)
    """What a person looked up and settled by hand."""

    def __post_init__(self) -> None:
        leaving = tuple(
            Departure(mrn, DepartureAction.DELETE, "withdrew consent", number, export=True)
            for mrn, number in self.server.leaving.items()
        )
        self.desired = replace(self.story.desired, departures=leaving)

    async def live(self) -> None:
        """The storm, and then better weather until nothing is left to do."""
        loop = asyncio.get_running_loop()
        for mrn, second in self.story.rivals.items():
            loop.call_later(second, self.server.rival, self.story.desired.patients[mrn])
        for plight in self.story.storm:
            await self.run(plight)
            await self._pause(plight)
        self.network.calm = True
        self.tell("the storm is over")
        rng = Random(f"calm/{self.story.seed}")
        for _ in range(MOST_CALM_RUNS + (len(self.story.desired.patients) if self.story.waves else 0)):
            await self.run(_FAIR, await self._ask_a_person())
            await asyncio.sleep(rng.uniform(0, self.story.settle))
            if self._is_settled(self.runs[-1]):
                self.clean = True
                break
        await asyncio.sleep(2 * self.story.settle)
        await self.run(_FAIR)

    def recorded(self, mrn: str) -> str:
        """The id that state has for an mrn, empty when it has none."""
        return self.disk.patients[mrn].id if mrn in self.disk.patients else ""

    def _is_settled(self, run: Run) -> bool:
        """Whether the run found nothing to do, but for mrns that somebody else uses too."""
        if run.plan is None or run.plan.stops:
            return False
        return all(
            change.action is Action.BLOCKED and change.address.names[0] in self.story.rivals
            for change in run.plan.changes
        )

    async def _pause(self, plight: Plight) -> None:
        if plight.pause is Pause.STATE_LOST:
            self.disk = Disk()
            self.state_was_lost = True
            self.tell("state is lost")
        await asyncio.sleep(plight.seconds)

    async def _ask_a_person(self) -> Decisions:
        """What cannot be read back is for a person, who waits until nothing can be under way any more."""
        if not self.story.desired.users and not self.story.leaving:
            return Decisions()
        await asyncio.sleep(2 * self.story.settle)
        return looks(self, Mount(self.disk, Process(-1, self.tell)))

    async def run(self, plight: Plight, decisions: Decisions = _NONE) -> None:
        """One apply, in its own process, to its end or its death."""
        run = Run(len(self.runs), calm=self.network.calm)
        self.runs.append(run)
        process = Process(run.number, self.tell, int(plight.when) if plight.trouble is Trouble.CRASH else 0)
        store = Mount(self.disk, process, int(plight.when) if plight.trouble is Trouble.FULL_DISK else None)
        stopping = Stopping()
        self.tell(f"run {run.number} begins")
        loop = asyncio.get_running_loop()
        apply = loop.create_task(self._apply(run, process, store, stopping, plight.ahead, decisions))
        alarm = None
        if plight.trouble is Trouble.KILL:
            alarm = loop.call_later(plight.when, process.die, "just then")
        elif plight.trouble is Trouble.BRAKE:
            alarm = loop.call_later(plight.when, stopping.stop)
        elif plight.trouble is Trouble.ABORT:
            alarm = loop.call_later(plight.when, apply.cancel)
        await asyncio.wait([apply])
        process.over = True
        if alarm:
            alarm.cancel()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert process.dead or not left, f"a run left tasks behind: {left}"
        await asyncio.gather(*left, return_exceptions=True)
        self._note_end(run, process, apply)
        run.undone = tuple(str(one) for one in self.disk.intents) + tuple(
            mrn for mrn in self.story.desired.patients if not self.recorded(mrn)
        )

    def _note_end(self, run: Run, process: Process, apply: asyncio.Task[None]) -> None:
        error = None if apply.cancelled() else apply.exception()
        if process.dead or apply.cancelled():
            run.error = "killed" if process.dead else "aborted"
        elif isinstance(error, KardiaError):
            run.error = str(error)
        elif error is not None:
            raise error
        self.tell(f"run {run.number} ends: {run.error or 'by itself'}")

    async def _apply(
        self, run: Run, process: Process, store: Mount, stopping: Stopping, ahead: float, decisions: Decisions
    ) -> None:
        """As ``kardia-ctl apply --auto-approve``, in the order in which the command does it."""
        story, loop = self.story, asyncio.get_running_loop()
        clock = Clock(lambda: START + loop.time() + ahead, asyncio.sleep)
        before = self.network.arrivals
        configuration = Configuration(
            Path(), self.desired, story.dialect, settle=story.settle, waves=story.waves
        )
        inputs = inputs_of(configuration, store.load(), clock.now(), _FINGERPRINT_KEY, decisions)
        async with self._session(run, process, clock) as session:
            seen = await observe_and_plan(session.reader, inputs, lambda: session.requests)
            run.plan, run.spent = seen.plan, self.network.arrivals - before
            self.tell(f"plan: {_said(seen.plan)}")
            if not seen.plan.stops:
                await self._go_on(run, session, seen, store, stopping, clock)
        run.arrived = self.network.arrivals - before

    def _session(self, run: Run, process: Process, clock: Clock) -> AbstractAsyncContextManager[Session]:
        return open_session(
            "http://127.0.0.1",
            API_KEY,
            dialect=self.story.dialect,
            parallelism=self.story.parallelism,
            http_transport=Wire(self.network, process),
            sleep=asyncio.sleep,
            rng=Random(f"jitter/{self.story.seed}/{run.number}"),
            now=clock.now,
        )

    async def _go_on(
        self, run: Run, session: Session, seen: Preview, store: Mount, stopping: Stopping, clock: Clock
    ) -> None:
        story, stop_signal = self.story, stopping.stop_signal
        context = RunContext(
            session.reader,
            session.writer(),
            store,
            clock,
            stop_signal,
            lambda: session.requests,
            self.codes.append,
            lambda mrn: f"an invented password for {mrn}",
            parallelism=story.parallelism,
            run_blocking=_beside(Random(f"disk/{story.seed}/{run.number}")),
        )

        @contextmanager
        def writing() -> Iterator[ProgressObserver]:
            stop_signal.on_set = session.halt
            yield ProgressObserver(run.begins, self._told(run))

        run.results = await apply(seen, context, writing, warn=lambda _: None)
        run.succeeded = report(seen.plan, run.results, stop_signal).succeeded

    def _told(self, run: Run) -> Callable[[Result], None]:
        def told(result: Result) -> None:
            run.events.append((result.address, result.status))
            self.tell(f"{result.address}: {result.status} {result.detail}")

        return told


def _beside(rng: Random) -> RunBlocking:
    """The disk takes a while, so that steps share a commit."""

    async def beside(work: Callable[[], None]) -> None:
        await asyncio.sleep(rng.uniform(0, 0.05))
        work()

    return beside


def _said(plan: Plan) -> str:
    changes = [f"{change.action} {change.address} {change.cause}" for change in plan.changes]
    return "; ".join([*changes, *plan.stops]) or "empty"
