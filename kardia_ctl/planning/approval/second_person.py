"""Which changes of a plan want a second person (``two_person`` in kardia.yaml)."""

from collections.abc import Collection, Iterable
from typing import assert_never

from kardia_ctl.model.decided.two_person import TwoPerson
from kardia_ctl.model.plan import Action, Change
from kardia_ctl.planning.approval.touching import CALLBACKS


def wants_second(changes: Iterable[Change], declared: Collection[TwoPerson]) -> tuple[Change, ...]:
    """The changes that a second person has to approve, in the plan's order."""
    return tuple(change for change in changes if any(_is(change, one) for one in declared))


def _is(change: Change, what: TwoPerson) -> bool:
    match what:
        case TwoPerson.DELETE:
            return change.action is Action.DELETE
        case TwoPerson.DISCONNECT:
            return change.action is Action.DISCONNECT
        case TwoPerson.CALLBACK:
            return change.action.writes and change.address.kind in CALLBACKS
        case _:
            assert_never(what)
