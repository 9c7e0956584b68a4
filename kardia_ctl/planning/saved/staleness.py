"""Whether a saved plan still holds: digests of everything that it was made from, compared at apply.

The digests are keyed, because names and birth dates go into them.
"""

from collections.abc import Iterator
from typing import Final

from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.errors import StalePlan
from kardia_ctl.model.patient import ATTRIBUTES, LivePatient
from kardia_ctl.model.plan import Change, Plan, Values
from kardia_ctl.model.state import State
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.saved.codec import Binding, SavedPlan
from kardia_ctl.planning.saved.digests import digest

MAX_AGE: Final = 7 * 86400.0
"""Seconds for which a saved plan holds, unless ``--max-age`` says otherwise."""

FUTURE_MARGIN: Final = 300.0
"""Seconds by which the clock of the machine that made a plan may be ahead."""

NO_STATE: Final = "none"
"""The digest of a state that does not exist: plan and apply may then run on different machines."""


def change_digest(key: bytes, change: Change) -> str:
    """The digest of everything about a change that its execution or meaning depends on."""
    facts = (str(change.address), change.action, change.cause, change.id, change.target, str(change.price))
    decided = (str(change.previous), change.accepted) if change.previous or change.accepted else ()
    return digest(key, (*facts, *decided, *_values(change.before), "→", *_values(change.after)))


def digests_of(plan: Plan, key: bytes) -> tuple[str, ...]:
    """The digest of each change, in the plan's order."""
    return tuple(change_digest(key, change) for change in plan.changes)


def _values(values: Values | None) -> Iterator[str | None]:
    for name, value in sorted((values or {}).items()):
        yield name
        yield value


def state_digest(state: State) -> str:
    """Identifies one content of a workspace: every commit that changes a fact changes it."""
    return f"{state.lineage}:{state.serial}" if state.exists else NO_STATE


def live_digest(key: bytes, inputs: PlanInputs) -> str:
    """The digest of every live fact that the plan used; undeclared patients are not among them."""
    return digest(key, _facts(inputs))


def _facts(inputs: PlanInputs) -> Iterator[str | None]:
    observed = inputs.observed
    yield observed.coverage
    for mrn, want in sorted(inputs.desired.patients.items()):
        candidates = observed.twins.get(mrn) or (observed.patients.get(mrn),)
        for live in candidates:
            yield from (mrn,) if live is None else _patient(live, status=bool(want.codes))
    for patient_id, live in sorted(observed.by_id.items()):
        yield patient_id
        yield from _patient(live, status=True)
    yield from sorted(observed.missing)
    for address, setting in sorted(observed.settings.items(), key=lambda pair: pair[0].order):
        yield str(address)
        yield from _values(None if setting is None else setting.attributes)
    for template in sorted(observed.templates or (), key=lambda template: template.id):
        yield from (template.id, template.name, template.team, str(template.price), str(template.duration))


def _patient(live: LivePatient, *, status: bool) -> Iterator[str | None]:
    yield live.id
    yield live.mrn
    for name in ATTRIBUTES:
        value = getattr(live, name)
        yield None if value is None else str(value)
    if status:
        yield live.status


_REASONS: Final = {
    "version": "it was made by kardia-ctl {saved}, and this is {current}",
    "endpoint": "it was made for {saved}, and this run talks to {current}",
    "team": "it was made for team {saved}, and the configuration names {current}",
    "workspace": "it was made in workspace {saved}, and this is {current}",
    "configuration": "the configuration changed since{parts}",
    "state": "state changed since",
    "live": "the live account changed since",
}


def refuse_if_stale(saved: SavedPlan, current: Binding, state: State, parts: str = "") -> None:
    """Compare everything that a saved plan is bound to. ``parts`` says what of the configuration changed.

    Raises:
        StalePlan: something differs, or the plan was applied before; the message names every difference.
    """
    reasons = list(_reasons(saved.binding, current, f": {parts}" if parts else ""))
    if saved.id in state.used_plans:
        reasons.insert(0, "it was applied before, and a saved plan can only be applied once")
    if reasons:
        raise StalePlan(f"The saved plan is refused: {'; '.join(reasons)}. Plan again")


def refuse_if_old(saved: SavedPlan, now: float, max_age: float) -> None:
    """Compare a saved plan's age with what it may be. Times in Unix seconds, ``max_age`` in seconds.

    A state that was lost or restored does not know that a plan was used: its age ends that.

    Raises:
        StalePlan: it is too old, or was made in the future.
    """
    age = now - saved.created
    if age > max_age:
        reason = f"it was made {_length(age)} ago, and --max-age is {_length(max_age)}"
    elif age < -FUTURE_MARGIN:
        reason = f"by this machine's clock it was made {_length(-age)} in the future: check the clocks"
    else:
        return
    raise StalePlan(f"The saved plan is refused: {reason}. Plan again")


def _length(seconds: float) -> str:
    """A length of time as ``--max-age`` takes it, rounded down to its largest unit: ``7d``, ``90s``."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size or (seconds >= size and seconds % size == 0):
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def _reasons(saved: Binding, current: Binding, parts: str) -> Iterator[str]:
    for name, reason in _REASONS.items():
        before, now = getattr(saved, name), getattr(current, name)
        if before != now and now:
            yield reason.format(saved=before or "none", current=now, parts=parts)


def refuse_if_different(saved: SavedPlan, fresh: Plan, digests: tuple[str, ...]) -> None:
    """Compare the saved changes with those of a fresh plan.

    Raises:
        StalePlan: they differ; the message names the first address that does.
    """
    if saved.digests == digests:
        return
    before = dict(zip((change.address for change in saved.plan.changes), saved.digests, strict=True))
    after = dict(zip((change.address for change in fresh.changes), digests, strict=True))
    differing = sorted(
        (address for address in before.keys() | after.keys() if before.get(address) != after.get(address)),
        key=lambda address: address.order,
    )
    raise StalePlan(
        f"The saved plan is refused: what would be done at {differing[0]} {_since(saved.plan)}"
        + (f" (and at {len(differing) - 1} more)" if len(differing) > 1 else "")
        + ". Plan again"
    )


def _since(plan: Plan) -> str:
    if plan.refresh is Refresh.FULL:
        return "has changed since"
    return f"is otherwise now that everything was read; it was made with --refresh {plan.refresh}"
