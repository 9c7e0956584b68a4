"""Two runners that share no state, started together on the same rows.

Both may create: nothing that either knows keeps them from it. But whoever ends last says which mrns are there
twice, and in CI neither begins with a new state that its job would lose.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Final, cast

from kardia_ctl.cli.account.only_writer import check_state_lasts
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action
from kardia_ctl.model.results import Result, Status
from kardia_ctl.sandbox.data.values import Patient
from tests.simulation.environment.disk import Disk
from tests.simulation.environment.process import Process
from tests.simulation.environment.server import START
from tests.simulation.hazards import Hazards, Job, Runners
from tests.simulation.scenario import SETTLE, Pause, Scenario, ScriptedRun, Trouble, scenario
from tests.simulation.world import MOST_CALM_RUNS, UNDISTURBED, Run, World

TWICE: Final = "has the same mrn"


def two_runners(seed: int) -> Scenario:
    """The story of a seed with two runners. The second begins up to some seconds after the first."""
    story, rng = scenario(seed), Random(f"two runners/{seed}")
    runners = Runners(rng.choice((0.0, rng.uniform(0, 8))), rng.choice((Job.NONE, *Job)))
    return replace(
        story,
        rivals={},
        visits=0.0,
        faulty_runs=(_scripted(rng), _scripted(rng)),
        hazards=Hazards(runners=runners),
    )


def _scripted(rng: Random) -> ScriptedRun:
    trouble = rng.choice((Trouble.NONE, Trouble.NONE, Trouble.NONE, Trouble.BRAKE, Trouble.ABORT))
    return ScriptedRun(trouble, rng.uniform(0, SETTLE), Pause.NONE, 0.0, 0.0)


@dataclass(slots=True)
class TwoRunners(World):
    """The world of two runners, each on a machine with a disk of its own."""

    disks: tuple[Disk, Disk] = field(default_factory=lambda: (Disk(), Disk()))
    declared: bool = False
    """Whether the configuration says that the state may be lost with the job."""

    async def live(self) -> None:
        """Both runners at once, and then undisturbed runs of each until nothing is left to do."""
        await self._together()
        if self._runners.job is Job.NEW_STATE:
            self.declared = True
            self.log("a person declares that the state is ephemeral")
            await self._together()
        self.network.calm = True
        self.log(f"twice there: {sorted(self.staying_blocked)}")
        await asyncio.sleep(2 * self.story.settle)
        settled = [await self._settles(machine) for machine in (0, 1)]
        self.clean = all(settled)
        for machine in (0, 1):
            await self.run(UNDISTURBED, machine=machine)

    @property
    def _runners(self) -> Runners:
        assert self.story.hazards.runners is not None
        return self.story.hazards.runners

    @property
    def staying_blocked(self) -> set[str]:
        """The mrns that are there twice."""
        counts = Counter(patient.mrn for patient in self.server.account.patients.all())
        return {mrn for mrn, count in counts.items() if count > 1}

    async def _together(self) -> None:
        first, second = self.story.faulty_runs

        async def later() -> None:
            await asyncio.sleep(self._runners.later)
            await self.run(second, machine=1)

        await asyncio.gather(self.run(first), later())

    async def _settles(self, machine: int) -> bool:
        for _ in range(MOST_CALM_RUNS + (len(self.story.desired.patients) if self.story.waves else 0)):
            if self._is_settled(await self.run(UNDISTURBED, machine=machine)):
                return True
            await asyncio.sleep(self.story.settle)
        return False

    def _disk_of(self, machine: int) -> Disk:
        return self.disks[machine]

    async def _end_tasks(self, process: Process) -> None:
        """The other runner may still be at work."""

    async def _apply(self, run: Run, *arguments: Any) -> None:
        if self._runners.job is not Job.NONE:
            declared = self.declared or self._runners.job is Job.DECLARED
            here = SimpleNamespace(
                account=SimpleNamespace(sandbox=False),
                configuration=SimpleNamespace(
                    state_declared=declared, state="sqlite:///state.db", root=Path()
                ),
                keys=None,
                store=SimpleNamespace(load=run.disk.state),
            )
            check_state_lasts(cast("Workspace", here), {"CI": "true"})
        await World._apply(self, run, *arguments)


def violations(world: World) -> Iterator[str]:
    """What two runners may not do, whatever they do not know of each other."""
    if not isinstance(world, TwoRunners):
        return
    yield from _each_by_itself(world)
    yield from _codes(world)
    yield from _refusals(world)
    runs = [run for run in world.runs if not run.calm and run.results is not None and not run.error]
    for run in runs:
        yield from _unsaid(world, run)
    if runs:
        yield from _unsaid_by_the_last(world, max(runs, key=lambda run: run.ended))
    yield from _in_the_end(world)


def _each_by_itself(world: TwoRunners) -> Iterator[str]:
    sent = Counter((one.machine, one.mrn) for one in world.network.sendings if one.id)
    for (machine, mrn), times in sorted(sent.items()):
        if times > 1 or mrn in world.story.present:
            yield f"duplicate: runner {machine} created {mrn} {times} times, or it was there before"


def _codes(world: TwoRunners) -> Iterator[str]:
    account = world.server.account
    issued = Counter((code.patient_id, code.template_id) for code in account.connections.codes())
    for (patient_id, template), times in issued.items():
        if times > 1:
            yield f"duplicate: {times} codes of {template} were ordered for {patient_id}"


def _refusals(world: TwoRunners) -> Iterator[str]:
    """In a CI job nothing begins with a new state that is lost with the job."""
    if world._runners.job is not Job.NEW_STATE:
        return
    for run in world.runs[:2]:
        if "CI is set" not in run.error or world.network.arrivals[run.number]:
            yield f"run {run.number} of a job began with a state that is lost with the job"


def _looked(world: TwoRunners, run: Run) -> float:
    """When its look at the end began; when it ended, if it never looked."""
    wrote = world.network.wrote.get(run.number, 0.0)
    looks = [one.left for one in world.network.listings if one.run == run.number and one.left > wrote]
    return min(looks, default=run.ended)


def _listed(world: TwoRunners, mrn: str, second: float) -> list[Patient]:
    """Who had an mrn in the list at a second of the story."""
    lag = world.story.quirks.list_lag + world.story.quirks.commit_latency
    everybody = world.server.account.patients.all()
    return [one for one in everybody if one.mrn == mrn and one.created_at - START + lag <= second]


def _unsaid(world: TwoRunners, run: Run) -> Iterator[str]:
    """Whoever a run says that it created is there once as it looks, or it says who else is."""
    looked = _looked(world, run)
    for result in run.results or ():
        mrn = result.address.names[0] if result.address.names else ""
        if not (_is_create(result) and result.status is Status.DONE and result.id):
            continue
        if all(one.id == result.id for one in _listed(world, mrn, looked)):
            continue
        if run.succeeded:
            yield f"run {run.number} says that the apply is complete, and {mrn} was there twice as it looked"
        elif TWICE not in result.detail and not run.stopped:
            yield f"run {run.number} does not say that {mrn} was there twice as it looked"


def _unsaid_by_the_last(world: TwoRunners, run: Run) -> Iterator[str]:
    """Whoever ends last says of every mrn that is there twice by then that it is not done."""
    looked = _looked(world, run)
    said = {result.address for result in run.results or () if not result.is_well}
    said |= {
        change.address for change in (run.plan.changes if run.plan else ()) if change.action is Action.BLOCKED
    }
    names = {address.names[0] for address in said if address.kind is Kind.PATIENT}
    twice = {mrn for mrn in world.staying_blocked if len(_listed(world, mrn, looked)) > 1}
    if twice and run.succeeded:
        yield f"run {run.number} ended last and says that the apply is complete; twice there: {sorted(twice)}"
    elif (missing := twice - names) and not run.stopped:
        yield f"run {run.number} ended last and does not say that these are there twice: {sorted(missing)}"


def _is_create(result: Result) -> bool:
    return result.address.kind is Kind.PATIENT and result.action is Action.CREATE


def _in_the_end(world: TwoRunners) -> Iterator[str]:
    """Everybody exists, what is recorded is true, and neither has anything left to do."""
    live = {patient.id: patient.mrn for patient in world.server.account.patients.all()}
    for mrn in world.story.desired.patients:
        if mrn not in live.values():
            yield f"lost: {mrn} does not exist"
    for machine, disk in enumerate(world.disks):
        for mrn, record in disk.patients.items():
            if live.get(record.id) != mrn:
                yield f"lost: {mrn} is recorded on machine {machine} under an id that is not live"
        left = [str(one) for one in disk.intents if one.names[0] not in world.staying_blocked]
        if left:
            yield f"intents were left behind on machine {machine}: {left}"
    if not world.clean:
        yield f"not done after {len(world.runs)} runs: {world.runs[-1].error}"
    for run in world.runs[-2:]:
        if run.plan is None or run.plan.stops or run.plan.writes:
            yield f"the last plan of runner {run.machine} is not empty"
