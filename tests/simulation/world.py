"""A whole story: runs that crash against a lagging server, then undisturbed runs until all is as declared."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.applying.executor import report
from kardia_ctl.applying.journal import RunBlocking
from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.applying.run_context import RunContext, StopSignal
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Configuration, Departure, DepartureAction, Desired, Dialect, Limits
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.plan import Action, Change, Plan
from kardia_ctl.model.results import Result, Status
from kardia_ctl.model.state import Intent, PatientRecord
from kardia_ctl.operations.apply import apply
from kardia_ctl.operations.future_stamps import stamped_anew
from kardia_ctl.operations.plan import Preview, observe_and_plan
from kardia_ctl.planning.apply_stages import LookAtEnd, stages_of
from kardia_ctl.planning.inputs import Decisions, inputs_of
from kardia_ctl.sandbox.data.invented import API_KEY, TEAM_ID
from kardia_ctl.timing import Clock
from tests.simulation.environment.disk import Disk, Mount
from tests.simulation.environment.machine import Machine
from tests.simulation.environment.network import Network, Wire
from tests.simulation.environment.outside import Outside
from tests.simulation.environment.person import settle_by_hand
from tests.simulation.environment.process import Process
from tests.simulation.environment.server import Server
from tests.simulation.hazards import Meanwhile
from tests.simulation.scenario import Pause, Scenario, ScriptedRun, Trouble

MOST_CALM_RUNS: Final = 8
"""Undisturbed runs after which everything must be as declared.

With waves, a server that refuses codes for patients it does not list yet stops a run at each patient.
"""

_CALM_AND_BUSY: Final = 2
"""Undisturbed runs in which a busy list still grows."""

_NONE: Final = Decisions()
UNDISTURBED: Final = ScriptedRun(Trouble.NONE, 0, Pause.NONE, 0, 0)


@dataclass(slots=True)
class Run:
    """One apply. ``results`` is None when it was killed, or stopped by an error."""

    number: int
    disk: Disk
    machine: int = 0
    plan: Plan | None = None
    results: tuple[Result, ...] | None = None
    error: str = ""
    succeeded: bool = False
    """Whether the command would exit with 0."""
    unsent: tuple[str, ...] = ()
    """What it left in doubt although it never sent it, after an abort."""
    undone: tuple[str, ...] = ()
    """What was not recorded, or was in doubt, when it ended; without what --limit left out."""
    events: list[tuple[Address, Status | None]] = field(default_factory=list)
    """Each change that began (None), and its status, in the order of events."""
    calm: bool = False
    most: int = 0
    """The most that it may send, counting what is sent again; 0 is no limit."""
    saved: bool = False
    """Whether it applies a saved plan."""
    spent: int = 0
    """Requests that had arrived when the plan was made."""
    arrived: int = 0
    found: Mapping[Address, Intent] = field(default_factory=dict)
    """The intents of earlier runs, with stamps from the future made anew as the run does it."""
    seconds: float = 0.0
    """How long it took, without suspend."""
    look: int = 0
    """Requests that the plan counted for the look at the end."""
    was_suspended: bool = False
    """Whether the machine was suspended during the run."""
    listed: int = 0
    """How many pages of the list all runs had read when its plan was made."""
    stopped: str = ""
    """Why it stopped early."""
    ended: float = 0.0
    """When it ended, in the server's seconds."""

    def recorded(self, mrn: str) -> str:
        """The id that its state has for an mrn, empty when it has none."""
        return self.disk.patients[mrn].id if mrn in self.disk.patients else ""

    def begins(self, change: Change) -> None:
        """A change is about to be sent."""
        self.events.append((change.address, None))


@dataclass(slots=True)
class Stopping:
    """Ctrl-C, as ``kardia_ctl.cli.signals`` handles it."""

    stop_signal: StopSignal = field(default_factory=StopSignal)
    session: Session | None = None
    aborted: bool = False

    def stop(self) -> None:
        self.stop_signal.set("the run was stopped by SIGINT")

    def abort(self) -> None:
        """A second Ctrl-C comes at once: whatever the first one has begun is cut off."""
        self.stop()
        self.aborted = True
        if self.session is not None:
            self.session.abort()


