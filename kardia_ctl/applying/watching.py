"""Who is told what happens while a plan is carried out."""

from collections.abc import Callable
from dataclasses import dataclass

from kardia_ctl.model.outcome import Result
from kardia_ctl.model.plan import Change


def _unheard(*_: object) -> None:
    """Nobody asked."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """What is called, in the order of events; each returns at once and raises nothing.

    Attributes:
        started: A change is about to be sent. Called again when it is sent again in a later round.
        ended: What became of it. Not every end had a start: what is skipped was never sent, and what was in
            doubt may be settled by looking.
        settling: Everything else is sent; what is in doubt is waited for, so many seconds at most.
    """

    started: Callable[[Change], None] = _unheard
    ended: Callable[[Result], None] = _unheard
    settling: Callable[[float], None] = _unheard
