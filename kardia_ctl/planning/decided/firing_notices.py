"""What a plan says and blocks about decisions that send something or settle a doubt."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.decided.decision import Decision, DecisionKind
from kardia_ctl.model.decided.use import UNDER_WAY
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, NoticeKind
from kardia_ctl.model.state import Remember
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.decided.firing import use_of
from kardia_ctl.planning.inputs import PlanInputs


def plan_firing(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Show what decisions settled, and block what they may not send without state."""
    for decision in inputs.firing.settling:
        if decision.kind is DecisionKind.CREATED:
            _adopt(inputs, decision, builder)
    for decision in sorted(inputs.firing.withheld, key=lambda one: (one.address.order, one.kind, one.until)):
        _withhold(decision, builder)


def _adopt(inputs: PlanInputs, decision: Decision, builder: PlanBuilder) -> None:
    """Say that what was in doubt is recorded as created; planning has counted it as a no-op."""
    address = decision.address
    records = (entry for entry in inputs.firing.settling[decision] if isinstance(entry, Remember))
    record = next(records, None)
    if record is None or address.names not in builder.unchanged.get(address.kind, ()):
        return
    builder.unchanged[address.kind].remove(address.names)
    target = record.detail if address.kind is Kind.CONNECTION_CODE else ""
    reason, source = "created, as a decision says", decision.source
    builder.change(
        address, Action.ADOPT, Cause.DECIDED, reason, id=record.record.id, target=target, source=source
    )


def _withhold(decision: Decision, builder: PlanBuilder) -> None:
    address = decision.address
    reason = (
        f"the decision {decision.kind} ({decision.source}) is not used: it sends what cannot be sent twice, "
        "and there was no state that knows whether it was used before. If it was not: --accept-decisions"
    )
    blocked = [change for change in builder.changes if _is_blocked(change.address, change.action, address)]
    if blocked:
        builder.changes = [
            replace(change, reason=f"{change.reason}. {reason[0].upper()}{reason[1:]}")
            if change in blocked
            else change
            for change in builder.changes
        ]
    elif decision.kind is DecisionKind.REISSUE and any(
        notice.address == address and notice.kind is NoticeKind.UNVERIFIABLE for notice in builder.notices
    ):
        builder.unchanged[address.kind].remove(address.names)
        builder.block(address, Cause.UNSETTLED, reason, source=decision.source)


def _is_blocked(found: Address, action: Action, wanted: Address) -> bool:
    return found == wanted and action is Action.BLOCKED


_DONE: Final = {
    DecisionKind.RECREATE: "it is created again, once",
    DecisionKind.REISSUE: "it is issued or created although there is or was one, once",
    DecisionKind.DISTINCT: "it is created as somebody of its own, once",
    DecisionKind.ABSENT: "its request in doubt counts as without effect",
    DecisionKind.CREATED: "its request in doubt counts as done",
}


_BACK: Final = "the patient is in Kardia again, and is adopted"


def effect_of(decision: Decision, inputs: PlanInputs, builder: PlanBuilder) -> str:
    """What a decision does in this plan; empty when it does nothing."""
    effect = next(_effects(decision, inputs, builder), "")
    return f"{decision.kind}: {effect}" if effect else ""


def _effects(decision: Decision, inputs: PlanInputs, builder: PlanBuilder) -> Iterator[str]:
    """The notices that fit a decision; the first one is used."""
    firing, kind = inputs.firing, decision.kind
    if decision in firing.withheld:
        yield "not used without --accept-decisions, as there was no state that knows of it"
    if decision in firing.settling:
        yield _DONE[kind]
    if decision in firing.sending and (action := _action(decision, inputs, builder)):
        yield _DONE[kind] if action is Action.CREATE else _BACK
    if decision in firing.sending and inputs.state.decided.get(use_of(decision)) == UNDER_WAY:
        yield "its request got no response; what became of it is settled first"
    if decision in firing.sending and _is_held(decision, builder):
        yield "not used yet, because something else blocks it"
    if decision in firing.waiting:
        yield "waits until the request can have no effect any more"


def _action(decision: Decision, inputs: PlanInputs, builder: PlanBuilder) -> Action | None:
    """What a plan does at the address that a decision allowed; None when it does nothing there."""
    known = None
    if decision.kind is DecisionKind.RECREATE:
        known = inputs.state.patients.get(decision.address.names[0])
    for change in builder.changes:
        if change.address != decision.address:
            continue
        if change.action is Action.CREATE and change.cause is Cause.DECIDED:
            return change.action
        if change.action is Action.ADOPT and known is not None and known.id not in ("", change.id):
            return change.action
    return None


def _is_held(decision: Decision, builder: PlanBuilder) -> bool:
    return any(_is_blocked(change.address, change.action, decision.address) for change in builder.changes)


def _used(decision: Decision, inputs: PlanInputs) -> int:
    return inputs.state.decided.get(use_of(decision), 0)


def idle_because(decision: Decision, inputs: PlanInputs) -> str:
    """Why a decision that could send something does nothing."""
    at = _used(decision, inputs)
    if at > 0:
        return f"it was used on {datetime.fromtimestamp(at, UTC):%Y-%m-%d}, and is used once"
    if decision.kind in (DecisionKind.ABSENT, DecisionKind.CREATED):
        return "nothing is in doubt here"
    return "there is nothing here that it would decide"
