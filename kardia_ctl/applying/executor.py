"""Sending the writes of a plan."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

from kardia_ctl.applying.change import Step, Stop
from kardia_ctl.applying.concurrency import Slots, workers_for
from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.applying.stop import StopSignal
from kardia_ctl.applying.waves import Wave, in_waves
from kardia_ctl.model.configuration import Waves
from kardia_ctl.model.plan import Action, Change, Plan
from kardia_ctl.model.results import Report, Result, Status, results_in_order
from kardia_ctl.planning.dependencies import Chain, chains

PARALLELISM = 16
"""Writes in flight unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How writes are sent: so many at a time, in which waves, who watches."""

    parallelism: int = PARALLELISM
    waves: Waves | None = None
    observer: ProgressObserver = field(default_factory=ProgressObserver)


@dataclass(slots=True)
class _Run:
    step: Step
    stop_signal: StopSignal
    observer: ProgressObserver
    slots: Slots
    wave: Wave
    waiting: Iterator[Chain]
    results: list[Result]

    def note(self, result: Result) -> None:
        self.results.append(result)
        self.observer.ended(result)
        if reason := self.wave.hears(result):
            self.stop_signal.set(reason)

    def slot(self, change: Change) -> AbstractAsyncContextManager[None]:
        """Leave to send a change, once there is a slot."""
        return self.slots.one(partial(self.step.refusal, change), partial(self.observer.started, change))


async def execute(plan: Plan, step: Step, stop_signal: StopSignal, manner: Manner) -> tuple[Result, ...]:
    """Send every write of a plan; chains run beside each other, wave after wave.

    A failure stops what depends on it and nothing else, unless it is one too many in its wave.

    Raises:
        StateError: state could not be written; what was in flight is durable in it as an intent.
    """
    results: list[Result] = []
    slots = Slots(manner.parallelism, stop_signal)
    for wave in in_waves(chains(plan.changes), manner.waves):
        run = _Run(step, stop_signal, manner.observer, slots, wave, iter(wave.chains), results)
        await _send(run, min(workers_for(manner.parallelism), len(wave.chains)))
    return results_in_order(results)


async def _send(run: _Run, abreast: int) -> None:
    """One wave, to its end."""
    workers = [asyncio.create_task(_work(run)) for _ in range(abreast)]
    try:
        await asyncio.gather(*workers)
    except Exception as error:
        # Whatever it is (state, a codes file on a full disk): what is under way gets its answer recorded.
        run.stop_signal.set(f"the run was stopped by a {type(error).__name__}")
        await asyncio.gather(*workers, return_exceptions=True)
        raise
    finally:
        for worker in workers:
            worker.cancel()
        await run.step.rest()


async def _work(run: _Run) -> None:
    for chain in run.waiting:
        await _follow(run, chain)


async def _follow(run: _Run, chain: Chain) -> None:
    """Run a chain in order; what stands after a failure depends on it when the first of the chain failed."""
    patient_id = ""
    stopped_by = ""
    for change in chain:
        result = await _take(run, change, patient_id, stopped_by)
        run.note(result)
        patient_id = patient_id or result.id
        if result.status is not Status.DONE and change is chain[0] and _leads(change):
            stopped_by = f"it needs {change.address}, which is {result.status}"


async def _take(run: _Run, change: Change, patient_id: str, stopped_by: str) -> Result:
    if reason := run.stop_signal.reason or stopped_by or run.step.refusal(change):
        return Result(change.address, change.action, Status.SKIPPED, reason)
    try:
        return await run.step.take(change, patient_id, partial(run.slot, change))
    except Stop as stop:
        run.stop_signal.set(stop.reason)
        return stop.result


def _leads(change: Change) -> bool:
    return change.address.kind == "patient"


def report(
    plan: Plan, results: Sequence[Result], stop_signal: StopSignal, *, reads: int = 0, writes: int = 0
) -> Report:
    """What an apply did, for a person to read."""
    settled = {result.address for result in results if result.status is Status.DONE}
    left = (change for change in plan.changes if change.action is Action.BLOCKED)
    return Report(
        results=tuple(results),
        adopted=plan.count(Action.ADOPT) + sum(1 for one in results if one.action is Action.ADOPT),
        forgotten=plan.count(Action.FORGET),
        reads=reads,
        writes=writes,
        interrupted=bool(stop_signal.reason),
        reason=stop_signal.reason,
        blocked=sum(1 for change in left if change.address not in settled),
        left=plan.left,
    )
