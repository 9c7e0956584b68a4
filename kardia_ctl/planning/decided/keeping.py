"""Keeps of a plan what it is about."""

from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.decided.scope import Scope
from kardia_ctl.model.plan import Action, Change
from kardia_ctl.planning.builder import PlanBuilder

_ENDING: Final = (Action.FORGET, Action.DISCONNECT, Action.DELETE, Action.EXPORT)
"""What a plan of named addresses does to nobody."""


def keep_in_scope(builder: PlanBuilder, scope: Scope) -> int:
    """Drop what a plan is not about; the number of addresses that are excluded.

    Where a person named what it is about, it neither forgets nor departs. Where a person excluded something,
    others still do.
    """
    if scope.is_everything:
        return 0
    excluded = _excluded(builder, scope)
    builder.changes = [change for change in builder.changes if _is_kept(change, scope)]
    builder.notices = [one for one in builder.notices if one.address is None or one.address in scope]
    builder.unchanged = {
        kind: [names for names in several if Address(kind, names) in scope]
        for kind, several in builder.unchanged.items()
    }
    return excluded


def _is_kept(change: Change, scope: Scope) -> bool:
    return change.address in scope and (scope.named is None or change.action not in _ENDING)


def _excluded(builder: PlanBuilder, scope: Scope) -> int:
    if not scope.excluded:
        return 0
    found = {change.address for change in builder.changes}
    found.update(Address(kind, names) for kind, several in builder.unchanged.items() for names in several)
    found.update(notice.address for notice in builder.notices if notice.address)
    return sum(map(scope.excludes, found))
