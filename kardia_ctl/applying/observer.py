"""Callbacks for the progress of an apply."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.plan import Change, Plan
from kardia_ctl.model.results import Result, Status


def _ignore(*_: object) -> None:
    """No-op callback."""


@dataclass(frozen=True, slots=True)
class ProgressObserver:
    """Callbacks, called in the order of events. Each returns at once and raises nothing.

    Attributes:
        started: A change is about to be sent. Called again when it is sent again in a later round.
        ended: A change has this result. ``started`` may not have been called before: a skipped change is
            never sent, and a change in doubt may be settled by a read.
        settling: The waves are sent; settling the changes in doubt takes at most this many seconds.
    """

    started: Callable[[Change], None] = _ignore
    ended: Callable[[Result], None] = _ignore
    settling: Callable[[float], None] = _ignore


_LOST: Final = "The run was interrupted before this result was saved. Run apply again; it checks Kardia first"
_UNSENT: Final = "The run was interrupted before this was sent"


@dataclass(slots=True)
class ResultLog:
    """Records the events of a run, for the report if the run is interrupted."""

    _started: set[Address] = field(default_factory=set)
    _results: dict[Address, Result] = field(default_factory=dict)

    def recording(self, observer: ProgressObserver) -> ProgressObserver:
        """An observer that records every event here and passes it on."""

        def started(change: Change) -> None:
            self._started.add(change.address)
            self._results.pop(change.address, None)
            observer.started(change)

        def ended(result: Result) -> None:
            self._results[result.address] = result
            observer.ended(result)

        return replace(observer, started=started, ended=ended)

    def results(self, plan: Plan) -> Iterator[Result]:
        """A result for each write of the plan. A change that started and did not end is in doubt."""
        for change in plan.changes:
            if result := self._results.get(change.address):
                yield result
            elif change.action.writes:
                lost = change.address in self._started
                status, detail = (Status.IN_DOUBT, _LOST) if lost else (Status.SKIPPED, _UNSENT)
                yield Result(change.address, change.action, status, detail)
