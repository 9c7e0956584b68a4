"""What became of a plan: one result per address that apply was to write, and the counts around them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kardia_ctl.model.address import Address
from kardia_ctl.model.plan import Action


class Status(StrEnum):
    """How a write ended. The order is the order in which a report counts them.

    ``FAILED`` was certainly not executed, ``IN_DOUBT`` may have been, ``SKIPPED`` was never sent because
    something that it depends on did not succeed or the run stopped.
    """

    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one address.

    ``detail`` is the reason and the next step, empty when done; it holds no patient's values, no code and no
    key. ``id`` is the live id when it is known.
    """

    address: Address
    action: Action
    status: Status
    detail: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an apply did. ``results`` has the writes only; ``adopted`` and ``forgotten`` cost no request.

    ``reads`` and ``writes`` count the requests that were sent, repeated ones included. ``interrupted`` says
    that the run stopped before it was through, and ``reason`` why. ``blocked`` counts the addresses of the
    plan that are still blocked, ``left`` the writes that stay planned because of ``--limit``.
    """

    results: tuple[Result, ...] = ()
    adopted: int = 0
    forgotten: int = 0
    reads: int = 0
    writes: int = 0
    interrupted: bool = False
    blocked: int = 0
    left: int = 0
    reason: str = ""

    def count(self, status: Status, *actions: Action) -> int:
        """How many results have this status, of these actions or, when none is named, of any."""
        return sum(
            1
            for result in self.results
            if result.status is status and (not actions or result.action in actions)
        )

    @property
    def succeeded(self) -> bool:
        """Whether everything that was to be done is done."""
        return (
            not self.interrupted
            and not self.blocked
            and all(result.status is Status.DONE for result in self.results)
        )


def results_in_order(results: Iterable[Result]) -> tuple[Result, ...]:
    """The results sorted by address: workers finish in any order, a report does not show which."""
    return tuple(sorted(results, key=lambda result: result.address.order))
