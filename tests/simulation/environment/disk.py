"""The state that outlives a run: exactly what was committed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import assert_never

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.rate import Rate
from kardia_ctl.model.amounts.refresh import ProvenList
from kardia_ctl.model.decided.use import DecisionUse, UseDecision, later_use
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.funnel import Sample
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    Audited,
    CodeRecord,
    Depart,
    Drop,
    Entry,
    Fact,
    Intend,
    Intent,
    Note,
    PatientRecord,
    Record,
    Remember,
    Resolve,
    Return,
    State,
    UsePlan,
    UserRecord,
)
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.simulation.environment.process import Process


@dataclass(slots=True)
class Disk:
    """What is durable."""

    exists: bool = False
    patients: dict[str, PatientRecord] = field(default_factory=dict)
    codes: dict[str, dict[str, CodeRecord]] = field(default_factory=dict)
    users: dict[str, UserRecord] = field(default_factory=dict)
    settings: dict[Address, Record] = field(default_factory=dict)
    intents: dict[Address, Intent] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    departed: dict[str, frozenset[str]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    decided: dict[DecisionUse, int] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    """By id, the mrn under which the workspace's earlier name records it."""
    others: dict[Address, Intent] = field(default_factory=dict)
    """The intents of the workspace's earlier name."""

    @classmethod
    def of(cls, state: State) -> "Disk":
        """The disk with what a store has of one workspace."""
        count, rate, proven = state.live_count, state.rate, state.proven
        notes = {
            "team": state.team,
            "key": state.keyed.hex(),
            "live_count": "" if count is None else str(count),
            "rate": "" if rate is None else str(rate),
            "proven": "" if proven is None else str(proven),
        }
        return cls(
            exists=state.exists,
            patients=dict(state.patients),
            codes={mrn: dict(known) for mrn, known in state.codes.items()},
            users=dict(state.users),
            settings=dict(state.settings),
            intents=dict(state.intents),
            notes={name: value for name, value in notes.items() if value},
            departed=dict(state.departed),
            used=set(state.used_plans),
            decided=dict(state.decided),
        )

    def renamed(self) -> "Disk":
        """The disk when the workspace has another name: its records stay under the earlier one."""
        intents = {address: replace(intent, workspace="earlier") for address, intent in self.intents.items()}
        ids = {record.id: mrn for mrn, record in self.patients.items() if record.id}
        return Disk(elsewhere=ids, others=intents)

    def state(self) -> State:
        """A copy of it, as ``Store.load`` gives it."""
        intents = self.others | self.intents
        if not self.exists:
            return State(intents=intents, elsewhere=dict(self.elsewhere))
        count = self.notes.get("live_count")
        return State(
            exists=True,
            lineage="simulated",
            team=self.notes.get("team", ""),
            keyed=bytes.fromhex(self.notes.get("key", "")),
            live_count=None if count is None else int(count),
            rate=Rate.parse(self.notes.get("rate", "")),
            proven=ProvenList.parse(self.notes.get("proven", "")),
            patients=dict(self.patients),
            codes={mrn: dict(known) for mrn, known in self.codes.items()},
            users=dict(self.users),
            settings=dict(self.settings),
            intents=intents,
            elsewhere=dict(self.elsewhere),
            departed=dict(self.departed),
            used_plans=frozenset(self.used),
            decided=dict(self.decided),
        )

    def write(self, entries: Iterable[Entry]) -> None:
        """One batch, as ``kardia_ctl.state.tables.rows`` writes it."""
        for entry in entries:
            if not isinstance(entry, (Sample, Audited)):  # no run depends on one
                self.exists = True
                self._write(entry)

    def _write(self, entry: Fact) -> None:
        match entry:
            case Remember():
                self._remember(entry)
            case Drop(kind, name, detail):
                self._drop(kind, name, detail)
            case Intend(intent):
                intents = self.others if intent.workspace else self.intents
                intents[intent.address] = intent
            case Resolve(address, ""):
                self.intents.pop(address, None)
            case Resolve(address):
                self.others.pop(address, None)
            case Note(key, value):
                self.notes[key] = value
            case UsePlan() | UseDecision():
                self._use(entry)
            case Depart(patient_id, action):
                self.departed[patient_id] = self.departed.get(patient_id, frozenset()) | {action}
            case Return(patient_id):
                self.departed.pop(patient_id, None)
            case _ as never:
                assert_never(never)

    def _use(self, entry: UsePlan | UseDecision) -> None:
        if isinstance(entry, UsePlan):
            self.used.add(entry.plan)
        else:
            self.decided[entry.use] = later_use(self.decided.get(entry.use), entry.at)

    def _drop(self, kind: Kind, name: str, detail: str) -> None:
        if kind is Kind.CONNECTION_CODE:
            self.codes[name].pop(detail)
        else:
            assert kind is Kind.PATIENT, f"nobody drops a {kind} here"
            self.patients.pop(name, None)

    def _remember(self, entry: Remember) -> None:
        match entry.record:
            case PatientRecord() as record:
                self.patients[entry.name] = record
            case CodeRecord() as record:
                self.codes.setdefault(entry.name, {})[entry.detail] = record
            case UserRecord() as record:
                self.users[entry.name] = record
            case record:
                assert entry.kind.is_setting
                names = tuple(part for part in (entry.name, entry.detail) if part)
                self.settings[Address(entry.kind, names)] = record


@dataclass(slots=True)
class Mount:
    """The ``Store`` of one run on the disk; ``room`` is how many more batches fit, None for any number."""

    disk: Disk
    process: Process
    room: int | None = None

    @property
    def commits_slowly(self) -> bool:
        return False

    def load(self) -> State:
        return self.disk.state()

    def commit(self, entries: Iterable[Entry]) -> None:
        batch = tuple(entries)
        what = ", ".join(_summary(entry) for entry in batch[:3])
        self.process.passes(f"before the commit of {what}")
        if self.room is not None:
            self.room -= 1
            if self.room < 0:
                self.process.log("the disk is full")
                raise StateError("writing the state: the disk is full")
        self._write(batch)
        self.process.log(f"state: {what}")
        self.process.passes(f"after the commit of {what}")

    def _write(self, batch: tuple[Entry, ...]) -> None:
        self.disk.write(batch)

    @contextmanager
    def lock(self, operation: str) -> Iterator[None]:
        yield

    def check_lock(self) -> None:
        """It is always held."""

    def activity(self) -> str:
        return ""

    def close(self) -> None:
        pass


@dataclass(slots=True)
class Shelf(Mount):
    """The store of one run in a real file; ``disk`` has a copy of what is in it, for the judge."""

    store: SqliteStore = field(kw_only=True)

    def load(self) -> State:
        return self.store.load()

    def _write(self, batch: tuple[Entry, ...]) -> None:
        self.store.commit(batch)
        self.disk.write(batch)

    @contextmanager
    def lock(self, operation: str) -> Iterator[None]:
        with self.store.lock(operation):
            yield


def _summary(entry: Entry) -> str:
    match entry:
        case Remember(kind, name, detail, record):
            return f"remember {kind} {name} {detail} as {record.id[:6]}"
        case Intend(intent):
            ended = f" ended {intent.ended.wall:.2f}" if intent.ended else ""
            return f"intend {intent.address} at {intent.at.wall:.2f}{ended}"
        case Resolve(address):
            return f"resolve {address}"
        case _:
            return str(replace(entry))
