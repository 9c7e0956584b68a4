"""What an apply of some changes does at all: send, record, or settle what is in doubt."""

from collections.abc import Iterable, Sequence

from kardia_ctl.model.plan import Action, Cause, Change

_RECORDED = (Action.ADOPT, Action.FORGET, Action.MOVE)


def doubts(changes: Iterable[Change]) -> int:
    """How many addresses wait for the settle window of an earlier run's create without a response."""
    return sum(1 for change in changes if change.cause is Cause.IN_DOUBT)


def acts(changes: Sequence[Change]) -> bool:
    """Whether an apply does anything: sends, records, or settles what is in doubt."""
    return doubts(changes) > 0 or any(
        change.action.writes or change.action in _RECORDED for change in changes
    )
