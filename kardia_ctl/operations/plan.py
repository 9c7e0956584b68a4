"""Observe, then plan: the first part of plan, apply and codes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.decided.decision import DecisionKind
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.from_state import from_state
from kardia_ctl.observing.head_refresh import HeadInputs, observe_head
from kardia_ctl.observing.interning import Interning
from kardia_ctl.observing.observe import observe, with_templates
from kardia_ctl.observing.read_plan import ReadPlan, choose_reads
from kardia_ctl.operations.tenant import with_tenant
from kardia_ctl.planning.approval.plan_digest import plan_digest
from kardia_ctl.planning.checks.key_tenant import expects_team, needs_tenant
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.planner import make_plan, wants_templates


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan with the inputs that it was made from.

    ``read_until`` is when observing ended, in Unix seconds of the run's clock; 0 when that was not noted.
    """

    plan: Plan
    inputs: PlanInputs
    read_until: float = 0.0

    @property
    def observed(self) -> Observed:
        """The live resources that the plan was made from."""
        return self.inputs.observed

    @property
    def looked_at(self) -> float:
        """When the account was last read for it: when observing began, unless its end was noted."""
        return max(self.read_until, self.inputs.now.wall)


async def observe_and_plan(
    reader: Reader,
    inputs: PlanInputs,
    requests: Callable[[], int],
    now: Callable[[], float] | None = None,
    *,
    known: Observed | None = None,
) -> Preview:
    """Observe with the fewest reads, and plan.

    The templates, for price and tenant, are read only when a first plan without them orders a code, or needs
    to know whose key it is.

    Args:
        reader: Safe reads only.
        inputs: The inputs of the plan; an earlier observation in them is replaced.
        requests: How many requests were sent so far, as the transport counts them.
        now: Unix seconds; without it the account counts as read when observing began.
        known: An earlier observation of this run: templates that it has are not read again.

    Raises:
        ApiError: a request failed, or its response could not be decoded.
    """
    observed = await _observe(reader, inputs, known)
    read_until = 0.0 if now is None else now()
    inputs = replace(inputs, observed=observed, spent=requests())
    plan = make_plan(inputs)
    if inputs.observed.templates is None and _needs_templates(plan, inputs):
        if wants_templates(plan, inputs.capabilities):
            inputs = replace(inputs, observed=await with_templates(reader, inputs.observed))
        inputs = replace(await with_tenant(reader, inputs), spent=requests())
        plan = make_plan(inputs)
    return Preview(replace(plan, digest=plan_digest(plan, inputs.digest_key)), inputs, read_until)


def plan_from_state(inputs: PlanInputs) -> Preview:
    """Plan without a request: what is declared is compared with state alone (``--refresh off``).

    It has no digest: nobody approves a plan that has looked at nothing.
    """
    observed = from_state(inputs.desired, inputs.state, inputs.key, _reads_of(inputs))
    inputs = replace(inputs, observed=observed)
    return Preview(make_plan(inputs), inputs)


def _reads_of(inputs: PlanInputs) -> ReadPlan:
    return choose_reads(
        inputs.desired,
        inputs.state,
        inputs.scope,
        inputs.capabilities,
        recreating=_recreates(inputs),
    )


async def _observe(reader: Reader, inputs: PlanInputs, known: Observed | None) -> Observed:
    read_plan = _reads_of(inputs)
    templates = None if known is None else known.templates
    if templates is not None:
        read_plan = replace(read_plan, templates=False)
    observed = await _as_asked(reader, read_plan, inputs)
    if templates is None:
        return observed
    return replace(observed, templates=templates, reads=observed.reads + 1)


async def _as_asked(reader: Reader, read_plan: ReadPlan, inputs: PlanInputs) -> Observed:
    """Everything is read, or as little as the head of the list proves to be enough."""
    desired, state, decisions, instead = inputs.desired, inputs.state, inputs.decisions, ""
    if inputs.refresh is Refresh.HEAD:
        decided = {one.address for one in desired.decisions if one.kind is DecisionKind.REISSUE}
        asked = HeadInputs(desired, state, inputs.key, decided | decisions.reissue, inputs.scan)
        head = await observe_head(reader, read_plan, asked)
        if isinstance(head, Observed):
            return head
        instead = head.reason
    observed = await observe(
        reader,
        read_plan,
        inputs.scan,
        look_up_all=decisions.accept_collapse,
        keep=Interning(desired, state),
    )
    return replace(observed, instead=instead)


def _recreates(inputs: PlanInputs) -> bool:
    """Whether somebody whom state records may be created again."""
    recorded = inputs.state.patients
    return any(address.names[0] in recorded for address in inputs.decisions.recreate)


def _needs_templates(plan: Plan, inputs: PlanInputs) -> bool:
    """Whether a plan that was made without the templates needs them."""
    if not inputs.capabilities.shows_templates:
        return False
    if wants_templates(plan, inputs.capabilities):
        return True
    return expects_team(inputs) and (bool(plan.stops) or needs_tenant(inputs, plan.changes))
