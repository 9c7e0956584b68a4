"""Law 3. What the API cannot update is blocked; it never becomes delete and create."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.patient import ATTRIBUTES
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.planner import make_plan
from kardia_ctl.sandbox.quirks import Quirks
from tests.laws.strategies import clinic, clinics, quirks
from tests.laws.world import LAWFUL, World, in_world

OTHER = {
    "dob": "1999-12-31",
    "email": "other@example.com",
    "firstname": "Other",
    "lastname": "Other",
    "sex": "9",
}


def edited(desired: Desired, edits: dict[str, str]) -> Desired:
    """The same clinic with one attribute of each patient changed; ``edits`` says which, by mrn."""
    patients = {
        mrn: msgspec.structs.replace(want, **{edits[mrn]: OTHER[edits[mrn]]}) if mrn in edits else want
        for mrn, want in desired.patients.items()
    }
    return replace(desired, patients=patients)


def nothing_is_replaced(inputs: PlanInputs, plan_of: Callable[[PlanInputs], Plan]) -> None:
    """A live patient is neither created nor deleted, and a difference is reported: as blocked or as drift."""
    plan = plan_of(inputs)
    done = {(change.address, change.action) for change in plan.changes}
    reported = {change.address for change in plan.changes if change.action is Action.BLOCKED}
    reported |= {notice.address for notice in plan.notices if notice.address}
    for mrn, live in inputs.observed.patients.items():
        address = patient_address(mrn)
        assert (address, Action.CREATE) not in done
        assert (address, Action.DELETE) not in done
        want = inputs.desired.patients.get(mrn)
        if want is not None and kind.differences(want, live):
            assert address in reported


@LAWFUL
@given(st.data(), clinics(), quirks())
def test_nothing_is_replaced_in_silence(data: st.DataObject, desired: Desired, readings: Quirks) -> None:
    edits = {mrn: data.draw(st.sampled_from(ATTRIBUTES)) for mrn in desired.patients}

    async def story(world: World) -> None:
        await world.apply(desired)
        truth = world.truth()
        changed = edited(desired, edits)
        nothing_is_replaced((await world.plan(changed)).inputs, make_plan)
        done = await world.apply(changed)
        assert not done.report.results
        assert world.truth() == truth

    in_world(story, readings)


@LAWFUL
@given(st.sampled_from(ATTRIBUTES), st.booleans())
def test_the_side_that_changed_is_told(attribute: str, by_us: bool) -> None:
    async def story(world: World) -> None:
        desired = edited(clinic(1), {})
        full = msgspec.structs.replace(desired.patients["P-0"], lastname="Smith", sex="1")
        desired = replace(desired, patients={"P-0": full})
        await world.apply(desired)
        if by_us:
            plan = (await world.plan(edited(desired, {"P-0": attribute}))).plan
            assert [change.cause for change in plan.changes] == [Cause.IMMUTABLE]
            assert plan.changes[0].fields == (attribute,)
        else:
            value = int(OTHER[attribute]) if attribute == "sex" else OTHER[attribute]
            world.account.patients.change(world.account.patients.all()[0].id, **{attribute: value})
            plan = (await world.plan(desired)).plan
            assert plan.is_empty
            assert [tuple(notice.after or ()) for notice in plan.notices] == [(attribute,)]

    in_world(story)


@pytest.mark.parametrize("lost", [False, True])
def test_what_was_edited_while_it_was_ignored_is_intent_and_not_drift(lost: bool) -> None:
    """The edit was never applied, so the live side did not move: the configuration did."""

    async def story(world: World) -> None:
        def declared(email: str, *ignore: str) -> Desired:
            one = msgspec.structs.replace(clinic(1).patients["P-0"], email=email, ignore=ignore)
            return replace(clinic(1), patients={"P-0": one})

        await world.apply(declared("first@example.com"))
        if lost:
            world.lose_state()
        await world.apply(declared("second@example.com", "email"))
        plan = (await world.plan(declared("second@example.com"))).plan
        assert [change.cause for change in plan.changes] == [Cause.IMMUTABLE]
        assert not plan.notices

    in_world(story)


def test_a_planner_that_replaces_breaks_the_law() -> None:
    def replacing(inputs: PlanInputs) -> Plan:
        def both(change: Change) -> Iterator[Change]:
            if change.cause is not Cause.IMMUTABLE:
                yield change
                return
            yield replace(change, action=Action.DELETE)
            yield replace(change, action=Action.CREATE)

        plan = make_plan(inputs)
        return replace(plan, changes=tuple(one for change in plan.changes for one in both(change)))

    async def story(world: World) -> None:
        await world.apply(clinic(1))
        inputs = (await world.plan(edited(clinic(1), {"P-0": "dob"}))).inputs
        nothing_is_replaced(inputs, make_plan)
        with pytest.raises(AssertionError):
            nothing_is_replaced(inputs, replacing)

    in_world(story)


def test_a_planner_that_overlooks_a_difference_breaks_the_law() -> None:
    def blind(inputs: PlanInputs) -> Plan:
        return replace(make_plan(inputs), changes=(), notices=())

    async def story(world: World) -> None:
        await world.apply(clinic(1))
        with pytest.raises(AssertionError):
            nothing_is_replaced((await world.plan(edited(clinic(1), {"P-0": "dob"}))).inputs, blind)

    in_world(story)
