"""Whether a saved plan still holds: nothing that it used may have changed."""

from collections.abc import Iterator

from kardia_ctl.model.errors import PlanRefused
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.state import State
from kardia_ctl.planning.saved.codec import Binding, SavedPlan

_WORDS = {
    "version": "it was made by kardia-ctl {saved}, and this is {current}",
    "endpoint": "it was made for {saved}, and this run talks to {current}",
    "team": "it was made for team {saved}, and the configuration says {current}",
    "workspace": "it was made in workspace {saved}, and this is {current}",
    "configuration": "the configuration changed since",
    "state": "state changed since",
    "live": "the live account changed since",
}


def refuse_if_stale(saved: SavedPlan, current: Binding, state: State) -> None:
    """Compare everything that a saved plan is bound to.

    Raises:
        PlanRefused: something differs, or the plan was applied before; the message names all of it.
    """
    reasons = list(_reasons(saved.binding, current))
    if saved.id in state.used_plans:
        reasons.insert(0, "it was applied before, and a saved plan is applied once")
    if reasons:
        raise PlanRefused(f"the saved plan is refused: {'; '.join(reasons)}. Plan again")


def _reasons(saved: Binding, current: Binding) -> Iterator[str]:
    for name, words in _WORDS.items():
        before, now = getattr(saved, name), getattr(current, name)
        if before != now and now:
            yield words.format(saved=before or "none", current=now)


def refuse_if_different(saved: SavedPlan, fresh: Plan, digests: tuple[str, ...]) -> None:
    """Compare the saved changes with those that planning gives now.

    Raises:
        PlanRefused: they are not the same; the message names the first address that differs.
    """
    if saved.digests == digests:
        return
    before = dict(zip((change.address for change in saved.plan.changes), saved.digests, strict=True))
    after = dict(zip((change.address for change in fresh.changes), digests, strict=True))
    differing = sorted(
        (address for address in before.keys() | after.keys() if before.get(address) != after.get(address)),
        key=lambda address: address.order,
    )
    raise PlanRefused(
        f"the saved plan is refused: what is to be done at {differing[0]} changed since"
        + (f" (and at {len(differing) - 1} more)" if len(differing) > 1 else "")
        + ". Plan again"
    )
