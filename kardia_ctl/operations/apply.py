"""Apply: one executor runs the stages of a plan, in their order."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from kardia_ctl.applying.change import Sender
from kardia_ctl.applying.executor import execute_wave
from kardia_ctl.applying.list_proof import list_facts_at_end
from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.applying.state_updates import without_requests
from kardia_ctl.fingerprints import key_check
from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.rate import Rate
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.errors import RunStopped, StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action
from kardia_ctl.model.results import Result, Status, results_in_order
from kardia_ctl.model.state import Entry, Note, UsePlan
from kardia_ctl.operations.future_stamps import stamped_anew
from kardia_ctl.operations.look_at_end import look_at_end
from kardia_ctl.operations.plan import Preview
from kardia_ctl.operations.second_look import look_again
from kardia_ctl.operations.settle_rounds import settle
from kardia_ctl.operations.status import samples_after
from kardia_ctl.operations.tenant import check_tenant
from kardia_ctl.planning.apply_stages import (
    WRITING,
    CheckTenant,
    Count,
    LookAtEnd,
    Observe,
    RecordWithoutRequests,
    Settle,
    Stage,
    Wave,
    stages_of,
)
from kardia_ctl.planning.checks.effects import acts
from kardia_ctl.planning.checks.key_tenant import may_record
from kardia_ctl.planning.checks.stops import patient_count

_MEASURABLE: Final = 10
"""The fewest requests from which a run's rate is measured."""

_READING: Final = (Observe, CheckTenant)
"""The stages after which the look at the account has to be fresh."""

Writing = Callable[[], AbstractContextManager[ProgressObserver]]
"""A context around the stages that record and write: a snapshot of the state before them, signal handlers,
progress, and a report if they are interrupted."""


async def apply(
    preview: Preview,
    context: RunContext,
    writing: Writing,
    *,
    warn: Callable[[str], None],
    saved_plan: str = "",
    looks_only: bool = False,
) -> tuple[Result, ...]:
    """Execute the stages of a plan. When the key belongs to another tenant, nothing is sent or recorded.

    A look that is no longer fresh is followed by another before anything is recorded or sent.

    Only addresses of the given plan are written.

    Args:
        preview: The plan, and what it was made from.
        context: Ports, time and options.
        writing: The context around the stages that record and write; not entered when the plan does nothing.
        warn: Called with each warning; an empty one is ignored.
        saved_plan: The id of the saved plan that this run applies. It is recorded as used.
        looks_only: Whether doubts are settled by looking only, as they are for a saved plan.

    Raises:
        RunStopped: the key belongs to another tenant, or another look would lead to other changes.
        ApiError: a team is expected and could not be read, or the account could not be read again.
        StateError: state could not be written; requests in flight are durable in it as intents.
    """
    plan, inputs = preview.plan, preview.inputs
    if plan.refresh is not Refresh.FULL:
        raise RunStopped(
            f"a plan made with --refresh {plan.refresh} is never applied: it did not read everything"
        )
    stages = stages_of(inputs, plan.changes, stopped=bool(plan.stops))
    executor = Executor(preview, context, warn, saved_plan, looks_only)
    await executor.execute([stage for stage in stages if isinstance(stage, _READING)])
    if acts(plan.changes):
        executor.preview = await look_again(preview, context.reader, context.clock, context.requests, warn)
    changing = [stage for stage in stages if not isinstance(stage, _READING)]
    if not acts(plan.changes):
        await executor.execute([stage for stage in changing if not isinstance(stage, WRITING)])
        return ()
    with writing() as observer:
        observed = replace(context, observer=observer)
        executor = Executor(executor.preview, observed, warn, saved_plan, looks_only, executor.team)
        await executor.execute(changing)
        return results_in_order(executor.results.values())


