"""The part of a plan that says what moved on the live side (``plan --drift``)."""

from dataclasses import replace
from typing import Final

from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.plan import Cause, NoticeKind, Plan
from kardia_ctl.planning.checks.key_tenant import tenant_of
from kardia_ctl.planning.inputs import PlanInputs

GONE: Final = frozenset({Cause.DELETED_ELSEWHERE, Cause.LIVE_AGAIN})
"""Why an address is blocked that moved on the live side: it left, or came back."""


def drift_of(plan: Plan) -> Plan:
    """The plan with nothing but what moved: drift notices, and who left or came back. Nothing stops it."""
    return replace(
        plan,
        changes=tuple(change for change in plan.changes if change.cause in GONE),
        notices=tuple(notice for notice in plan.notices if notice.kind is NoticeKind.DRIFT),
        stops=(),
        touched=Touched(),
        digest="",
    )


def has_drifted(plan: Plan) -> bool:
    """Whether anything moved on the live side."""
    found = drift_of(plan)
    return bool(found.changes or found.notices)


def cannot_see_drift(inputs: PlanInputs) -> str:
    """Why this look at the account does not show what moved; empty where it does."""
    if wrong := tenant_of(inputs).wrong:
        return wrong
    if inputs.observed.coverage is Coverage.INCOMPLETE:
        return f"the patients of the account could not all be read: {inputs.observed.detail}. Plan again"
    return ""
