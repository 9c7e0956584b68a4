"""Who is told what happens while a plan is carried out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.plan import Change, Plan
from kardia_ctl.model.results import Result, Status


def _unheard(*_: object) -> None:
    """Nobody asked."""


@dataclass(frozen=True, slots=True)
class ProgressObserver:
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


_LOST: Final = "the run broke off before this was recorded. Next: apply again; it looks first"
_UNSENT: Final = "the run broke off before this was sent"


@dataclass(slots=True)
class ProgressLog:
    """How far a run came, for when it breaks off and has no report to give."""

    _begun: set[Address] = field(default_factory=set)
    _results: dict[Address, Result] = field(default_factory=dict)

    def beside(self, observer: ProgressObserver) -> ProgressObserver:
        """The same watcher; what it hears is kept here too."""

        def started(change: Change) -> None:
            self._begun.add(change.address)
            self._results.pop(change.address, None)
            observer.started(change)

        def ended(result: Result) -> None:
            self._results[result.address] = result
            observer.ended(result)

        return replace(observer, started=started, ended=ended)

    def results(self, plan: Plan) -> Iterator[Result]:
        """A result for each write of the plan: what began and has no end may have had its effect."""
        for change in plan.changes:
            if known := self._results.get(change.address):
                yield known
            elif change.action.writes:
                lost = change.address in self._begun
                status, detail = (Status.IN_DOUBT, _LOST) if lost else (Status.SKIPPED, _UNSENT)
                yield Result(change.address, change.action, status, detail)
