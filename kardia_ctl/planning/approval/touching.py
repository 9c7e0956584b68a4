"""Counts whom a plan touches, from what was read for it anyway: no request is sent for these numbers."""

from collections.abc import Iterable, Sequence
from typing import Final

from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.plan import Action, Change
from kardia_ctl.planning.certainty import NOT_CONNECTED
from kardia_ctl.planning.checks.stops import patient_count
from kardia_ctl.planning.inputs import PlanInputs

_CONNECTED: Final = "connected"
_LEAVING: Final = (Action.DISCONNECT, Action.DELETE)
CALLBACKS: Final = frozenset({Kind.CALLBACK, Kind.QT_CALLBACK})
"""The kinds that say where patients' events go."""


def touched(inputs: PlanInputs, changes: Sequence[Change]) -> Touched:
    """Whom the changes touch."""
    leaving = [change for change in changes if change.action in _LEAVING]
    deleted = [change for change in leaving if change.action is Action.DELETE]
    patients = patient_count(inputs)
    redirected = () if patients == 0 else _callbacks(changes, Action.UPDATE)
    opened = () if patients == 0 else _callbacks(changes, Action.CREATE)
    hooked = bool(redirected or opened)
    statuses = [(change.before or {}).get("status") for change in leaving]
    recordings = [(change.before or {}).get("recordings") for change in deleted]
    return Touched(
        leaving=len(leaving),
        connected=statuses.count(_CONNECTED),
        unknown=sum(status != _CONNECTED and status not in NOT_CONNECTED for status in statuses),
        deleted=len(deleted),
        recorded=sum(number not in (None, "0") for number in recordings),
        unread=recordings.count(None),
        patients=patients if hooked else None,
        monitored=_monitored(inputs) if hooked else None,
        redirected=redirected,
        opened=opened,
    )


def _callbacks(changes: Iterable[Change], action: Action) -> tuple[str, ...]:
    found = (
        change.address for change in changes if change.action is action and change.address.kind in CALLBACKS
    )
    return tuple(map(str, found))


def _monitored(inputs: PlanInputs) -> int | None:
    """How many patients of the account are connected; None where not all were read with their status."""
    observed = inputs.observed
    if observed.coverage is not Coverage.PROVEN:
        return None
    several = [live for twins in observed.twins.values() for live in twins]
    people = {live.id: live for live in (*observed.patients.values(), *several)}.values()
    if any(live.status is None for live in people):
        return None
    return sum(live.status == _CONNECTED for live in people)
