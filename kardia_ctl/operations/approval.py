"""What the rounds of a run may still send: what was approved, within limits that count over all rounds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, Plan
from kardia_ctl.model.results import Result, Status
from kardia_ctl.planning.checks.stops import cost_of, passed_limits
from kardia_ctl.planning.dependencies import chains
from kardia_ctl.planning.inputs import PlanInputs

_LOOKS_ONLY: Final = "an approved plan settles doubts by looking only"


@dataclass(slots=True)
class _Tally:
    """What was sent: how many changes of each action, and what their codes cost."""

    actions: Counter[Action] = field(default_factory=Counter)
    cost: Decimal = Decimal(0)
    unpriced: int = 0

    def add(self, change: Change) -> "_Tally":
        """This tally with another change."""
        cost, unpriced = cost_of((change,))
        self.actions[change.action] += 1
        self.cost += cost
        self.unpriced += unpriced
        return self

    def copy(self) -> "_Tally":
        return _Tally(self.actions.copy(), self.cost, self.unpriced)


class Approval:
    """What was approved, and what was sent of it so far."""

    def __init__(self, plan: Plan, inputs: PlanInputs, *, looks_only: bool) -> None:
        """``inputs`` are those of the plan; ``looks_only``: what was approved sends each write once."""
        self._inputs = inputs
        self._looks_only = looks_only
        self._unsent = {change.address for change in plan.changes if change.action.writes}
        self._sent = _Tally()

    def note(self, changes: Iterable[Change], results: Mapping[Address, Result]) -> None:
        """Count the writes that were sent, whatever became of them: all that were not skipped."""
        for change in changes:
            result = results.get(change.address)
            if change.action.writes and result is not None and result.status is not Status.SKIPPED:
                self._sent.add(change)
                self._unsent.discard(change.address)

    def withheld(self, plan: Plan) -> dict[Address, str]:
        """The writes of a round that must not be sent, and what depends on them, each with the reason."""
        found: dict[Address, str] = {}
        tally = self._sent.copy()
        for chain in chains(plan.changes):
            reason = ""
            for change in chain:
                reason = reason or self._objection(change, tally)
                if reason:
                    found[change.address] = reason
                else:
                    tally.add(change)
        return found

    def _objection(self, change: Change, sent: _Tally) -> str:
        if self._looks_only and change.address not in self._unsent:
            return _LOOKS_ONLY
        limit, count = self._inputs.decisions.limit, sent.actions.total()
        if limit is not None and count >= limit:
            return f"--limit is {limit}, and this run has sent {count}"
        total = sent.copy().add(change)
        passed = passed_limits(self._inputs.desired.limits, total.actions, total.cost, total.unpriced)
        return next((f"over all rounds of this run: {text}" for text in passed), "")


def without(plan: Plan, withheld: Mapping[Address, str]) -> Plan:
    """The plan without the writes that are withheld."""
    if not withheld:
        return plan
    kept = (change for change in plan.changes if not (change.action.writes and change.address in withheld))
    return replace(plan, changes=tuple(kept))


def result_of(address: Address, reason: str) -> Result:
    """The result of a withheld write: a create in doubt that proved not to have happened, or an order."""
    if address.kind is Kind.PATIENT:
        detail = (
            "not done: Kardia has no such patient. The next plan creates it; this run does not, because "
            f"{reason}"
        )
        return Result(address, Action.CREATE, Status.FAILED, detail)
    return Result(address, Action.CREATE, Status.SKIPPED, f"not sent, because {reason}; plan again")
