"""Executing a wave: its chains run in parallel, the changes of a chain in sequence."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kardia_ctl.applying.change import Sender
from kardia_ctl.applying.concurrency import workers_for
from kardia_ctl.applying.run_context import RunContext, StopSignal
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, Plan
from kardia_ctl.model.results import Report, Result, Status
from kardia_ctl.planning.apply_stages import Wave
from kardia_ctl.planning.dependencies import Chain

_WRONG = (Status.FAILED, Status.IN_DOUBT)
_LEAVING = (Action.DISCONNECT, Action.DELETE, Action.EXPORT)
"""What a departure does: it settles nothing that is blocked at the address, which may be a twin's."""


async def execute_wave(wave: Wave, sender: Sender, context: RunContext) -> Sequence[Result]:
    """Send every change of a wave, and return their results; a later one of an address replaces an earlier.

    A failure skips only its dependents, until the wave's failure limit.

    Raises:
        StateError: state could not be written; requests in flight are durable in it as intents.
    """
    run = _WaveRun(wave, sender, context, iter(wave.chains))
    workers = workers_for(context.parallelism, commits_slowly=context.store.commits_slowly)
    number = min(workers, len(wave.chains))
    tasks = [asyncio.create_task(run.work()) for _ in range(number)]
    try:
        await asyncio.gather(*tasks)
    except Exception:
        # Whatever the error is (state, a codes file on a full disk): record responses still in flight.
        context.stop_signal.set("an error stopped the run")
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    finally:
        for task in tasks:
            task.cancel()
        await sender.drain()
    return (*run.results, *sender.revoked.values())


@dataclass(slots=True)
class _WaveRun:
    wave: Wave
    sender: Sender
    context: RunContext
    pending: Iterator[Chain]
    results: list[Result] = field(default_factory=list)
    wrong: int = 0

    async def work(self) -> None:
        """Run chains until none is left. The changes after a failed patient depend on it and are skipped."""
        for chain in self.pending:
            patient_id = blocked_by = ""
            for change in chain:
                result = self._skipped(change, blocked_by) or await self.sender.send(change, patient_id)
                self._note(result)
                patient_id = patient_id or result.id
                is_owner = change is chain[0] and change.address.kind is Kind.PATIENT
                if is_owner and result.status is not Status.DONE:
                    blocked_by = f"it needs {change.address}, which is {result.status}"

    def _skipped(self, change: Change, blocked_by: str) -> Result | None:
        reason = self.context.stop_signal.reason or blocked_by or self.sender.refusal(change)
        return Result(change.address, change.action, Status.SKIPPED, reason) if reason else None

    def _note(self, result: Result) -> None:
        self.results.append(result)
        self.context.observer.ended(result)
        self.wrong += result.status in _WRONG
        if reason := self.stop_reason():
            self.context.stop_signal.set(reason)

    def stop_reason(self) -> str:
        """Why the wave's failures stop the run; empty while they are within the limit."""
        wave, limit = self.wave, self.wave.stop_on_failures
        if not limit or self.wrong < limit:
            return ""
        return (
            f"wave {wave.number} of {wave.of} stopped: {self.wrong} changes failed or are in doubt, and "
            f"waves.stop_on_failures is {limit}. Find out why, then apply again: it continues from here"
        )


def report(
    plan: Plan, results: Sequence[Result], stop_signal: StopSignal, *, reads: int = 0, writes: int = 0
) -> Report:
    """The report of an apply: results, counts, and why it stopped early."""
    settled = {
        result.address for result in results if result.status is Status.DONE and result.action not in _LEAVING
    }
    blocked = (change for change in plan.changes if change.blocks)
    return Report(
        results=tuple(results),
        adopted=plan.count(Action.ADOPT) + sum(1 for result in results if result.action is Action.ADOPT),
        forgotten=plan.count(Action.FORGET),
        reads=reads,
        writes=writes,
        interrupted=bool(stop_signal.reason),
        reason=stop_signal.reason,
        blocked=tuple(change for change in blocked if change.address not in settled),
        left=plan.left,
        moved=plan.count(Action.MOVE),
        accepted=sum(bool(change.accepted) for change in plan.changes),
    )
