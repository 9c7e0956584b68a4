"""Carrying out a plan to its end: send, settle what is in doubt, send what turned out not to exist."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from kardia_ctl.applying.change import Step
from kardia_ctl.applying.clock import Clock
from kardia_ctl.applying.executor import Manner, execute
from kardia_ctl.applying.settle import Wait, wait_until_decidable
from kardia_ctl.applying.state_updates import without_requests
from kardia_ctl.applying.stop import StopSignal
from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.dialects import Capabilities
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Plan
from kardia_ctl.model.ports import Reader, Store
from kardia_ctl.model.results import Result, Status, results_in_order
from kardia_ctl.model.state import Intent, Rate
from kardia_ctl.operations.plan import Ground, Preview, preview
from kardia_ctl.planning.limit import first_of
from kardia_ctl.planning.matching import due

ROUNDS: Final = 4
"""How often a run sends one create at most: again only when a proven scan says that it is not there."""

_TELLING: Final = 10
"""Requests from which on a run tells how fast the next may be."""


@dataclass(frozen=True, slots=True)
class Means:
    """What carrying out needs besides the plan. ``spent`` counts the requests so far."""

    reader: Reader
    store: Store
    step: Step
    clock: Clock
    stop_signal: StopSignal
    spent: Callable[[], int]
    manner: Manner


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of each address, and how fast the first round was sent; None when it was too short."""

    results: tuple[Result, ...]
    rate: Rate | None


async def carry_out(seen: Preview, ground: Ground, means: Means) -> Outcome:
    """Send every write of a plan, and settle by looking what is in doubt.

    Only addresses of the given plan are ever written. What an earlier run left in doubt is waited for and
    settled as well, after everything else was sent.

    Raises:
        StateError: state could not be written; what was in flight is durable in it as an intent.
    """
    step = replace(means.step, earlier=seen.inputs.state.intents)
    began, before = means.clock.now(), means.spent()
    results = _by_address(await execute(seen.plan, step, means.stop_signal, means.manner))
    rate = _rate(means, means.spent() - before, means.clock.now() - began)
    known = _known_ids(seen, results)
    sent = dict.fromkeys(results, 1)
    for _ in range(ROUNDS):
        doubts = _doubts(seen.plan, results, means.store, seen.inputs.capabilities)
        if not doubts or means.stop_signal.reason:
            break
        settle = ground.configuration.settle
        means.manner.observer.settling(_longest(doubts.values(), settle, means.clock.now()))
        await wait_until_decidable(doubts.values(), _wait(means, settle, known))
        if means.stop_signal.reason:
            break
        try:
            again = await _look(seen, ground, means, doubts)
        except ApiError as error:
            _leave(doubts, results, f"whether it was done could not be seen: {error}")
            break
        plan = _within(_allowed(again.plan, sent), seen.plan, ground.decisions.limit)
        means.store.commit(without_requests(plan, again.inputs))
        _note_settled(plan, results, means)
        later = await execute(plan, step, means.stop_signal, means.manner)
        results |= _by_address(later)
        for result in later:
            sent[result.address] = sent.get(result.address, 0) + 1
    return Outcome(results_in_order(results.values()), rate)


def _rate(means: Means, requests: int, seconds: float) -> Rate | None:
    if requests < _TELLING or seconds <= 0:
        return None
    return Rate(round(requests / seconds, 3), means.manner.parallelism)


def _wait(means: Means, settle: float, known: frozenset[str]) -> Wait:
    return Wait(means.reader, means.clock, means.stop_signal, settle, known)


def _longest(doubts: Iterable[Intent], settle: float, now: float) -> float:
    return max(0.0, max(due(intent, settle) for intent in doubts) - now)


def _by_address(results: Iterable[Result]) -> dict[Address, Result]:
    return {result.address: result for result in results}


def _known_ids(seen: Preview, results: Mapping[Address, Result]) -> frozenset[str]:
    """Ids that existed before the first doubt, and those that this run made."""
    observed = seen.observed
    twins = (live.id for several in observed.twins.values() for live in several)
    made = (result.id for result in results.values() if result.id)
    return frozenset((*(live.id for live in observed.patients.values()), *twins, *observed.by_id, *made))


def _doubts(
    plan: Plan, results: Mapping[Address, Result], store: Store, can: Capabilities
) -> dict[Address, Intent]:
    """Patients of this plan whose create is in doubt: from this run, or from an earlier one.

    Where the API shows no patients there is nothing to look at: the next run sends it again.
    """
    if not can.shows_patients:
        return {}
    earlier = {change.address for change in plan.changes if change.cause is Cause.IN_DOUBT}
    ours = {
        address
        for address, result in results.items()
        if result.status is Status.IN_DOUBT and result.action is Action.CREATE
    }
    wanted = {address for address in earlier | ours if address.kind is Kind.PATIENT}
    if not wanted:
        return {}
    intents = store.load().intents
    return {address: intents[address] for address in wanted if address in intents}


async def _look(seen: Preview, ground: Ground, means: Means, doubts: Mapping[Address, Intent]) -> Preview:
    """Observe and plan anew, for those in doubt and for what depends on them."""
    dependents = {change.address for change in seen.plan.changes if owner_of(change.address) in doubts}
    decisions = replace(ground.decisions, targets=frozenset(doubts) | dependents, limit=None)
    fresh = replace(ground, state=means.store.load(), now=means.clock.now(), decisions=decisions)
    return await preview(means.reader, fresh, means.spent)


def _allowed(plan: Plan, sent: Mapping[Address, int]) -> Plan:
    """Without the creates that were sent too often already, and what depends on them."""
    tired = {address for address, times in sent.items() if times >= ROUNDS and address.kind is Kind.PATIENT}
    if not tired and not plan.stops:
        return plan
    return replace(
        plan,
        changes=tuple(
            change
            for change in plan.changes
            if not (
                change.action.writes and (plan.stops or {change.address, owner_of(change.address)} & tired)
            )
        ),
    )


def _within(plan: Plan, first: Plan, limit: int | None) -> Plan:
    """Without what is beyond ``--limit``: an earlier run's doubts are not among this one's first writes."""
    if limit is None:
        return plan
    ours = {change.address for change in first.changes if change.action.writes}
    others = [change for change in plan.changes if change.action.writes and change.address not in ours]
    kept, _ = first_of(others, max(0, limit - len(ours)))
    beyond = {change.address for change in others} - {change.address for change in kept}
    return replace(plan, changes=tuple(one for one in plan.changes if one.address not in beyond))


def _note_settled(plan: Plan, results: dict[Address, Result], means: Means) -> None:
    """What turned out to exist is done; what cannot be decided says why."""
    for change in plan.changes:
        if change.address.kind is not Kind.PATIENT:
            continue
        if change.action is Action.ADOPT:
            done = Result(change.address, Action.CREATE, Status.DONE, id=change.id)
            results[change.address] = done
            means.manner.observer.ended(done)
        elif change.action is Action.BLOCKED:
            _leave((change.address,), results, change.reason)


def _leave(addresses: Iterable[Address], results: dict[Address, Result], reason: str) -> None:
    for address in addresses:
        results[address] = Result(address, Action.CREATE, Status.IN_DOUBT, reason)
