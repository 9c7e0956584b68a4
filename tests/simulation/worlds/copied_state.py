"""A state that somebody copies: to another machine, with or without what lies beside it, or from a backup.

The state is a real SQLite file here. From a copy nothing is created or ordered twice, and nothing is recorded
that is untrue. A copy that is not whole, or whose key is another, is not used. Whoever goes on from a copy
that is older than the last run waits the settle window first, as after the loss of a state. All stories are
of v1: pro shows nobody what was ordered after a copy was made.
"""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Final, cast

from kardia_ctl.cli.account.fingerprint_key import state_key
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.simulation.environment.disk import Disk, Shelf
from tests.simulation.environment.process import Process
from tests.simulation.hazards import Copied, Copying, Hazards
from tests.simulation.scenario import SETTLE, Pause, Scenario, scenario
from tests.simulation.world import MOST_CALM_RUNS, UNDISTURBED, Run, World

_LOG: Final = "state.db-wal"
_ANOTHER_KEY: Final = b"a key that the other machine made"


def copied_state(seed: int) -> Scenario:
    """The story of a seed in which somebody copies the state after one of two to four faulty runs."""
    story, rng = scenario(seed), Random(f"copied state/{seed}")
    runs = (*story.faulty_runs, *scenario(seed + 1).faulty_runs)[: rng.randrange(2, 5)]
    runs = tuple(replace(run, pause=Pause.SHORT) if run.pause is Pause.STATE_LOST else run for run in runs)
    copying = Copying(rng.choice(tuple(Copied)), rng.randrange(len(runs)), found=rng.random() < 0.5)
    return replace(
        story,
        rivals={},
        faulty_runs=runs,
        hazards=Hazards(saved=story.hazards.saved, copying=copying),
    )


@dataclass(slots=True)
class Place:
    """The directory of a state, and the key beside it; empty without one."""

    path: Path
    key: bytes

    def copy(self, to: Path, *, log: bool = True, key: bool = True) -> "Place":
        """A copy of it: of the file, and of what lies beside it."""
        to.mkdir()
        for name in ("state.db", _LOG) if log else ("state.db",):
            if (self.path / name).exists():
                shutil.copyfile(self.path / name, to / name)
        return Place(to, self.key if key else b"")

    @property
    def is_open(self) -> bool:
        """Whether a run that was killed has left its log."""
        return (self.path / _LOG).exists()


