"""Reasons to stop the whole run before its first write."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from kardia_ctl.model.configuration import DepartureAction, Limits
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.plan import Action, Change
from kardia_ctl.planning.checks.key_tenant import needs_tenant, refusal
from kardia_ctl.planning.inputs import PlanInputs


def stops(inputs: PlanInputs, changes: Sequence[Change]) -> Iterator[str]:
    """The reasons why nothing at all may be written, each with what to do."""
    yield from _over_limits(inputs.desired.limits, changes)
    yield from _unproven(inputs.observed, changes)
    yield from _collapsed(inputs)
    if needs_tenant(inputs, changes) and (reason := refusal(inputs)):
        yield reason


def _over_limits(limits: Limits, changes: Sequence[Change]) -> Iterator[str]:
    return passed_limits(limits, Counter(change.action for change in changes), *cost_of(changes))


def passed_limits(
    limits: Limits, counts: Mapping[Action, int], cost: Decimal, unpriced: int
) -> Iterator[str]:
    """The limits that are passed, each with what to do.

    Args:
        limits: The declared limits.
        counts: How many changes have each action.
        cost: What the codes cost.
        unpriced: How many codes have no known price.
    """
    bounds = {
        Action.CREATE: limits.create,
        Action.UPDATE: limits.update,
        Action.DISCONNECT: limits.disconnect,
        Action.DELETE: limits.delete,
    }
    for action, bound in bounds.items():
        count = counts.get(action, 0)
        if bound is not None and count > bound:
            yield f"{count} to {action}, but limits.{action} is {bound}. Raise the limit if this is intended"
    if limits.cost is not None and cost > limits.cost:
        yield f"the codes cost {cost}, but limits.cost is {limits.cost}. Raise the limit if this is intended"
    if limits.cost is not None and unpriced:
        yield (
            f"codes without a known price: {unpriced}, so limits.cost ({limits.cost}) cannot be checked. "
            "Remove the limit if this is intended"
        )


def _unproven(observed: Observed, changes: Sequence[Change]) -> Iterator[str]:
    """A patient that is missing from an unproven scan may exist: nothing is written."""
    if observed.coverage is Coverage.INCOMPLETE and any(change.action.writes for change in changes):
        yield (
            f"the patients of the account could not all be read: {observed.detail}. Plan again, or declare "
            "scan: agree-twice if the server's count is known to be wrong"
        )


def cost_of(changes: Sequence[Change]) -> tuple[Decimal, int]:
    """What the codes to issue cost, and how many of them have no known price."""
    issued = [
        change for change in changes if change.action is Action.CREATE and change.target and _is_code(change)
    ]
    prices = [change.price for change in issued if change.price is not None]
    return sum(prices, Decimal(0)), len(issued) - len(prices)


def _is_code(change: Change) -> bool:
    return change.address.kind is Kind.CONNECTION_CODE


def patient_count(inputs: PlanInputs) -> int | None:
    """How many patients the account has, less those that we deleted and that are not gone yet.

    A patient that a read by id shows and a lagging list does not is counted too.
    """
    observed, departed = inputs.observed, inputs.state.departed
    if observed.total is None:
        return None
    seen = len(observed.patients) + sum(len(several) - 1 for several in observed.twins.values())
    count = max(observed.total, seen)
    deleted = {patient_id for patient_id, actions in departed.items() if DepartureAction.DELETE in actions}
    if not deleted:
        return count
    twins = (live.id for several in observed.twins.values() for live in several)
    return count - len(deleted & {live.id for live in observed.patients.values()}.union(twins))


def _collapsed(inputs: PlanInputs) -> Iterator[str]:
    before, now = inputs.state.live_count, patient_count(inputs)
    if before is None or now is None or inputs.decisions.accept_collapse:
        return
    lost = before - now
    if lost >= 10 and lost * 10 > before:
        yield (
            f"the account has {now} patients and had {before} when it was last read. Wrong API key? If they "
            "were removed on purpose: --accept-collapse"
        )
