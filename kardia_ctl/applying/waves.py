"""Bulk in waves: the next part of a plan goes out when the last has ended, and not when it went wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kardia_ctl.model.configuration import Waves
from kardia_ctl.model.results import Result, Status
from kardia_ctl.planning.dependencies import Chain

_WRONG = (Status.FAILED, Status.IN_DOUBT)


@dataclass(slots=True)
class Wave:
    """One part of the chains, and how it goes. ``number`` counts from 1; ``stop`` 0 never stops it."""

    number: int
    of: int
    chains: Sequence[Chain]
    stop: int
    wrong: int = 0

    def hears(self, result: Result) -> str:
        """Take note of a result; why nothing more may be sent, empty while it may."""
        self.wrong += result.status in _WRONG
        if not self.stop or self.wrong < self.stop:
            return ""
        return (
            f"wave {self.number} of {self.of} went wrong: {self.wrong} failed or in doubt, and "
            f"waves.stop_on_failures is {self.stop}. Next: see why; the next apply goes on from here"
        )


def in_waves(todo: Sequence[Chain], waves: Waves | None) -> Iterator[Wave]:
    """Cut chains into waves of so many patients, in their order; one wave holds all when none are declared.

    A patient counts once, with all that hangs on it. What belongs to no patient goes with those beside it.
    """
    if waves is None:
        yield Wave(1, 1, todo, 0)
        return
    ends = [place for place, chain in enumerate(todo, 1) if _is_of_patient(chain)][
        waves.size - 1 :: waves.size
    ]
    if not ends or ends[-1] < len(todo):
        ends.append(len(todo))
    begins = [0, *ends]
    for number, (begin, end) in enumerate(zip(begins, ends, strict=False), 1):
        yield Wave(number, len(ends), todo[begin:end], waves.stop_on_failures)


def _is_of_patient(chain: Chain) -> bool:
    return not chain[0].address.kind.is_setting
