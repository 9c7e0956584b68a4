"""Laws 1, 5, 6 and 8 with users of the app, in both dialects."""

from dataclasses import replace
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.configuration import Desired, Dialect
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.planner import make_plan
from kardia_ctl.sandbox.quirks import DuplicateUser, Quirks
from tests.laws.strategies import LABELS, clinic, peopled
from tests.laws.test_5_apply_then_plan_is_empty import apply_then_plan_is_empty, order_does_not_show
from tests.laws.test_8_the_calls_are_counted import the_calls_are_counted
from tests.laws.world import LAWFUL, World, in_world

READINGS = Quirks(duplicate_user=DuplicateUser.ACCEPTED)
"""The server accepts a second user with the same address, so that one is detected."""

# Written out and not imported: this list is the law, and api/endpoints.py must keep to it.
SAFE = {
    "GET /v1/patients",
    "GET /v1/patients/{id}",
    "GET /v1/patients/{id}/recordings",
    "GET /v1/callback",
    "GET /v1/qtCallback",
    "GET /v1/teamConnectionTemplate",
    "GET /e/v1/callback",
}


@st.composite
def clinics_of(draw: st.DrawFn) -> tuple[Dialect, Desired]:
    dialect = draw(st.sampled_from(Dialect))
    return dialect, draw(peopled(dialect))


@LAWFUL
@given(clinics_of())
def test_apply_then_plan_is_empty_with_users(drawn: tuple[Dialect, Desired]) -> None:
    dialect, desired = drawn
    in_world(lambda world: apply_then_plan_is_empty(world, desired), READINGS, dialect=dialect)


@LAWFUL
@given(clinics_of())
def test_the_calls_are_counted_with_users(drawn: tuple[Dialect, Desired]) -> None:
    dialect, desired = drawn
    in_world(lambda world: the_calls_are_counted(world, desired), READINGS, dialect=dialect)


@LAWFUL
@given(clinics_of(), st.data(), st.randoms(use_true_random=False))
def test_the_order_of_users_does_not_show(
    drawn: tuple[Dialect, Desired], data: st.DataObject, random: Random
) -> None:
    dialect, live = drawn
    desired = data.draw(peopled(dialect))

    async def story(world: World) -> None:
        await world.apply(live)
        inputs = (await world.plan(desired)).inputs
        order_does_not_show(_with_shuffled_records(inputs, random), random, make_plan)

    in_world(story, READINGS, dialect=dialect)


def _with_shuffled_records(inputs: PlanInputs, random: Random) -> PlanInputs:
    settings, users = list(inputs.state.settings.items()), list(inputs.state.users.items())
    random.shuffle(settings)
    random.shuffle(users)
    return replace(inputs, state=replace(inputs.state, settings=dict(settings), users=dict(users)))


@LAWFUL
@given(clinics_of())
def test_planning_with_users_sends_safe_reads_alone(drawn: tuple[Dialect, Desired]) -> None:
    dialect, desired = drawn

    async def story(world: World) -> None:
        await world.plan(desired)
        await world.apply(desired)
        truth, begin = world.truth(), len(world.requests())
        await world.plan(desired)
        assert set(world.requests()[begin:]) <= SAFE
        assert world.truth() == truth

    in_world(story, READINGS, dialect=dialect)


async def lost_state_makes_and_orders_nothing_again(world: World, desired: Desired) -> None:
    """In v1 only providers are sent; in pro participants are sent again, without effect."""
    await world.apply(desired)
    truth = world.truth()
    world.lose_state()
    for _ in range(2):
        done = await world.apply(desired)
        made = {result.address.kind for result in done.report.results if result.action is Action.CREATE}
        assert not done.preview.plan.count(Action.DELETE, Action.DISCONNECT)
        assert made <= {Kind.SERVICE_PROVIDER, Kind.CONNECTION_CODE, Kind.MOBILE_USER, Kind.CALLBACK}
        assert world.truth() == truth
    assert not (await world.plan(desired)).plan.writes


@LAWFUL
@given(clinics_of())
def test_state_that_is_lost_does_no_harm_with_users(drawn: tuple[Dialect, Desired]) -> None:
    dialect, desired = drawn
    in_world(
        lambda world: lost_state_makes_and_orders_nothing_again(world, desired), READINGS, dialect=dialect
    )


def test_a_planner_that_takes_who_existed_for_its_own_breaks_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = clinic(2, codes=LABELS[:1])
    people = {mrn: msgspec.structs.replace(one, lastname=mrn) for mrn, one in plain.patients.items()}
    desired = replace(plain, team="", patients=people)

    async def story(world: World) -> None:
        monkeypatch.setattr("kardia_ctl.kinds.patient.existed_before", lambda _: False)
        with pytest.raises(AssertionError):
            await lost_state_makes_and_orders_nothing_again(world, desired)

    in_world(story, READINGS, dialect=Dialect.PRO)
