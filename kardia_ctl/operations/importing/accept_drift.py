"""Which live values a person may take into the configuration, by the plan that shows them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kardia_ctl.model.address import Address
from kardia_ctl.model.plan import Action, Cause, NoticeKind, Plan, Values
from kardia_ctl.model.source import Source

_DIFFERING = {(Action.BLOCKED, Cause.IMMUTABLE), (Action.UPDATE, Cause.DIFFERS)}
"""What the configuration changed, or may have changed: a live value is taken only where a person names it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An address that differs from live.

    ``is_drift``: the live side changed it, as state knows. ``is_accepted``: a decision accepts that.
    """

    address: Address
    live: Values = field(repr=False)
    declared: Values = field(repr=False)
    source: Source | None = None
    is_drift: bool = True
    is_accepted: bool = False


def differences(plan: Plan) -> tuple[Difference, ...]:
    """What differs, sorted by address: of each address its drift; where it has none, what else differs."""
    found = {difference.address: difference for difference in _others(plan)}
    found |= {difference.address: difference for difference in _drifted(plan)}
    return tuple(sorted(found.values(), key=lambda difference: difference.address.order))


def _drifted(plan: Plan) -> Iterator[Difference]:
    for notice in plan.notices:
        if notice.kind is NoticeKind.DRIFT and notice.address is not None:
            yield Difference(notice.address, notice.before or {}, notice.after or {}, notice.source)


def _others(plan: Plan) -> Iterator[Difference]:
    for change in plan.changes:
        if (change.action, change.cause) in _DIFFERING and change.before:
            yield Difference(
                change.address,
                change.before,
                change.after or {},
                change.source,
                is_drift=False,
                is_accepted=bool(change.accepted),
            )