@dataclass(slots=True)
class Executor:
    """Runs stages, one after the other.

    Attributes:
        preview: The plan, and what it was made from.
        context: Ports, time and options.
        warn: Called with each warning; an empty one is ignored.
        saved_plan: The id of the saved plan that is applied; empty for none.
        looks_only: Whether doubts are settled by looking only.
        team: The tenant that the key belongs to; empty while unknown.
        results: The result so far of each planned write.
    """

    preview: Preview
    context: RunContext
    warn: Callable[[str], None]
    saved_plan: str = ""
    looks_only: bool = False
    team: str = ""
    results: dict[Address, Result] = field(default_factory=dict)
    _sender: Sender = field(init=False, repr=False)
    _started: tuple[float, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Share one sender among all waves and rounds."""
        self._sender = Sender(self.preview.inputs, self.context)
        self._started = self.context.clock.now(), self.context.requests()

    async def execute(self, stages: Sequence[Stage]) -> None:
        """Run stages in their order.

        Raises:
            RunStopped: as ``apply``.
            ApiError: as ``apply``.
            StateError: as ``apply``.
        """
        rate: Rate | None = None
        for stage in stages:
            match stage:
                case Observe():
                    pass  # the plan was made from it
                case CheckTenant():
                    self.team, warning = await check_tenant(self.context.reader, self.preview.inputs)
                    self.warn(warning)
                case RecordWithoutRequests():
                    self._record()
                case Wave():
                    results = await execute_wave(stage, self._sender, self.context)
                    self.results |= {result.address: result for result in results}
                    rate = self._rate()
                case Settle():
                    looks_only = self.looks_only or bool(self.saved_plan)
                    await settle(
                        self.preview, self.context, self.results, self._sender, looks_only=looks_only
                    )
                case LookAtEnd():
                    await self._look_at_end()
                case Count():
                    self._count(rate)
                case _:
                    assert_never(stage)

    def _record(self) -> None:
        inputs = self.preview.inputs
        intents = self.context.store.load().intents.values()
        entries: list[Entry] = [
            *stamped_anew(intents, self.context.clock.began),
            *without_requests(self.preview.plan, inputs),
        ]
        if self.team and self.team != inputs.state.team:
            entries.append(Note("team", self.team))
        if inputs.key and not inputs.state.keyed:
            entries.append(Note("key", key_check(inputs.key).hex()))
        if self.saved_plan:
            entries.append(UsePlan(self.saved_plan))
        if entries:
            self.context.store.commit(entries)

    def _rate(self) -> Rate | None:
        """How fast the waves were sent so far; None when they were too short to measure."""
        started, before = self._started
        seconds, requests = self.context.clock.now() - started, self.context.requests() - before
        if requests < _MEASURABLE or seconds <= 0:
            return None
        return Rate(round(requests / seconds, 3), self.context.parallelism)

    def _count(self, rate: Rate | None) -> None:
        """Record the rate, and the number of live patients that the next run compares with."""
        entries = [] if rate is None else [Note("rate", str(rate))]
        created, deleted = self._done(Action.CREATE), self._done(Action.DELETE)
        count = patient_count(self.preview.inputs)
        if count is not None and (created or deleted):
            entries.append(Note("live_count", str(max(0, count + created - deleted))))
        if entries:
            self.context.store.commit(entries)

    async def _look_at_end(self) -> None:
        created, preview = self._created(), self.preview
        found, head = await look_at_end(preview, self.context, created, self._done(Action.DELETE))
        self.results |= found
        if head is not None and not found:
            entries = list(list_facts_at_end(preview.plan, preview.inputs, head, created))
            if entries:
                self.context.store.commit(entries)

    def _created(self) -> dict[str, Address]:
        """By id, whom the run created: as an answer said, or as was found when a lost answer was settled.

        Who was found may be somebody else's, who created the same patient.
        """
        settled = {
            result.id: result.address
            for result in self.results.values()
            if result.address.kind is Kind.PATIENT and result.action is Action.CREATE and result.id
        }
        answered = {patient_id: change.address for patient_id, change in self._sender.created.items()}
        return settled | answered

    def _done(self, action: Action) -> int:
        """How many patients something was done to."""
        return sum(
            result.status is Status.DONE and result.address.kind is Kind.PATIENT and result.action is action
            for result in self.results.values()
        )


def record_counts(preview: Preview, context: RunContext, warn: Callable[[str], None]) -> None:
    """Record the funnel's counts after an apply, where the tenant is known. A failure is only a warning."""
    inputs, store = preview.inputs, context.store
    try:
        if not may_record(inputs):
            return
        state = store.load() if acts(preview.plan.changes) else inputs.state
        if state.exists and (samples := samples_after(inputs, state, context.clock.now())):
            store.commit(samples)
    except StateError as error:
        warn(f"the counts were not recorded in state: {error}")
