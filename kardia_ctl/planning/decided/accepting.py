"""What is blocked and known: a decision accepts it until a day, and it counts apart.

What nobody can know in advance is never accepted: a request in doubt, a patient list that was not all read,
and somebody who was deleted and is live again.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from kardia_ctl.model.address import owner_of
from kardia_ctl.model.decided.decision import DecisionKind
from kardia_ctl.model.plan import Action, Cause, Change
from kardia_ctl.planning.decided.in_force import DecisionsInForce

_NEVER: Final = frozenset({Cause.IN_DOUBT, Cause.UNSETTLED, Cause.SCAN_INCOMPLETE, Cause.LIVE_AGAIN})


def accepted(changes: Iterable[Change], decisions: DecisionsInForce) -> tuple[Change, ...]:
    """The changes, where those that are blocked and accepted say so; with a patient, what hangs on it."""
    changes = tuple(changes)
    if not decisions:
        return changes
    own = {
        change.address: decision
        for change in changes
        if _may_be_accepted(change) and (decision := decisions.of(DecisionKind.ACCEPT, change.address))
    }

    def marked(change: Change) -> Change:
        owner = owner_of(change.address) if change.cause is Cause.OWNER_BLOCKED else None
        decision = own.get(change.address) or (None if owner is None else own.get(owner))
        if decision is None or not _may_be_accepted(change):
            return change
        decisions.needed[decision] += 1
        reason = f"accepted until {decision.until}: {change.reason}"
        return replace(change, accepted=decision.until, reason=reason)

    return tuple(map(marked, changes))


def _may_be_accepted(change: Change) -> bool:
    return change.action is Action.BLOCKED and change.cause not in _NEVER
