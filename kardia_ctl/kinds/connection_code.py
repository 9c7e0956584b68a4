"""Connection codes (API reference, "Get Connection Code"): an effect that may be a billable order."""

from collections.abc import Collection, Mapping
from enum import Enum, auto
from typing import Final

from kardia_ctl.model.state import Record

OLD_AFTER: Final = 90 * 86400
"""Seconds after which an unused code may have expired (vendor's help pages; not in the references)."""


class CodeDecision(Enum):
    """What to do about a declared code."""

    NO_OP = auto()
    MAYBE_EXPIRED = auto()
    NOT_SENT = auto()
    ISSUE = auto()
    PLAN_CHANGE = auto()
    UNVERIFIABLE = auto()


def decide(
    template: str,
    declared: Collection[str],
    records: Mapping[str, Record],
    status: str | None,
    now: float,
    *,
    reissue: bool = False,
) -> CodeDecision:
    """What to do about a patient's code of one template (the table of codes).

    The connection status is the patient's, whatever the template.

    Args:
        template: The template's id.
        declared: Ids of all templates declared for the patient.
        records: State's records of the patient's codes by template id, tombstones included.
        status: The patient's live status; ``none`` for a patient who does not exist yet. An undocumented
            status counts as an order, because issuing a code on a guess could order a second one.
        now: Unix seconds.
        reissue: Whether ``--reissue`` names the code: issue it although an order exists or existed.
    """
    ordered = status != "none"
    if template in records:
        if not ordered:
            return CodeDecision.ISSUE if reissue else CodeDecision.NOT_SENT
        unused = status == "pending" and now - records[template].at > OLD_AFTER
        return CodeDecision.MAYBE_EXPIRED if unused else CodeDecision.NO_OP
    if records:
        undeclared = any(other not in declared for other in records)
        return CodeDecision.PLAN_CHANGE if undeclared and ordered else CodeDecision.ISSUE
    if ordered and not reissue:
        return CodeDecision.UNVERIFIABLE
    return CodeDecision.ISSUE
