"""A plan while it is being made."""

from dataclasses import dataclass, field

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Change, Notice, NoticeKind, Values
from kardia_ctl.model.source import Source
from kardia_ctl.planning.state_index import StateIndex


@dataclass(slots=True)
class Draft:
    """What has been decided so far. Lives only inside ``make_plan``."""

    index: StateIndex
    changes: list[Change] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    unchanged: dict[Kind, list[tuple[str, ...]]] = field(default_factory=dict)

    def keep(self, kind: Kind, *names: str) -> None:
        """Count one address as a no-op."""
        self.unchanged.setdefault(kind, []).append(names)

    def tell(
        self,
        kind: NoticeKind,
        text: str,
        address: Address,
        source: Source | None = None,
        *,
        before: Values | None = None,
        after: Values | None = None,
    ) -> None:
        """Add something to know about an address."""
        self.notices.append(Notice(kind, text, address, before, after, source))
