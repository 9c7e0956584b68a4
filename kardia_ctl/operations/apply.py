"""A run from its plan to its report: whose key, what is recorded without a request, the writes, the count."""

from collections.abc import Sequence

from kardia_ctl.applying.state_updates import without_requests
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Plan
from kardia_ctl.model.ports import Reader, Store
from kardia_ctl.model.results import Result, Status
from kardia_ctl.model.state import Entry, Note, UsePlan
from kardia_ctl.operations.apply_rounds import Means, carry_out
from kardia_ctl.operations.plan import Ground, Preview
from kardia_ctl.operations.tenant import check_tenant
from kardia_ctl.planning.checks.stops import living, needs_tenant
from kardia_ctl.planning.inputs import PlanInputs


def doubts(plan: Plan) -> int:
    """How many addresses wait for the window of an earlier run's create whose answer was lost."""
    return sum(1 for change in plan.changes if change.cause is Cause.IN_DOUBT)


def acts(plan: Plan) -> bool:
    """Whether an apply of the plan does anything: writes, records, or settles what is in doubt."""
    return plan.writes or plan.count(Action.ADOPT, Action.FORGET) > 0 or doubts(plan) > 0


async def record(seen: Preview, reader: Reader, store: Store, saved_plan: str = "") -> str:
    """Check whose key it is, then write to state what needs no request. A warning, or an empty text.

    Nothing is recorded of an account that turns out to be another tenant's.

    Args:
        seen: The plan and what it was made from.
        reader: For the templates, when the plan had no reason to read them.
        store: Its lock is held.
        saved_plan: The id of the saved plan that this run applies: it is used up now.

    Raises:
        RunStopped: the key belongs to another tenant.
        ApiError: a team is expected and could not be read.
        StateError: state could not be written.
    """
    plan, inputs = seen.plan, seen.inputs
    team, warning = "", ""
    if needs_tenant(inputs.state, plan.changes) or doubts(plan) or inputs.observed.templates is not None:
        team, warning = await check_tenant(reader, inputs)
    entries: list[Entry] = list(without_requests(plan, inputs))
    if team and team != inputs.state.team:
        entries.append(Note("team", team))
    if saved_plan:
        entries.append(UsePlan(saved_plan))
    if entries:
        store.commit(entries)
    return warning


async def write(seen: Preview, ground: Ground, means: Means) -> tuple[Result, ...]:
    """Send the writes, settle what is in doubt, and note how fast it went and how many there are now.

    Raises:
        StateError: state could not be written; what was in flight is durable in it as an intent.
    """
    outcome = await carry_out(seen, ground, means)
    entries = [Note("rate", str(outcome.rate))] if outcome.rate is not None else []
    entries += _count(outcome.results, seen.inputs)
    if entries:
        means.store.commit(entries)
    return outcome.results


def _count(results: Sequence[Result], inputs: PlanInputs) -> list[Note]:
    """What the next run compares its count with: this one's, and what came and went by our own hand."""
    done = [one for one in results if one.status is Status.DONE and one.address.kind is Kind.PATIENT]
    created = sum(1 for one in done if one.action is Action.CREATE)
    deleted = sum(1 for one in done if one.action is Action.DELETE)
    count = living(inputs)
    if count is None or not (created or deleted):
        return []
    return [Note("live_count", str(max(0, count + created - deleted)))]
