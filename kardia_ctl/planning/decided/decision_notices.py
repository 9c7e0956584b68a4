"""What a plan says about ``decisions``: what each did in it, and which entries do nothing."""

from typing import Final

from kardia_ctl.model.decided.decision import Decision, DecisionKind
from kardia_ctl.model.plan import NoticeKind
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.decided.firing_notices import effect_of, idle_because
from kardia_ctl.planning.inputs import PlanInputs

_REMOVE: Final = "Remove the entry"
_CORRECT: Final = "Correct the address, or remove the entry"


def say_decisions(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Say what the decisions did, once all changes are known. With targets only some were looked at."""
    if inputs.scope.named is not None:
        return
    for decision in inputs.desired.decisions:
        if inputs.scope.excludes(decision.address):
            continue
        kind, text = _said(decision, inputs, builder)
        about = f"{decision.about} (cohort {decision.cohort}): " if decision.cohort else ""
        address = None if decision.cohort else decision.address
        reason = {"reason": decision.reason}
        builder.notice(kind, about + text, address, decision.source, after=reason)


def _said(decision: Decision, inputs: PlanInputs, builder: PlanBuilder) -> tuple[NoticeKind, str]:
    """What a decision does, or why it does nothing."""
    if decision.has_ended(inputs.now.day):
        return NoticeKind.IDLE, ended(decision)
    count = builder.decisions.needed[decision]
    number = f"{count:,} " if decision.cohort else ""
    match decision.kind:
        case DecisionKind.ACCEPT:
            effect = f"{number}accepted as blocked, until {decision.until}"
            reason = "nothing is blocked here that it could accept"
        case DecisionKind.ISSUED:
            effect = f"{number}taken as issued: recorded as of this template, without a request"
            reason = "no code is left whose template is unknown"
        case _:
            effect, reason = effect_of(decision, inputs, builder), idle_because(decision, inputs)
            count = len(effect)
    if count:
        return NoticeKind.DECIDED, effect
    if not _is_declared(decision, inputs):
        return NoticeKind.IDLE, f"{decision.kind} does nothing: no such patient is declared. {_CORRECT}"
    return NoticeKind.IDLE, f"{decision.kind} does nothing: {reason}. {_REMOVE}"


def _is_declared(decision: Decision, inputs: PlanInputs) -> bool:
    """Whether somebody is declared whom a decision may be about: a misspelt mrn is nobody's."""
    desired, address = inputs.desired, decision.address
    if decision.cohort or address.kind.is_setting:
        return True
    mrn = address.names[0]
    return mrn in desired.patients or mrn in desired.quarantined or _departs(mrn, inputs)


def _departs(mrn: str, inputs: PlanInputs) -> bool:
    return any(departure.mrn == mrn for departure in inputs.desired.departures)


def ended(decision: Decision) -> str:
    """The notice for a decision whose last day is over."""
    return f"{decision.kind} ended on {decision.until} and does nothing. {_REMOVE}"
