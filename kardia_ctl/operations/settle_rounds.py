"""Settling creates in doubt, in rounds: wait, observe, plan again, send those that proved not to exist."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from kardia_ctl.applying.change import Sender
from kardia_ctl.applying.executor import execute_wave
from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.applying.settle import longest_left, wait_until_decidable
from kardia_ctl.applying.state_updates import without_requests
from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.configuration import Limits
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Plan
from kardia_ctl.model.ports import Store
from kardia_ctl.model.results import Result, Status
from kardia_ctl.model.state import Intent, Resolve
from kardia_ctl.observing.head import shown
from kardia_ctl.operations.approval import Approval, result_of, without
from kardia_ctl.operations.plan import Preview, observe_and_plan
from kardia_ctl.planning.apply_stages import Wave, stages_of
from kardia_ctl.planning.checks.key_tenant import may_record
from kardia_ctl.planning.decided.scoping import scope_of
from kardia_ctl.planning.doubts import Doubts

ROUNDS: Final = 4
"""The most times that a run sends one create; again only when a proven scan shows no such patient."""


async def settle(
    preview: Preview,
    context: RunContext,
    results: dict[Address, Result],
    sender: Sender,
    *,
    looks_only: bool = False,
) -> None:
    """Settle the creates in doubt of this run and of earlier ones, in rounds.

    Args:
        preview: The plan, and what it was made from.
        context: Ports, time and options.
        results: The result of each address so far; each is replaced when it is settled.
        sender: The sender of the run's waves.
        looks_only: Whether a saved plan is applied: a create that did not happen is then not sent again.

    Raises:
        StateError: state could not be written; requests in flight are durable in it as intents.
    """
    inputs, stop_signal = preview.inputs, context.stop_signal
    known = _known_ids(preview, results)
    sent = dict.fromkeys(results, 1)
    approval = Approval(preview.plan, inputs, looks_only=looks_only)
    approval.note(preview.plan.changes, results)
    for _ in range(ROUNDS):
        doubts = _doubts(preview, results, context.store)
        if not doubts or stop_signal.reason:
            return
        intents = {intent.address: intent for about in doubts.values() for intent in about}.values()
        context.observer.settling(max(0.0, longest_left(intents, inputs.settle, context.clock.instant())))
        await wait_until_decidable(intents, inputs.settle, known, context)
        if stop_signal.reason:
            return
        try:
            again = await _plan_again(preview, context, doubts)
        except ApiError as error:
            _leave_in_doubt(doubts, results, f"reading back whether it was done failed: {error}")
            return
        plan = _without_exhausted(again.plan, sent)
        withheld = approval.withheld(plan)
        plan = without(plan, withheld)
        if may_record(again.inputs):
            settled = (Resolve(address) for address in withheld if address in doubts)
            context.store.commit((*without_requests(plan, again.inputs), *settled))
        for done in _note_settled(plan, results):
            context.observer.ended(done)
            context.store.commit(context.audit(done))
        _note_withheld(withheld, results, context.observer)
        for wave in stages_of(again.inputs, plan.changes):
            if isinstance(wave, Wave):
                for result in await execute_wave(wave, sender, context):
                    results[result.address] = result
                    sent[result.address] = sent.get(result.address, 0) + 1
        approval.note(plan.changes, results)


def _known_ids(preview: Preview, results: Mapping[Address, Result]) -> frozenset[str]:
    """Ids that existed before the first doubt, and those that this run created."""
    created = (result.id for result in results.values() if result.id)
    return frozenset((*shown(preview.observed), *created))


def _doubts(
    preview: Preview, results: Mapping[Address, Result], store: Store
) -> dict[Address, tuple[Intent, ...]]:
    """The plan's patients whose create is in doubt or waits for one that is, each with those intents."""
    waiting = {change.address for change in preview.plan.changes if change.cause is Cause.IN_DOUBT}
    ours = {
        address
        for address, result in results.items()
        if result.status is Status.IN_DOUBT and result.action is Action.CREATE
    }
    wanted = {address for address in waiting | ours if address.kind is Kind.PATIENT}
    if not wanted:
        return {}
    state, people = store.load(), preview.inputs.desired.patients
    doubts = Doubts(replace(preview.inputs, state=state))
    about = {address: doubts.about(people[address.names[0]]) for address in wanted}
    unsent = waiting - results.keys()
    return {
        address: found for address, found in about.items() if address in state.intents or address in unsent
    }


async def _plan_again(preview: Preview, context: RunContext, doubts: Collection[Address]) -> Preview:
    """Observe and plan again, for the patients in doubt and their dependents."""
    inputs = preview.inputs
    dependents = {change.address for change in preview.plan.changes if owner_of(change.address) in doubts}
    decisions = replace(inputs.decisions, limit=None)
    fresh = replace(
        inputs.recorded(context.store.load()),
        desired=replace(inputs.desired, limits=Limits()),  # they count over all rounds: see Approval
        now=context.clock.instant(),
        decisions=decisions,
        scope=scope_of(inputs.desired, frozenset(doubts) | dependents),
    )
    return await observe_and_plan(context.reader, fresh, context.requests, known=inputs.observed)


def _without_exhausted(plan: Plan, sent: Mapping[Address, int]) -> Plan:
    """The plan without creates sent ``ROUNDS`` times and their dependents; without writes if it stops."""
    exhausted = {
        address for address, times in sent.items() if times >= ROUNDS and address.kind is Kind.PATIENT
    }
    if not exhausted and not plan.stops:
        return plan
    return replace(
        plan,
        changes=tuple(
            change
            for change in plan.changes
            if not change.action.writes
            or not (plan.stops or {change.address, owner_of(change.address)} & exhausted)
        ),
    )


def _note_settled(plan: Plan, results: dict[Address, Result]) -> Iterator[Result]:
    """Note as done the creates whose patient exists, and as in doubt those that cannot be decided.

    Yields the results of those that are done.
    """
    for change in plan.changes:
        if change.address.kind is not Kind.PATIENT:
            continue
        if change.action is Action.ADOPT:
            done = Result(change.address, Action.CREATE, Status.DONE, id=change.id)
            results[change.address] = done
            yield done
        elif change.action is Action.BLOCKED:
            _leave_in_doubt((change.address,), results, change.reason)


def _note_withheld(
    withheld: Mapping[Address, str], results: dict[Address, Result], observer: ProgressObserver
) -> None:
    for address, reason in withheld.items():
        results[address] = result_of(address, reason)
        observer.ended(results[address])


def _leave_in_doubt(addresses: Iterable[Address], results: dict[Address, Result], reason: str) -> None:
    for address in addresses:
        results[address] = Result(address, Action.CREATE, Status.IN_DOUBT, reason)
