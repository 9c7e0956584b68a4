"""Observe, then plan: what both plan and apply do first."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.dialects import CAPABILITIES
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.state import State
from kardia_ctl.observing.interning import Interning
from kardia_ctl.observing.observe import observe, with_templates
from kardia_ctl.observing.read_plan import choose_reads
from kardia_ctl.planning.inputs import Decisions, PlanInputs
from kardia_ctl.planning.planner import make_plan, wants_templates


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan with everything that it was made from."""

    plan: Plan
    inputs: PlanInputs

    @property
    def observed(self) -> Observed:
        """What was live."""
        return self.inputs.observed


@dataclass(frozen=True, slots=True)
class Ground:
    """What a preview stands on besides the live account. ``now`` is Unix seconds before the first read."""

    configuration: Configuration
    state: State
    now: float
    key: bytes = b""
    decisions: Decisions = field(default_factory=Decisions)


async def preview(reader: Reader, ground: Ground, spent: Callable[[], int]) -> Preview:
    """Observe with the fewest reads and plan.

    The templates are read only when the plan turns out to issue a code (their price and tenant are wanted),
    which planning without them tells.

    Args:
        reader: Safe reads only.
        ground: Configuration, state, time and decisions.
        spent: How many requests were sent so far, as the transport counts them.

    Raises:
        ApiError: an answer could not be had or understood.
    """
    desired, decisions = ground.configuration.desired, ground.decisions
    can = CAPABILITIES[ground.configuration.dialect]
    reading = choose_reads(desired, ground.state, decisions.targets, can, recreating=bool(decisions.recreate))
    policy = ground.configuration.scan
    observed = await observe(
        reader,
        reading,
        policy,
        look_up_all=decisions.accept_collapse,
        keep=Interning(desired, ground.state),
    )
    inputs = PlanInputs(
        desired,
        observed,
        ground.state,
        ground.now,
        ground.key,
        ground.configuration.settle,
        spent(),
        decisions,
        can,
    )
    plan = make_plan(inputs)
    if observed.templates is None and wants_templates(plan, can):
        observed = await with_templates(reader, observed)
        inputs = replace(inputs, observed=observed, spent=spent())
        plan = make_plan(inputs)
    return Preview(plan, inputs)
