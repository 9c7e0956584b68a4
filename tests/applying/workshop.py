"""A writer that does what it is told, and a store that remembers in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from kardia_ctl.applying.change import Sender
from kardia_ctl.applying.executor import execute_wave
from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.applying.run_context import RunContext, StopSignal, not_audited
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Desired, Setting, Waves
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.patient import DesiredPatient, IssuedCode, LivePatient
from kardia_ctl.model.plan import Action, Cause, Change
from kardia_ctl.model.ports import Reader, Store, Writer, always
from kardia_ctl.model.results import Result, Status, results_in_order
from kardia_ctl.model.state import Depart, Entry, Intend, Intent, Remember, Resolve, State
from kardia_ctl.planning.apply_stages import Wave, stages_of
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.timing import Clock
from tests.moments import at, reading

KEY = b"an invented key for fingerprints"
NOW = 1_772_445_600.0
Behaviour = Callable[[str], Awaitable[object]]


async def succeed(_: str) -> None:
    """Nothing goes wrong."""


@dataclass
class Memory:
    """The ``Store`` of a test. ``fails_after`` batches nothing can be written any more."""

    entries: list[Entry] = field(default_factory=list)
    batches: list[tuple[Entry, ...]] = field(default_factory=list)
    fails_after: int | None = None
    commits_slowly: bool = False

    def load(self) -> State:
        return State()

    def commit(self, entries: Iterable[Entry]) -> None:
        if self.fails_after is not None and len(self.batches) >= self.fails_after:
            raise StateError("writing the state: the disk is full")
        self.batches.append(tuple(entries))
        self.entries.extend(self.batches[-1])

    @contextmanager
    def lock(self, operation: str) -> Iterator[None]:
        yield

    def check_lock(self) -> None:
        """It is always held."""

    def activity(self) -> str:
        return ""

    def close(self) -> None:
        pass

    def intents(self) -> dict[Address, Intent]:
        """Those that are not settled."""
        found: dict[Address, Intent] = {}
        for entry in self.entries:
            if isinstance(entry, Intend):
                found[entry.intent.address] = entry.intent
            elif isinstance(entry, Resolve):
                found.pop(entry.address, None)
        return found

    def remembered(self) -> list[Remember]:
        return [entry for entry in self.entries if isinstance(entry, Remember)]

    def departed(self) -> list[tuple[str, str]]:
        return [(entry.id, entry.action) for entry in self.entries if isinstance(entry, Depart)]


@dataclass
class Hand(Writer):
    """The ``Writer`` of a test: ``behave`` is given the name of each call and may wait or raise."""

    behave: Behaviour = succeed
    echo: Callable[[LivePatient], LivePatient] = lambda live: live
    log: list[str] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    async def _do(self, name: str) -> None:
        self.log.append(name)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.behave(name)
        finally:
            self.under_way -= 1

    async def create_patient(self, patient: DesiredPatient) -> LivePatient:
        await self._do(f"create {patient.mrn}")
        return self.echo(LivePatient(f"id-{patient.mrn}", patient.mrn, patient.dob, patient.email))

    async def issue_code(self, patient_id: str, mrn: str, template_id: str) -> IssuedCode:
        await self._do(f"code {patient_id} {template_id}")
        return IssuedCode(mrn, "ABCD-EFGH-IJKL", template_id, "pending")

    async def set_setting(self, kind: Kind, url: str) -> None:
        await self._do(f"{kind} {url}")

    async def add_service_provider(self, team: str, provider: str) -> None:
        await self._do(f"provider {team} {provider}")

    async def disconnect(self, patient_id: str) -> None:
        await self._do(f"disconnect {patient_id}")

    async def delete_patient(self, patient_id: str, is_current: Callable[[], bool] = always) -> None:
        await self._do(f"delete {patient_id}")

    async def export_patient(self, patient_id: str) -> None:
        await self._do(f"export {patient_id}")

    async def create_user(self, patient_id: str, email: str, country: str, password: str) -> str:
        await self._do(f"user {patient_id} {email} {country} {password}")
        return f"token-{patient_id}"

    async def redeem(self, code: str, token: str) -> None:
        await self._do(f"redeem {code} {token}")


@dataclass
class Ticking:
    """A clock that moves a second with every look."""

    time: float = NOW

    def __call__(self) -> float:
        self.time += 1
        return self.time


def creates(*mrns: str, codes: tuple[str, ...] = ()) -> tuple[Desired, list[Change]]:
    """Patients to be created, each with codes, in the order of a plan."""
    people = {
        mrn: DesiredPatient(mrn, "2000-07-21", f"{mrn}@example.com", "Joe", codes=codes) for mrn in mrns
    }
    changes = [
        Change(
            patient_address(mrn),
            Action.CREATE,
            Cause.DECLARED,
            after=patient_kind.values(want, ("mrn", *patient_kind.SENT)),
        )
        for mrn, want in people.items()
    ]
    changes += [
        Change(code_address(mrn, label), Action.CREATE, Cause.DECLARED, target=f"tpl-{label}")
        for mrn in mrns
        for label in codes
    ]
    return Desired(patients=people), changes


CALLBACK = Setting(Address(Kind.CALLBACK), {"url": "https://hooks.example.com/kardia"})
SET_CALLBACK = Change(CALLBACK.address, Action.UPDATE, Cause.DIFFERS, after=CALLBACK.attributes)


@dataclass
class Bench:
    """One execution of changes."""

    desired: Desired
    changes: list[Change]
    hand: Hand = field(default_factory=Hand)
    store: Memory = field(default_factory=Memory)
    stop_signal: StopSignal = field(default_factory=StopSignal)
    codes: list[IssuedCode] = field(default_factory=list)
    started: list[Change] = field(default_factory=list)
    told: list[Result] = field(default_factory=list)
    waves: Waves | None = None
    hand_out: Callable[[IssuedCode], None] | None = None
    audit: Callable[[Result], Iterable[Entry]] = not_audited

    def run(self, parallelism: int = 4) -> dict[str, Status]:
        """Execute; what became of each address."""
        return {str(result.address): result.status for result in self.results(parallelism)}

    def results(self, parallelism: int = 4) -> tuple[Result, ...]:
        return asyncio.run(self.executed(parallelism))

    async def executed(self, parallelism: int = 4) -> tuple[Result, ...]:
        desired = replace(self.desired, settings=(CALLBACK,))
        observer = ProgressObserver(started=self.started.append, ended=self.told.append)
        context = replace(
            context_of(self.hand, self.store, self.stop_signal),
            deliver_code=self.hand_out or self.codes.append,
            observer=observer,
            parallelism=parallelism,
            audit=self.audit,
        )
        return await executed(self.changes, inputs_for(desired, self.waves), context)


def context_of(writer: Writer, store: Store, stop_signal: StopSignal | None = None) -> RunContext:
    """A run that reads nothing, with a clock that ticks."""
    clock = Clock(reading(Ticking()), asyncio.sleep)
    return RunContext(Reader(), writer, store, clock, stop_signal or StopSignal(), lambda: 0, lambda _: None)


def inputs_for(desired: Desired, waves: Waves | None = None) -> PlanInputs:
    return PlanInputs(desired, Observed(), State(), at(NOW), KEY, settle=0.0, waves=waves)


async def executed(changes: Sequence[Change], inputs: PlanInputs, context: RunContext) -> tuple[Result, ...]:
    """The results of every wave, one after the other."""
    sender = Sender(inputs, context)
    results: list[Result] = []
    for stage in stages_of(inputs, changes):
        if isinstance(stage, Wave):
            results += await execute_wave(stage, sender, context)
    return results_in_order(results)
