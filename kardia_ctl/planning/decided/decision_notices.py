"""What a plan says about ``decisions``: what each did in it, and which entries do nothing."""

from typing import Final

from kardia_ctl.model.decided.decision import Decision, DecisionKind
from kardia_ctl.model.plan import NoticeKind
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.decided.in_force import has_ended
from kardia_ctl.planning.inputs import PlanInputs

_REMOVE: Final = "Remove the entry"


def say_decisions(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Say what the decisions did, once all changes are known. With targets only some were looked at."""
    if inputs.decisions.targets:
        return
    for decision in inputs.desired.decisions:
        count = builder.decisions.needed[decision]
        kind, text = (NoticeKind.DECIDED, _effect(decision, count)) if count else _idle(decision, inputs)
        about = f"{decision.about} (cohort {decision.cohort}): " if decision.cohort else ""
        address = None if decision.cohort else decision.address
        reason = {"reason": decision.reason}
        builder.notice(kind, about + text, address, decision.source, after=reason)


def _effect(decision: Decision, count: int) -> str:
    number = f"{count:,} " if decision.cohort else ""
    match decision.kind:
        case DecisionKind.ACCEPT:
            return f"{number}accepted as blocked, until {decision.until}"
        case DecisionKind.ISSUED:
            return f"{number}taken as issued: recorded as of this template, without a request"
        case _ as kind:
            return str(kind)


def _idle(decision: Decision, inputs: PlanInputs) -> tuple[NoticeKind, str]:
    if has_ended(decision, inputs.now.day):
        return NoticeKind.IDLE, ended(decision)
    return NoticeKind.IDLE, f"{decision.kind} does nothing: {_IDLE[decision.kind]}. {_REMOVE}"


def ended(decision: Decision) -> str:
    """What is said of a decision whose last day is over."""
    return f"{decision.kind} ended on {decision.until} and does nothing. {_REMOVE}"


_IDLE: Final = {
    DecisionKind.ACCEPT: "nothing is blocked here that it could accept",
    DecisionKind.ISSUED: "no code is left whose template is unknown",
}
