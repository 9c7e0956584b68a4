"""Law 5. After a clean apply a second plan has no changes; the order of inputs does not matter."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.ports import Store
from kardia_ctl.model.results import Status
from kardia_ctl.model.state import Entry
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.planner import make_plan
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.terraform_json import Stamp
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View
from kardia_ctl.sandbox.quirks import Quirks
from tests.documents import document_of
from tests.laws.strategies import clinic, clinics, quirks
from tests.laws.world import LAWFUL, World, in_world, shuffled


async def apply_then_plan_is_empty(world: World, desired: Desired) -> None:
    first = await world.apply(desired)
    assert {result.status for result in first.report.results} <= {Status.DONE}
    second = await world.plan(desired)
    assert second.plan.is_empty, plan_text(second.plan, View(show_phi=True))
    truth, before = world.truth(), len(world.requests())
    third = await world.apply(desired)
    assert not third.report.results
    assert third.report.writes == 0
    assert world.truth() == truth
    assert len(world.requests()) == before + second.plan.requests.spent


@LAWFUL
@given(clinics(), quirks())
def test_apply_then_plan_is_empty(desired: Desired, readings: Quirks) -> None:
    in_world(lambda world: apply_then_plan_is_empty(world, desired), readings)


async def less_reading_is_empty_too(world: World, desired: Desired, others: int, refresh: Refresh) -> None:
    """As many others as make several pages, of which the first few came after the apply."""
    first = await world.apply(desired)
    assert {result.status for result in first.report.results} <= {Status.DONE}
    await world.apply(desired)  # records the list again, as it is by now
    world.account.patients.seed(others, 5)
    before = len(world.requests())
    plan = (await world.plan(desired, refresh=refresh)).plan
    assert plan.is_empty, plan_text(plan, View(show_phi=True))
    if refresh is Refresh.OFF:
        assert len(world.requests()) == before
    if plan.refresh is not Refresh.FULL:
        assert "No changes" not in plan_text(plan, View())


@LAWFUL
@given(clinics(), quirks(), st.integers(0, 3), st.sampled_from([Refresh.HEAD, Refresh.OFF]))
def test_apply_then_a_plan_that_reads_less_is_empty(
    desired: Desired, readings: Quirks, others: int, refresh: Refresh
) -> None:
    readings = replace(readings, page_cap=2)
    in_world(lambda world: less_reading_is_empty_too(world, desired, others, refresh), readings)


@LAWFUL
@given(clinics(), clinics(), st.randoms(use_true_random=False))
def test_the_order_of_the_inputs_does_not_show(live: Desired, desired: Desired, random: Random) -> None:
    async def story(world: World) -> None:
        await world.apply(live)
        order_does_not_show((await world.plan(desired)).inputs, random, make_plan)

    in_world(story)


def order_does_not_show(inputs: PlanInputs, random: Random, plan_of: Callable[[PlanInputs], Plan]) -> None:
    """The same inputs in another order give the same plan and the same bytes."""
    once, again = plan_of(inputs), plan_of(reordered(inputs, random))
    assert once == again
    assert plan_text(once, View(show_phi=True)) == plan_text(again, View(show_phi=True))
    stamp = Stamp("0.0.0", "2026-03-02T10:00:00Z")
    assert list(map(repr, document_of(once, stamp, MRNS).items())) == list(
        map(repr, document_of(again, stamp, MRNS).items())
    )


def reordered(inputs: PlanInputs, random: Random) -> PlanInputs:
    observed, state = inputs.observed, inputs.state
    live, records = list(observed.patients.items()), list(state.patients.items())
    templates, codes = list(observed.templates or ()), list(state.codes.items())
    for listed in (live, records, templates, codes):
        random.shuffle(listed)
    return replace(
        inputs,
        desired=shuffled(inputs.desired, random),
        observed=replace(
            observed,
            patients=dict(live),
            settings=dict(reversed(list(observed.settings.items()))),
            templates=None if observed.templates is None else tuple(templates),
        ),
        state=replace(state, patients=dict(records), codes=dict(codes)),
    )


class Forgetful:
    """Breaks the law: a store that drops the first entry of a batch."""

    def __init__(self, store: Store) -> None:
        self.load, self.lock, self.check_lock = store.load, store.lock, store.check_lock
        self._commit, self.commits_slowly = store.commit, store.commits_slowly

    def commit(self, entries: Iterable[Entry]) -> None:
        self._commit(list(entries)[1:])


def test_a_store_that_forgets_breaks_the_law() -> None:
    async def story(world: World) -> None:
        world.wrap_store = Forgetful
        with pytest.raises(AssertionError):
            await apply_then_plan_is_empty(world, clinic(2))

    in_world(story)


def test_a_planner_that_keeps_the_order_of_its_inputs_breaks_the_law() -> None:
    def careless(inputs: PlanInputs) -> Plan:
        plan = make_plan(inputs)
        rank = {mrn: place for place, mrn in enumerate(inputs.desired.patients)}
        ranked = sorted(plan.changes, key=lambda change: rank[change.address.names[0]])
        return replace(plan, changes=tuple(ranked))

    async def story(world: World) -> None:
        inputs = (await world.plan(clinic(5))).inputs
        with pytest.raises(AssertionError):
            order_does_not_show(inputs, Random(1), careless)

    in_world(story)
