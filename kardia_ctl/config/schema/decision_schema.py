"""The schema of what a person decided: ``moved`` and ``decisions``."""

from typing import Any

from kardia_ctl.kinds.formats import choice, mapping, text
from kardia_ctl.model.decided.decision import LONGEST, DecisionKind


def moved_schema() -> dict[str, Any]:
    """The schema of an entry under ``moved``."""
    return mapping(
        "A patient with a corrected mrn.",
        {
            "from": text("The address with the old mrn, as plans print it: patient/MRN."),
            "to": text("The address with the new mrn, which is declared: patient/MRN."),
        },
        "from",
        "to",
    )


def decision_schema() -> dict[str, Any]:
    """The schema of an entry under ``decisions``."""
    return mapping(
        "A decision that a reviewer can read.",
        {
            "address": text(
                "What it is about, as plans print it: patient/MRN, connection_code/MRN/TEMPLATE; with cohort "
                "an asterisk in place of the mrn."
            ),
            "decision": choice(
                "recreate, reissue, distinct, absent and created as the options of plan and apply; issued (a "
                "code of this template exists: take it as it is); accept (what is blocked is known).",
                *DecisionKind,
            ),
            "reason": text("Why, e.g. ordered in the portal. Shown on your own terminal alone."),
            "until": text(
                f"The last day on which it holds, as YYYY-MM-DD: {LONGEST} days at most.", format="date"
            ),
            "cohort": text("The cohort whose patients it is about; for issued and accept."),
        },
        "address",
        "decision",
        "reason",
        "until",
    )
