"""An entry under ``decisions``: what a person decided about an address, until a day."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.source import Source

EVERY: Final = "*"
"""The mrn in an address that is about a whole cohort; no printed address has a plain asterisk."""

LONGEST: Final = 90
"""The most days for which a decision may hold."""


class DecisionKind(StrEnum):
    """What was decided.

    ========  ===================  ====================================================================
    decision  about                it
    ========  ===================  ====================================================================
    recreate  a patient            is created again, although it was deleted elsewhere
    reissue   a code or a user     is issued or created, although there is or was one
    distinct  a patient            is created, although another looks like the same person
    absent    a request in doubt   had no effect: it may be sent again
    created   a request in doubt   took effect, where that cannot be read
    issued    a code               exists and is of this template: it is recorded, without a request
    accept    what is blocked      is known: it does not count as an error
    ========  ===================  ====================================================================
    """

    RECREATE = "recreate"
    REISSUE = "reissue"
    DISTINCT = "distinct"
    ABSENT = "absent"
    CREATED = "created"
    ISSUED = "issued"
    ACCEPT = "accept"

    @property
    def takes_cohorts(self) -> bool:
        """Whether it may be about every patient of a cohort: it sends nothing."""
        return self in (DecisionKind.ISSUED, DecisionKind.ACCEPT)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided.

    Attributes:
        kind: What was decided.
        address: About what; its mrn is ``EVERY`` where it is about a cohort.
        reason: Why: free text about a person, shown on the person's own terminal alone.
        until: The last day (YYYY-MM-DD, in UTC) on which it holds.
        cohort: The name of the cohort; empty when it is about one address.
        source: Where it is declared.
    """

    kind: DecisionKind
    address: Address
    reason: str = field(repr=False)
    until: str
    cohort: str = ""
    source: Source | None = None

    def has_ended(self, today: date) -> bool:
        """Whether its last day is over; both are days in UTC."""
        return self.until < today.isoformat()

    @property
    def about(self) -> str:
        """Its address, as it is written."""
        if not self.cohort:
            return str(self.address)
        _, *others = str(self.address).split("/")[1:]
        return "/".join((self.address.kind.value, EVERY, *others))
