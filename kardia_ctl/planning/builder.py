"""The builder of a plan: collects changes, notices and no-ops while the planner decides."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypedDict, Unpack

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Values
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import Record
from kardia_ctl.planning.decided.in_force import DecisionsInForce
from kardia_ctl.planning.doubts import Doubts
from kardia_ctl.planning.logins import Logins
from kardia_ctl.planning.state_index import StateIndex

OWNER_BLOCKED: Final = "its patient is blocked"
"""The reason of a code or user whose patient is blocked."""

DECLARED_AGAIN: Final = "it is declared again after it was forgotten"
"""The reason for adopting what a tombstone in state names."""


class CreateDetails(TypedDict, total=False):
    """What a create may hold besides its address and ``after`` (see ``Change``)."""

    before: Values | None
    id: str
    target: str
    source: Source | None
    price: Decimal | None


class Details(CreateDetails, total=False):
    """What a change may hold besides its address, action, cause and reason (see ``Change``)."""

    after: Values | None
    previous: Address | None


@dataclass(slots=True)
class PlanBuilder:
    """The plan so far. It lives only inside ``make_plan``; ``make_plan`` sorts what it collected.

    ``switching`` are the mrns whose order must be cancelled before another template can be ordered.
    """

    index: StateIndex
    doubts: Doubts
    logins: Logins
    decisions: DecisionsInForce
    changes: list[Change] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    unchanged: dict[Kind, list[tuple[str, ...]]] = field(default_factory=dict)
    switching: set[str] = field(default_factory=set)

    def keep(self, address: Address) -> None:
        """Count an address as a no-op."""
        self.unchanged.setdefault(address.kind, []).append(address.names)

    def change(
        self, address: Address, action: Action, cause: Cause, reason: str = "", **details: Unpack[Details]
    ) -> None:
        """Add a change of any action."""
        self.changes.append(Change(address, action, cause, reason, **details))

    def create(
        self, address: Address, after: Values, *, is_decided: bool = False, **details: Unpack[CreateDetails]
    ) -> None:
        """Create what is declared. ``after`` is what a create sends.

        ``is_decided`` says that it is created because a person decided so.
        """
        cause = Cause.DECIDED if is_decided else Cause.DECLARED
        self.change(address, Action.CREATE, cause, after=after, **details)

    def block(self, address: Address, cause: Cause, reason: str, **details: Unpack[Details]) -> None:
        """Send nothing for this address, nor for what depends on it."""
        self.change(address, Action.BLOCKED, cause, reason, **details)

    def adopt(self, address: Address, reason: str, **details: Unpack[Details]) -> None:
        """Record what exists in Kardia already. No request."""
        self.change(address, Action.ADOPT, Cause.EXISTS_LIVE, reason, **details)

    def forget(self, address: Address, reason: str, **details: Unpack[Details]) -> None:
        """Leave a tombstone in state for what is no longer declared. No request."""
        self.change(address, Action.FORGET, Cause.UNDECLARED, reason, **details)

    def keep_or_adopt(
        self, address: Address, record: Record | None, reason: str, **details: Unpack[Details]
    ) -> None:
        """A no-op if it is recorded; otherwise adopt it, for ``reason`` or because it is declared again."""
        if record is None:
            self.adopt(address, reason, **details)
        elif record.forgotten:
            self.adopt(address, DECLARED_AGAIN, **details)
        else:
            self.keep(address)

    def notice(
        self,
        kind: NoticeKind,
        text: str,
        address: Address | None = None,
        source: Source | None = None,
        *,
        before: Values | None = None,
        after: Values | None = None,
    ) -> None:
        """Add a notice, about an address or about the whole plan."""
        self.notices.append(Notice(kind, text, address, before, after, source))
