"""Law 2. A patient absent from the YAML is forgotten; only a departure with a reason acts on the account."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Departure, DepartureAction, Desired, Limits
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Plan
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.planner import make_plan
from kardia_ctl.sandbox.data.values import PatientStatus
from kardia_ctl.sandbox.quirks import Quirks
from tests.laws.strategies import clinic, clinics, quirks
from tests.laws.world import LAWFUL, World, in_world

LEAVING = (Action.DISCONNECT, Action.DELETE)
DOING = {DepartureAction.DISCONNECT: Action.DISCONNECT, DepartureAction.DELETE: Action.DELETE}


def absence_never_deletes(inputs: PlanInputs, plan_of: Callable[[PlanInputs], Plan]) -> None:
    declared_departures = {(patient_address(one.mrn), DOING[one.action]) for one in inputs.desired.departures}
    plan = plan_of(inputs)
    for change in plan.changes:
        if change.action in LEAVING:
            assert (change.address, change.action) in declared_departures
            assert change.reason
    for mrn, record in inputs.state.patients.items():
        if mrn not in inputs.desired.patients and not record.forgotten and not inputs.decisions.targets:
            reported = {(change.address, change.action) for change in plan.changes}
            reported |= {(notice.address, Action.FORGET) for notice in plan.notices if notice.address}
            assert any(address == patient_address(mrn) for address, _ in reported)


@LAWFUL
@given(clinics(), clinics(), quirks(), st.randoms(use_true_random=False))
def test_absence_never_deletes(before: Desired, after: Desired, readings: Quirks, random: Random) -> None:
    async def story(world: World) -> None:
        await world.apply(before)
        gone = [mrn for mrn in before.patients if mrn not in after.patients]
        leaving = tuple(
            Departure(mrn, random.choice(list(DepartureAction)), "left")
            for mrn in gone
            if random.random() < 0.5
        )
        desired = replace(after, departures=leaving, limits=Limits())
        absence_never_deletes((await world.plan(desired)).inputs, make_plan)
        changes = (await world.apply(desired)).preview.plan.changes
        world.clock.advance(60)
        deleted = {one.mrn for one in leaving if one.action is DepartureAction.DELETE}
        namesakes = {change.address.names[0] for change in changes if change.cause is Cause.SAME_PERSON}
        left = {one.mrn for one in world.account.patients.all()}
        assert left == (set(before.patients) - deleted) | (set(after.patients) - namesakes)
        expected = {
            "POST /v1/patients/{id}/disconnect": DepartureAction.DISCONNECT,
            "DELETE /v1/patients/{id}": DepartureAction.DELETE,
        }
        for request, action in expected.items():
            assert world.requests().count(request) == sum(1 for one in leaving if one.action is action)

    in_world(story, readings)


def test_an_empty_configuration_forgets_everybody_and_sends_nothing() -> None:
    async def story(world: World) -> None:
        await world.apply(clinic(4))
        for one in world.account.patients.all():
            world.account.patients.set_status(one.id, PatientStatus.CONNECTED)
        truth, before = world.truth(), len(world.requests())
        done = await world.apply(Desired())
        assert done.preview.plan.count(Action.FORGET) == 4
        assert world.truth() == truth
        assert world.requests()[before:] == ["GET /v1/teamConnectionTemplate"]  # whose key is it?
        assert (await world.plan(Desired())).plan.is_empty

    in_world(story)


def test_a_departure_acts_once() -> None:
    async def story(world: World) -> None:
        await world.apply(clinic(2))
        leaving = (
            Departure("P-0", DepartureAction.DISCONNECT, "moved"),
            Departure("P-1", DepartureAction.DELETE, "left"),
        )
        for _ in range(3):
            await world.apply(Desired(departures=leaving))
        assert world.requests().count("POST /v1/patients/{id}/disconnect") == 1
        assert world.requests().count("DELETE /v1/patients/{id}") == 1

    in_world(story)


def test_a_planner_that_deletes_the_absent_breaks_the_law() -> None:
    def tidy(inputs: PlanInputs) -> Plan:
        plan = make_plan(inputs)
        changes = (
            replace(change, action=Action.DELETE)
            if change.action is Action.FORGET and change.address.kind is Kind.PATIENT
            else change
            for change in plan.changes
        )
        return replace(plan, changes=tuple(changes))

    async def story(world: World) -> None:
        await world.apply(clinic(2))
        inputs = (await world.plan(clinic(1))).inputs
        absence_never_deletes(inputs, make_plan)
        with pytest.raises(AssertionError):
            absence_never_deletes(inputs, tidy)

    in_world(story)


def test_a_planner_that_says_nothing_of_the_absent_breaks_the_law() -> None:
    def silent(inputs: PlanInputs) -> Plan:
        plan = make_plan(inputs)
        remaining = tuple(change for change in plan.changes if change.action is not Action.FORGET)
        return replace(plan, changes=remaining)

    async def story(world: World) -> None:
        await world.apply(clinic(2))
        with pytest.raises(AssertionError):
            absence_never_deletes((await world.plan(clinic(1))).inputs, silent)

    in_world(story)
