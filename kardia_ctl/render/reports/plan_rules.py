"""The rules that reports name for what a plan cannot or should not do: one for each cause that blocks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kardia_ctl.model.plan import Cause
from kardia_ctl.render.reports.rules import ReportRule

STOPPED: Final = ReportRule(
    "plan-stopped",
    "Nothing of the plan can be applied.",
    "Do what the message says, then plan again.",
)
DRIFTED: Final = ReportRule(
    "live-drift",
    "The live account moved away from what is declared.",
    "Set it back in Kardia, or take it into the configuration with kardia-ctl import --update --patch FILE.",
)
NOTICED: Final = ReportRule(
    "plan-warning",
    "Something in the plan needs a look.",
    "Check the place; a warning stops nothing.",
)

_DECIDE: Final = "Correct the entry, or write an entry under decisions, as the message says."

_BLOCKED: Final[Mapping[Cause, tuple[str, str]]] = MappingProxyType(
    {
        Cause.IMMUTABLE: (
            "The configuration changed what Kardia cannot change.",
            "Change the declaration back, or correct the patient in Kardia; decision: accept leaves it.",
        ),
        Cause.SAME_PERSON: (
            "Two entries look like one person.",
            "Declare a corrected mrn under moved; decision: distinct says that they are two people.",
        ),
        Cause.DUPLICATE_MRN: (
            "Two live patients have this mrn.",
            "Pin the right one with id:, and remove the other with a departure that has an id.",
        ),
        Cause.DUPLICATE_LOGIN: ("Another patient has this login.", "Give each user an e-mail of its own."),
        Cause.ID_MISMATCH: (
            "The id does not belong to this mrn.",
            "Correct the id or the mrn; declare a corrected mrn under moved.",
        ),
        Cause.DELETED_ELSEWHERE: (
            "The patient was deleted outside of kardia-ctl.",
            "Remove the entry; decision: recreate creates the patient anew.",
        ),
        Cause.SCAN_INCOMPLETE: (
            "Not every live patient could be read.",
            "Plan again; if the count stays off, see scan: in the documentation.",
        ),
        Cause.TEMPLATE_MISSING: ("The template does not exist live.", "Correct its id or name."),
        Cause.PLAN_CHANGE: (
            "Switching templates cancels an order and makes another.",
            "Declare the earlier template again, or disconnect the patient first.",
        ),
        Cause.DUPLICATE_TEMPLATE: ("Two names lead to one template.", "Remove one of the codes."),
        Cause.OWNER_BLOCKED: ("The patient of this entry is blocked.", "Mend the patient's own entry first."),
        Cause.HAS_RECORDINGS: (
            "A patient with recordings or a connection is not deleted.",
            "Write action: disconnect, or delete the patient in Kardia.",
        ),
        Cause.ROW_SET_ASIDE: ("The patient's row is quarantined.", "Correct the row."),
        Cause.CODE_NOT_AT_HAND: ("A code that is needed is not known here.", _DECIDE),
    }
)
_ANY: Final = ("An entry of the plan is blocked.", _DECIDE)


def blocked_rule(cause: Cause) -> ReportRule:
    """The rule of what is blocked for a cause."""
    summary, remedy = _BLOCKED.get(cause, _ANY)
    return ReportRule(f"blocked-{cause.value.replace('_', '-')}", summary, remedy)