@dataclass(slots=True)
class World:
    """Everything around the program, and a record of what the program did."""

    story: Scenario
    server: Server
    network: Network
    outside: Outside
    log: Callable[[str], None]
    disk: Disk = field(default_factory=Disk)
    runs: list[Run] = field(default_factory=list)
    codes: list[IssuedCode] = field(default_factory=list)
    state_was_lost: bool = False
    doubts_were_lost: bool = False
    clean: bool = False
    desired: Desired = field(init=False)
    """What is declared now: a person edits it when an export arrives."""
    settled_by_hand: set[Address] = field(default_factory=set)
    """What a person checked and settled by hand."""
    key: bytes = b"an invented key for fingerprints"
    recorded_elsewhere: str = ""
    """What is wrong with state after a run with the key of another account."""

    def __post_init__(self) -> None:
        leaving = tuple(
            Departure(mrn, DepartureAction.DELETE, "withdrew consent", number, export=True)
            for mrn, number in self.server.leaving.items()
        )
        if (leaver := self.server.leaver) is not None:
            self.disk = Disk(exists=True, patients={leaver.leaver.mrn: PatientRecord(leaver.id)})
            entry = Departure(leaver.leaver.mrn, DepartureAction.DELETE, "withdrew consent", leaver.id)
            leaving = (*leaving, entry)
        if (twin := self.server.twin) is not None:
            entry = Departure(twin.mrn, DepartureAction.DELETE, "entered twice", twin.leaves)
            leaving = (*leaving, entry)
        wrong = self.story.hazards.wrong_key
        team = TEAM_ID if wrong is not None and wrong.declared else ""
        self.desired = replace(self.story.desired, departures=leaving, team=team)

    def close(self) -> None:
        """Nothing of it is left."""

    async def live(self) -> None:
        """The faulty runs, and then undisturbed ones until nothing is left to do."""
        for mrn, second in self.story.rivals.items():
            self.outside.call_later(second, partial(self.server.rival, self.story.desired.patients[mrn]))
        if self.server.leaver is not None:
            self.outside.call_later(self.server.leaver.leaver.second, self.server.leaver.happens)
        for scripted in self.story.faulty_runs:
            await self.run(scripted)
            await self._pause(scripted)
        self.network.calm = True
        self.log("the faulty runs are over")
        rng = Random(f"calm/{self.story.seed}")
        for _ in range(MOST_CALM_RUNS + (len(self.story.desired.patients) if self.story.waves else 0)):
            await self.run(UNDISTURBED, await self._ask_a_person())
            await asyncio.sleep(rng.uniform(0, self.story.settle))
            if self._is_settled(self.runs[-1]):
                self.clean = True
                break
        await asyncio.sleep(2 * self.story.settle)
        await self.run(UNDISTURBED)

    def recorded(self, mrn: str) -> str:
        """The id that state has for an mrn, empty when it has none."""
        return self.disk.patients[mrn].id if mrn in self.disk.patients else ""

    def _is_settled(self, run: Run) -> bool:
        """Whether the run had nothing to do, except for mrns that somebody else uses too."""
        if run.plan is None or run.plan.stops:
            return False
        return all(
            change.action is Action.BLOCKED and change.address.names[0] in self.staying_blocked
            for change in run.plan.changes
        )

    @property
    def staying_blocked(self) -> set[str]:
        """The mrns that stay blocked: of others, altered by the server, or whose deletion would destroy."""
        leaver = self.server.leaver
        held = set() if leaver is None or leaver.held is None else {leaver.leaver.mrn}
        return {*self.story.rivals, *self.server.altered, *self.server.snatched} | held

    async def _pause(self, scripted: ScriptedRun) -> None:
        if len(self.runs) == self.story.hazards.renamed:
            self.disk = self.disk.renamed()
            self.state_was_lost = True  # as far as the new name knows
            self.log("the workspace is renamed")
        if scripted.pause is Pause.STATE_LOST:
            self.disk = Disk()
            self.state_was_lost = self.doubts_were_lost = True
            self.log("state is lost")
        await asyncio.sleep(scripted.seconds)

    async def _ask_a_person(self) -> Decisions:
        """What cannot be read back needs a person, who waits until nothing can be in flight any more."""
        self._say_what_is_done()
        is_readable = self.story.dialect is not Dialect.PRO
        if is_readable and not self.story.desired.users and not self.story.leaving:
            return Decisions()
        await asyncio.sleep(2 * self.story.settle)
        return settle_by_hand(self, Mount(self.disk, Process(-1, self.log)))

    def _say_what_is_done(self) -> None:
        """A person who knows that somebody is gone, and that no record of a deletion is left, says so."""
        leaver, twin = self.server.leaver, self.server.twin
        if twin is not None and self.state_was_lost:
            self._say_that_is_done(twin.leaves)
        if leaver is not None and (
            self.state_was_lost or leaver.leaver.meanwhile is Meanwhile.DELETED_ELSEWHERE
        ):
            self._say_that_is_done(leaver.id)

    def _say_that_is_done(self, patient_id: str) -> None:
        if self.server.account.patients.get(patient_id) is None:
            departures = tuple(
                replace(entry, done="2001-03-02") if entry.id == patient_id else entry
                for entry in self.desired.departures
            )
            self.desired = replace(self.desired, departures=departures)

    async def run(self, scripted: ScriptedRun, decisions: Decisions = _NONE, machine: int = 0) -> Run:
        """One apply, in its own process, to its end or its death."""
        run = Run(len(self.runs), self._disk_of(machine), machine, calm=self.network.calm)
        self.runs.append(run)
        process = Process(
            run.number,
            self.log,
            int(scripted.when) if scripted.trouble is Trouble.CRASH else 0,
            machine=machine,
        )
        room = int(scripted.when) if scripted.trouble is Trouble.FULL_DISK else None
        store = self._mounted(run, process, room)
        stopping = Stopping()
        self.network.growing = self._newcomers(run)
        self.log(f"run {run.number} begins")
        kept = self._goes_elsewhere(run)
        loop = asyncio.get_running_loop()
        began, clocks = loop.time(), self._machine(run, scripted)
        apply = loop.create_task(self._apply(run, process, store, stopping, Clock(clocks), decisions))
        alarm = None
        if scripted.trouble is Trouble.KILL:
            alarm = loop.call_later(scripted.when, process.die, "just then")
        elif scripted.trouble is Trouble.BRAKE:
            alarm = loop.call_later(scripted.when, stopping.stop)
        elif scripted.trouble is Trouble.ABORT:
            alarm = loop.call_later(scripted.when, stopping.abort)
        await asyncio.wait([apply])
        process.over = True
        if alarm:
            alarm.cancel()
        clocks.end()
        run.was_suspended = clocks.was_suspended
        run.seconds = loop.time() - began
        run.ended = self.outside.time()
        await self._end_tasks(process)
        self._note_end(run, process, apply, stopping)
        if kept is not None and run.disk != kept:
            self.recorded_elsewhere = f"run {run.number} recorded something with the key of another account"
        if run.error == "aborted":
            run.unsent = self._unsent(run)
        beyond = run.plan is not None and run.plan.left > 0
        run.undone = tuple(
            str(one) for one in run.disk.intents if one.kind is Kind.PATIENT or not beyond
        ) + tuple(mrn for mrn in self.story.desired.patients if not (run.recorded(mrn) or beyond))
        return run

    def _disk_of(self, _machine: int) -> Disk:
        return self.disk

    def _mounted(self, run: Run, process: Process, room: int | None) -> Mount:
        """The store of a run."""
        return Mount(run.disk, process, room)

    def _newcomers(self, run: Run) -> int:
        """How many strangers come at most before each page that a run reads."""
        calm = sum(one.calm for one in self.runs)
        return self.story.hazards.growing if not run.calm or calm <= _CALM_AND_BUSY else 0

    async def _end_tasks(self, process: Process) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert process.dead or not left, f"a run left tasks behind: {left}"
        await asyncio.gather(*left, return_exceptions=True)

    def _goes_elsewhere(self, run: Run) -> Disk | None:
        """The disk as it was, when this run has the key of another account and a team is expected."""
        elsewhere = self.network.elsewhere
        if elsewhere is None or run.calm or elsewhere.run is not None or run.number < elsewhere.wrong.first:
            return None
        if not (self.desired.team or run.disk.notes.get("team")):
            return None
        elsewhere.run = run.number
        self.log(f"run {run.number} has the key of another account")
        return deepcopy(run.disk)

    def _limited(self, run: Run, decisions: Decisions) -> tuple[Desired, Decisions]:
        """What is declared and decided, with the limits of the faulty runs."""
        hazards, desired = self.story.hazards, self.desired
        if run.calm or not (hazards.limit or hazards.limits):
            return desired, decisions
        total = sum(1 + len(want.codes) for want in desired.patients.values())
        run.most = hazards.limit or total
        if hazards.limit:
            return desired, replace(decisions, limit=hazards.limit)
        return replace(desired, limits=Limits(create=total)), decisions

    def _machine(self, run: Run, scripted: ScriptedRun) -> Machine:
        """The machine of a run, which is suspended only where nothing kills the run before it continues."""
        machine = Machine(self.story.hazards.clocks, run.number, scripted.ahead, self.outside, self.log)
        machine.begin(may_sleep=scripted.trouble in (Trouble.NONE, Trouble.BRAKE, Trouble.ABORT))
        return machine

    def _unsent(self, run: Run) -> tuple[str, ...]:
        """What a run recorded as in doubt and never sent: creates, and the orders of pro."""
        orders = {(mrn, template) for number, mrn, template in self.network.orders if number == run.number}
        orders |= {(sending.mrn, "") for sending in self.network.sendings if sending.run == run.number}
        return tuple(
            str(address)
            for address, intent in run.disk.intents.items()
            if run.found.get(address) != intent
            and (order := self._order(address, intent)) is not None
            and order not in orders
        )

    def _order(self, address: Address, intent: Intent) -> tuple[str, str] | None:
        """What an intent orders, as the network notes it; None for what it does not note."""
        if address.kind is Kind.PATIENT and intent.operation == Action.CREATE:
            return address.names[0], ""
        if address.kind is Kind.CONNECTION_CODE and self.story.dialect is Dialect.PRO:
            return address.names[0], intent.target
        return None

    def _note_end(self, run: Run, process: Process, apply: asyncio.Task[None], stopping: Stopping) -> None:
        error = None if apply.cancelled() else apply.exception()
        if process.dead or apply.cancelled():
            run.error = "killed" if process.dead else "aborted"
        elif isinstance(error, KardiaError):
            run.error = str(error)
        elif error is not None:
            raise error
        elif stopping.aborted:
            run.error = "aborted"
        self.log(f"run {run.number} ends: {run.error or 'by itself'}")

    async def _apply(
        self, run: Run, process: Process, store: Mount, stopping: Stopping, clock: Clock, decisions: Decisions
    ) -> None:
        """As ``kardia-ctl apply --auto-approve``, in the order in which the command does it."""
        story = self.story
        anew = stamped_anew(run.disk.intents.values(), clock.began)
        run.found = run.disk.intents | {entry.intent.address: entry.intent for entry in anew}
        desired, decisions = self._limited(run, decisions)
        configuration = Configuration(Path(), desired, story.dialect, settle=story.settle, waves=story.waves)
        inputs = inputs_of(configuration, store.load(), clock.instant(), self.key, decisions)
        async with self._session(run, process, clock) as session:
            preview = await observe_and_plan(session.reader, inputs, lambda: session.requests, clock.now)
            run.plan, run.spent = preview.plan, self.network.arrivals[run.number]
            run.listed = len(self.network.listings)
            self.log(f"plan: {_summary(preview.plan)}")
            if not preview.plan.stops:
                await self._go_on(run, session, preview, store, stopping, clock)
        run.arrived = self.network.arrivals[run.number]

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
        self, run: Run, session: Session, preview: Preview, store: Mount, stopping: Stopping, clock: Clock
    ) -> None:
        story, stop_signal = self.story, stopping.stop_signal
        stages = stages_of(preview.inputs, preview.plan.changes)
        run.look = sum(stage.requests for stage in stages if isinstance(stage, LookAtEnd))
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
            stop_signal.on_set, stopping.session = session.halt, session
            yield ProgressObserver(run.begins, self._on_result(run))

        run.saved = story.hazards.saved and not run.calm
        saved = f"plan {run.number}" if run.saved else ""
        run.results = await apply(preview, context, writing, warn=lambda _: None, saved_plan=saved)
        run.stopped = stop_signal.reason
        run.succeeded = report(preview.plan, run.results, stop_signal).succeeded

    def _on_result(self, run: Run) -> Callable[[Result], None]:
        def on_result(result: Result) -> None:
            run.events.append((result.address, result.status))
            self.log(f"{result.address}: {result.status} {result.detail}")

        return on_result


def _beside(rng: Random) -> RunBlocking:
    """The disk takes a while, so that steps share a commit."""

    async def beside(work: Callable[[], None]) -> None:
        await asyncio.sleep(rng.uniform(0, 0.05))
        work()

    return beside


def _summary(plan: Plan) -> str:
    changes = [f"{change.action} {change.address} {change.cause}" for change in plan.changes]
    return "; ".join([*changes, *plan.stops]) or "empty"
