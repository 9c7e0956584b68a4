"""A small world for the laws: a sandbox in this process, a store in a directory, a clock that tests set."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
from hypothesis import settings

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.applying.executor import report
from kardia_ctl.applying.run_context import RunContext, StopSignal
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.configuration import Configuration, Desired, Dialect
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.ports import Reader, Store, Writer
from kardia_ctl.model.results import Report, results_in_order
from kardia_ctl.model.state import State
from kardia_ctl.operations.apply import Executor
from kardia_ctl.operations.plan import Preview, observe_and_plan, plan_from_state
from kardia_ctl.planning.apply_stages import Settle, stages_of
from kardia_ctl.planning.inputs import Decisions, PlanInputs, inputs_of
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.app import Sandbox, create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.faults.faults import Faults
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.state.open import open_store
from kardia_ctl.timing import Clock
from tests.moments import at, reading

LAWFUL: Final = settings(max_examples=40, deadline=None, derandomize=True, database=None)
"""How many examples a law is tried on: always the same ones, so that every run has the same result."""

FINGERPRINT_KEY: Final = b"an invented key for fingerprints"


@dataclass(frozen=True)
class Applied:
    """One apply: its preview, its report and the codes that it handed out."""

    preview: Preview
    report: Report
    codes: tuple[IssuedCode, ...]


@dataclass
class World:
    """An account behind an API, and a workspace. ``wrap_…`` let a test break what a law forbids to break."""

    directory: Path
    clock: ManualClock
    account: Account
    app: Sandbox
    wrap_reader: Callable[[Reader], Any] = lambda reader: reader
    wrap_writer: Callable[[Writer], Any] = lambda writer: writer
    wrap_store: Callable[[Store], Any] = lambda store: store
    waits: list[float] = field(default_factory=list)
    dialect: Dialect = Dialect.V1
    state: str = "sqlite:///state.db"

    def requests(self) -> list[str]:
        """The requests received so far: method and path."""
        return [f"{record.method} {record.route}" for record in self.account.requests.all()]

    def truth(self) -> tuple[Any, ...]:
        """Everything in the account that a write could change."""
        account = self.account
        patients = [(one.id, one.mrn, one.status, one.gone_at) for one in account.patients.all()]
        hooks = [account.settings.callback(hook) for hook in _hooks()]
        people = account.connections.users(), account.patients.exports()
        return (
            sorted(patients),
            account.connections.codes(),
            hooks,
            account.settings.providers(),
            account.keys.all(),
            people,
        )

    def store(self) -> Store:
        return open_store(self.state, self.directory, "default")

    def lose_state(self) -> None:
        for file in self.directory.glob("state.db*"):
            file.unlink()

    @asynccontextmanager
    async def session(self, parallelism: int = 4) -> AsyncIterator[Session]:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        async with open_session(
            "http://127.0.0.1",
            API_KEY,
            dialect=self.dialect,
            parallelism=parallelism,
            http_transport=httpx.ASGITransport(self.app),
            sleep=sleep,
            rng=Random(1),
            now=self.clock,
        ) as session:
            yield session

    def inputs(self, desired: Desired, state: State, decisions: Decisions) -> PlanInputs:
        configuration = Configuration(self.directory, desired, self.dialect)
        return inputs_of(configuration, state, at(self.clock()), FINGERPRINT_KEY, decisions)

    async def plan(
        self, desired: Desired, decisions: Decisions | None = None, refresh: Refresh = Refresh.FULL
    ) -> Preview:
        """As ``kardia-ctl plan --refresh``."""
        inputs = self.inputs(desired, self.store().load(), decisions or Decisions())
        inputs = replace(inputs, refresh=refresh)
        if refresh is Refresh.OFF:
            return plan_from_state(inputs)
        async with self.session() as session:
            reader = self.wrap_reader(session.reader)
            return await observe_and_plan(reader, inputs, lambda: session.requests)

    async def apply(self, desired: Desired, decisions: Decisions | None = None) -> Applied:
        """As ``kardia-ctl apply --auto-approve``, but what is in doubt is left to a later run."""
        store = self.wrap_store(self.store())
        codes: list[IssuedCode] = []
        with store.lock("apply"):
            inputs = self.inputs(desired, store.load(), decisions or Decisions())
            async with self.session() as session:
                reader = self.wrap_reader(session.reader)
                preview = await observe_and_plan(reader, inputs, lambda: session.requests)
                if preview.plan.stops:
                    return Applied(preview, Report(reads=session.counts.reads), ())
                context = RunContext(
                    session.reader,
                    self.wrap_writer(session.writer()),
                    store,
                    Clock(reading(self.clock), self.clock.sleep),
                    StopSignal(),
                    lambda: session.requests,
                    codes.append,
                    lambda mrn: f"an invented password for {mrn}",
                    parallelism=4,
                )
                stages = stages_of(preview.inputs, preview.plan.changes)
                executor = Executor(preview, context, _ignore)
                await executor.execute([stage for stage in stages if not isinstance(stage, Settle)])
                results = results_in_order(executor.results.values())
                counts = session.counts
                done = report(
                    preview.plan, results, context.stop_signal, reads=counts.reads, writes=counts.writes
                )
        return Applied(preview, done, tuple(codes))


def _ignore(_: str) -> None:
    """No-op callback."""


def _hooks() -> tuple[Any, ...]:
    from kardia_ctl.sandbox.data.values import Hook

    return tuple(Hook)


def in_world(
    story: Callable[[World], Coroutine[Any, Any, None]],
    quirks: Quirks | None = None,
    faults: Faults | None = None,
    dialect: Dialect = Dialect.V1,
    state: str = "sqlite:///state.db",
) -> None:
    """Let a story happen in a new world. ``state`` is the URL of its state."""
    with tempfile.TemporaryDirectory() as name:
        clock = ManualClock()
        with Account(now=clock, seed=1) as account:
            app = create_app(account, quirks, faults, sleep=clock.sleep)
            asyncio.run(story(World(Path(name), clock, account, app, dialect=dialect, state=state)))


def shuffled(desired: Desired, random: Random) -> Desired:
    """The same desired things, declared in another order."""
    patients = list(desired.patients.items())
    settings, departures = list(desired.settings), list(desired.departures)
    templates = list(desired.templates.items())
    for listed in (patients, settings, departures, templates):
        random.shuffle(listed)
    users = list(desired.users.items())
    random.shuffle(users)
    return replace(
        desired,
        users=dict(users),
        patients=dict(patients),
        settings=tuple(settings),
        departures=tuple(departures),
        templates=dict(templates),
    )
