"""A saved plan under other names: with pseudonyms for mrns when it is saved, and with mrns again.

What a plan does and how it is compared depends on its digests, which are made of the mrns.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Change, Notice, Plan
from kardia_ctl.planning.inputs import Decisions
from kardia_ctl.planning.saved.codec import SavedPlan


@dataclass(frozen=True, slots=True)
class Renaming:
    """How patients are called instead: one name, and all addresses in a text."""

    name: Callable[[str], str]
    text: Callable[[str], str]

    def saved_plan(self, saved: SavedPlan) -> SavedPlan:
        """A saved plan under the other names, in the same order."""
        return replace(saved, plan=self.plan(saved.plan), decisions=self.decisions(saved.decisions))

    def decisions(self, decisions: Decisions) -> Decisions:
        """Decisions about the same addresses."""
        return replace(
            decisions,
            recreate=self._all(decisions.recreate),
            reissue=self._all(decisions.reissue),
            distinct=self._all(decisions.distinct),
            targets=self._all(decisions.targets),
            excludes=self._all(decisions.excludes),
        )

    def address(self, address: Address) -> Address:
        """The same address under the other name."""
        return replace(address, names=self._names(address.kind, address.names))

    def _names(self, kind: Kind, names: tuple[str, ...]) -> tuple[str, ...]:
        return names if kind.is_setting or not names else (self.name(names[0]), *names[1:])

    def _all(self, addresses: Iterable[Address]) -> frozenset[Address]:
        return frozenset(map(self.address, addresses))

    def plan(self, plan: Plan) -> Plan:
        """A plan under the other names, in the same order."""
        return replace(
            plan,
            changes=tuple(map(self._change, plan.changes)),
            notices=tuple(map(self._notice, plan.notices)),
            stops=tuple(map(self.text, plan.stops)),
            unchanged={
                kind: tuple(self._names(kind, names) for names in several)
                for kind, several in plan.unchanged.items()
            },
        )

    def _change(self, change: Change) -> Change:
        return replace(
            change,
            address=self.address(change.address),
            previous=change.previous and self.address(change.previous),
            reason=self.text(change.reason),
            id=self._id(change),
        )

    def _id(self, change: Change) -> str:
        """The live id; that of a pro participant is the mrn."""
        about = (change.address, change.previous)
        is_mrn = any(address is not None and address.has_mrn(change.id) for address in about)
        return self.name(change.id) if is_mrn else change.id

    def _notice(self, notice: Notice) -> Notice:
        about = notice.address and self.address(notice.address)
        return replace(notice, address=about, text=self.text(notice.text))


def names_in(plan: Plan) -> set[str]:
    """How a plan calls its patients, wherever it has an address: mrns, or what stands for them."""
    found: set[str] = set()

    def name(one: str) -> str:
        found.add(one)
        return one

    Renaming(name, str).plan(plan)
    return found