@dataclass(slots=True)
class CopiedState(World):
    """The world of a state that is copied. Each machine has a place of its own."""

    directory: TemporaryDirectory[str] = field(default_factory=TemporaryDirectory)
    places: list[Place] = field(default_factory=list)
    accepts_parts: bool = False
    """Whether the next runs have --settle-first, which accepts a state that is not whole."""
    refusals: list[tuple[Run, str]] = field(default_factory=list)
    """The runs that must not use their state, each with a piece of the error."""
    _made: int = 0

    async def live(self) -> None:
        """The faulty runs, a copy after one of them, and then undisturbed runs on each machine."""
        self.places.append(Place(self._new(), b"an invented key for fingerprints"))
        self.places[0].path.mkdir()
        copying, backup = self._copying, None
        for number, scripted in enumerate(self.story.faulty_runs):
            await self.run(scripted, machine=number % len(self.places))
            await asyncio.sleep(scripted.seconds)
            if number == copying.after and copying.what is Copied.EARLIER:
                backup = self.places[0].copy(self._new())
            elif number == copying.after:
                await self._copy(copying.what)
            if len(self.places) > 1 or backup is not None:
                await self._wait()
        if backup is not None:
            self.log("the backup is restored")
            self.places[0] = backup
        self.network.calm = True
        settled = [await self._settles(machine) for machine in range(len(self.places))]
        self.clean = all(settled)
        for machine in range(len(self.places)):
            await asyncio.sleep(2 * self.story.settle)
            await self.run(UNDISTURBED, machine=machine)

    def close(self) -> None:
        """Remove the files."""
        self.directory.cleanup()

    @property
    def _copying(self) -> Copying:
        assert self.story.hazards.copying is not None
        return self.story.hazards.copying

    async def _copy(self, what: Copied) -> None:
        """Somebody copies the state to another machine, and goes on there; or on both."""
        place = self.places[0]
        self.log(f"the state is copied: {what.name}, {'of a killed run' if place.is_open else 'of no run'}")
        match what:
            case Copied.BOTH:
                self.places.append(place.copy(self._new()))
                self.state_was_lost = True  # as far as each machine knows what the other one ordered
            case Copied.WITHOUT_KEY:
                self.places[0] = place.copy(self._new(), key=False)
                is_keyed = self._is_keyed(place)
                await self._is_refused("another key", is_known=is_keyed)
                if is_keyed:
                    self.places[0].key = place.key
            case Copied.FILE_ALONE if place.is_open:
                self.places[0] = place.copy(self._new(), log=False)
                await self._is_refused("is not whole", is_known=True)
                await self._find_the_log(place)
            case _:
                self.places[0] = place.copy(self._new())

    async def _is_refused(self, error: str, *, is_known: bool) -> None:
        run = await self.run(UNDISTURBED)
        if is_known:
            self.refusals.append((run, error))

    async def _find_the_log(self, place: Place) -> None:
        """A person copies the log too; where it is lost, they wait, and accept the state without it."""
        if self._copying.found:
            self.places[0] = place.copy(self._new())
            return
        self.state_was_lost = self.doubts_were_lost = True
        self.accepts_parts = True
        await self._wait()

    async def _wait(self) -> None:
        """Wait as after the loss of a state."""
        self.state_was_lost = True
        await asyncio.sleep(SETTLE + 0.001)

    def _is_keyed(self, place: Place) -> bool:
        state = self.store(place).load()
        return bool(state.keyed) or any(intent.keyed for intent in state.intents.values())

    async def _settles(self, machine: int) -> bool:
        await self._wait_if_shared()
        for _ in range(MOST_CALM_RUNS + (len(self.story.desired.patients) if self.story.waves else 0)):
            if self._is_settled(await self.run(UNDISTURBED, machine=machine)):
                return True
            await asyncio.sleep(Random(f"calm/{self.story.seed}/{len(self.runs)}").uniform(0, SETTLE))
        return False

    async def _wait_if_shared(self) -> None:
        if len(self.places) > 1:
            await self._wait()

    def _new(self) -> Path:
        self._made += 1
        return Path(self.directory.name) / str(self._made)

    def store(self, place: Place, *, accept_parts: bool = False) -> SqliteStore:
        """The store of a place."""
        return SqliteStore(place.path / "state.db", "default", accept_parts=accept_parts)

    def _disk_of(self, machine: int) -> Disk:
        """What is in the file, whole or not."""
        self.disk = Disk.of(self.store(self.places[machine], accept_parts=True).load())
        return self.disk

    def _mounted(self, run: Run, process: Process, room: int | None) -> Shelf:
        place = self.places[run.machine]

        def crash() -> None:
            self.places[run.machine] = place.copy(self._new())

        process.at_death = crash
        return Shelf(run.disk, process, room, store=self.store(place, accept_parts=self.accepts_parts))

    async def _apply(self, run: Run, process: Process, store: Any, *arguments: Any) -> None:
        with store.lock("apply"):
            place = self.places[run.machine]
            place.key = self.key = state_key(self._workspace(place), store.load(), create=True)
            await World._apply(self, run, process, store, *arguments)

    def _workspace(self, place: Place) -> Workspace:
        """As much of a workspace as the search for its key needs."""

        def fingerprints(*, create: bool = False) -> bytes:
            return place.key or (_ANOTHER_KEY if create else b"")

        keys = SimpleNamespace(
            fingerprints=fingerprints,
            own_fingerprints=fingerprints,
            source=lambda: "key",
            key_file=Path("key"),
            directory=Path(),
        )
        configuration = SimpleNamespace(desired=self.desired)
        return cast("Workspace", SimpleNamespace(keys=keys, configuration=configuration))


def violations(world: World) -> Iterator[str]:
    """What may not come of a copy."""
    if not isinstance(world, CopiedState):
        return
    for run, error in world.refusals:
        if error not in run.error or run.plan is not None or world.network.arrivals[run.number]:
            yield f"copied: run {run.number} used a state of which it had to say: {error}"
    for machine, place in enumerate(world.places):
        disk = Disk.of(world.store(place, accept_parts=True).load())
        yield from (f"copied: on machine {machine} {wrong}" for wrong in _untrue(world, disk))
        if disk.intents:
            yield f"copied: machine {machine} is left with {sorted(map(str, disk.intents))}"


def _untrue(world: World, disk: Disk) -> Iterator[str]:
    """What a state has that is not so in the account."""
    account = world.server.account
    live = {patient.id: patient.mrn for patient in account.patients.all()}
    codes = {(code.patient_id, code.template_id) for code in account.connections.codes()}
    for mrn, record in disk.patients.items():
        if live.get(record.id) != mrn:
            yield f"{mrn} is recorded under an id that is not live"
        for template in disk.codes.get(mrn, ()):
            if (record.id, template) not in codes:
                yield f"a code of {mrn} is recorded that was never ordered"
