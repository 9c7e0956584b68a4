"""Law 6. Without state everybody is matched again by mrn: nobody is created twice, nothing is deleted."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.plan import Action, Plan
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.planner import make_plan
from kardia_ctl.sandbox.quirks import Quirks
from tests.laws.strategies import LABELS, clinic, clinics, quirks
from tests.laws.world import LAWFUL, World, in_world


def lost_state_does_no_harm(inputs: PlanInputs, plan_of: Callable[[PlanInputs], Plan]) -> None:
    plan = plan_of(inputs)
    writes = [change for change in plan.changes if change.action.writes]
    assert {change.address.kind for change in writes} <= {Kind.SERVICE_PROVIDER}
    assert not plan.count(Action.DELETE, Action.DISCONNECT, Action.BLOCKED)
    adopted = {
        c.address.names[0]
        for c in plan.changes
        if c.action is Action.ADOPT and c.address.kind is Kind.PATIENT
    }
    assert adopted == set(inputs.desired.patients)


@LAWFUL
@given(clinics(), quirks())
def test_state_that_is_lost_does_no_harm(desired: Desired, readings: Quirks) -> None:
    async def story(world: World) -> None:
        await world.apply(desired)
        world.clock.advance(120)
        truth = world.truth()
        world.lose_state()
        lost_state_does_no_harm((await world.plan(desired)).inputs, make_plan)
        done = await world.apply(desired)
        assert {result.address.kind for result in done.report.results} <= {Kind.SERVICE_PROVIDER}
        assert world.truth() == truth
        assert (await world.plan(desired)).plan.is_empty

    in_world(story, readings)


def test_a_planner_that_believes_state_alone_breaks_the_law() -> None:
    def credulous(inputs: PlanInputs) -> Plan:
        blind = Observed(coverage=inputs.observed.coverage, total=0)
        return make_plan(replace(inputs, observed=blind))

    async def story(world: World) -> None:
        desired = clinic(2, codes=LABELS[:1])
        await world.apply(desired)
        world.lose_state()
        inputs = (await world.plan(desired)).inputs
        lost_state_does_no_harm(inputs, make_plan)
        with pytest.raises(AssertionError):
            lost_state_does_no_harm(inputs, credulous)

    in_world(story)
