"""The decisions that hold at the moment of a plan, and which of them did something in it."""

from collections import Counter

from kardia_ctl.model.address import Address
from kardia_ctl.model.decided.decision import EVERY, Decision, DecisionKind
from kardia_ctl.planning.inputs import PlanInputs


class DecisionsInForce:
    """Looks decisions up by what they are about, and counts how often each was needed."""

    def __init__(self, inputs: PlanInputs) -> None:
        """Leave out those whose last day is over, by the time of the plan in UTC."""
        self._patients = inputs.desired.patients
        self._recorded = inputs.state.patients
        self.needed: Counter[Decision] = Counter()
        self._by_key = {
            (decision.kind, decision.address, decision.cohort): decision
            for decision in sorted(inputs.desired.decisions, key=lambda one: one.until)
            if not decision.has_ended(inputs.now.day)
        }

    def __bool__(self) -> bool:
        """Whether any decision holds."""
        return bool(self._by_key)

    def of(self, kind: DecisionKind, address: Address) -> Decision | None:
        """The decision about an address: its own, or its cohort's."""
        if not self._by_key:
            return None
        own = self._by_key.get((kind, address, ""))
        if own is not None or address.kind.is_setting:
            return own
        everybody = Address(address.kind, (EVERY, *address.names[1:]))
        return self._by_key.get((kind, everybody, self._cohort(address.names[0])))

    def _cohort(self, mrn: str) -> str:
        found = self._patients.get(mrn) or self._recorded.get(mrn)
        return found.cohort if found is not None and found.cohort else "\0"
