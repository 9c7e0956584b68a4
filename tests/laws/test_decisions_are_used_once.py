"""Laws 4 and 6 for ``decisions``: left in the file, none makes a second patient or a second order."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.decided.decision import Decision, DecisionKind
from kardia_ctl.model.decided.use import UseDecision
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.ports import Store
from kardia_ctl.model.state import Entry
from kardia_ctl.planning.inputs import Decisions
from kardia_ctl.sandbox.data.values import PatientStatus
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from tests.laws.strategies import LABELS, clinic
from tests.laws.world import LAWFUL, World, in_world

NUMBER: Final = 3
EVENTS: Final = (
    "apply", "crash", "everybody goes", "lost answers", "state is lost", "nobody connected",
)  # fmt: skip
UNTIL, LATER = "2999-12-30", "2999-12-31"
ACCEPTED: Final = Decisions(accept_decisions=True)
LOST: Final = Faults(
    tuple(
        FaultRule(kind, moment, methods=frozenset({"POST"}), path="/v1/patients", probability=0.3)
        for kind, moment in (
            (FaultKind.DROPPED, Moment.BEFORE),
            (FaultKind.DROPPED, Moment.AFTER),
            (FaultKind.HTML, Moment.AFTER),
        )
    ),
    seed=7,
)


def decided(until: str = UNTIL, *kinds: DecisionKind) -> Desired:
    """A clinic with decisions about each patient and each code."""
    desired = clinic(NUMBER, codes=LABELS[:1])
    about: list[tuple[DecisionKind, Address]] = []
    for mrn, want in desired.patients.items():
        about += [(kind, patient_address(mrn)) for kind in (DecisionKind.RECREATE, DecisionKind.DISTINCT)]
        about += [(DecisionKind.ABSENT, patient_address(mrn))]
        about += [(DecisionKind.REISSUE, code_address(mrn, label)) for label in want.codes]
    wanted = [one for one in about if one[0] in (kinds or DecisionKind)]
    entries = (Decision(kind, address, "left in the file", until) for kind, address in wanted)
    return replace(desired, decisions=tuple(entries))


@dataclass
class Crashing:
    """A store of a process that dies before one of its commits."""

    inner: Store
    left: int

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def commit(self, entries: Iterable[Entry]) -> None:
        self.left -= 1
        if self.left < 0:
            raise StateError("the process died")
        self.inner.commit(entries)


class ForgetfulOfUses(Crashing):
    """Breaks the law: a store that keeps no use of a decision."""

    def commit(self, entries: Iterable[Entry]) -> None:
        self.inner.commit([entry for entry in entries if not isinstance(entry, UseDecision)])


@dataclass
class Watched:
    """Everybody who ever existed, by mrn, and every order."""

    world: World
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def look(self) -> None:
        for one in self.world.account.patients.all():
            self.ids[one.mrn].add(one.id)

    @property
    def most(self) -> int:
        return max(map(len, self.ids.values()), default=0)

    @property
    def orders(self) -> int:
        """How often a code was asked for, for each patient."""
        return self.world.requests().count("GET /v1/patients/{id}/code") // NUMBER


async def go_on(world: World, desired: Desired, watched: Watched, decisions: Decisions | None = None) -> None:
    """One apply, whatever becomes of it; then everything may settle."""
    with suppress(StateError):
        await world.apply(desired, decisions)
    watched.look()
    world.clock.advance(300)


async def everybody_goes(world: World, watched: Watched) -> None:
    watched.look()
    for one in world.account.patients.all():
        world.account.patients.remove(one.id)


async def a_decision_recreates_once(world: World) -> None:
    """It stood in the file before anybody was created: that is no use of it."""
    desired, watched = decided(UNTIL, DecisionKind.RECREATE), Watched(world)
    await go_on(world, desired, watched, Decisions(accept_decisions=True))
    for _ in range(3):
        await everybody_goes(world, watched)
        for _ in range(2):
            await go_on(world, desired, watched, Decisions(accept_collapse=True))
    assert watched.most == 2
    await go_on(world, decided(LATER, DecisionKind.RECREATE), watched, Decisions(accept_collapse=True))
    assert watched.most == 3


def test_a_decision_recreates_once_and_one_until_another_day_once_more() -> None:
    in_world(a_decision_recreates_once)


def test_without_what_state_keeps_of_decisions_the_law_breaks() -> None:
    async def story(world: World) -> None:
        world.wrap_store = lambda store: ForgetfulOfUses(store, 0)
        with pytest.raises(AssertionError):
            await a_decision_recreates_once(world)

    in_world(story)


def test_a_decision_reissues_once() -> None:
    async def story(world: World) -> None:
        desired, watched = decided(UNTIL, DecisionKind.REISSUE), Watched(world)
        await go_on(world, desired, watched)
        assert watched.orders == 1  # what it would be without the decision
        for _ in range(3):
            for one in world.account.patients.all():
                world.account.patients.set_status(one.id, PatientStatus.NONE)
            await go_on(world, desired, watched)
        assert watched.orders == 2
        later = decided(LATER, DecisionKind.REISSUE)
        for _ in range(3):
            await go_on(world, later, watched)
            for one in world.account.patients.all():
                world.account.patients.set_status(one.id, PatientStatus.NONE)
        assert watched.orders == 3

    in_world(story)


@LAWFUL
@given(
    st.integers(0, 1000),
    st.lists(
        st.sampled_from(
            ["apply", "crash", "everybody goes", "lost answers", "state is lost", "nobody connected"]
        ),
        min_size=4,
        max_size=12,
    ),
)
def test_whatever_happens_a_decision_that_is_left_in_the_file_makes_nobody_twice(
    seed: int, events: list[str]
) -> None:
    """Whoever is erased is created again once; of a lost state, once more for each new beginning at most."""

    async def story(world: World) -> None:
        desired, watched, rng = decided(), Watched(world), Random(seed)
        beginnings = 1
        accept = Decisions(accept_collapse=True)
        for event in events:
            world.wrap_store, world.app.faults = (lambda store: store), Faults()
            match event:
                case "crash":
                    world.wrap_store = _crashing(rng.randrange(6))
                case "everybody goes":
                    await everybody_goes(world, watched)
                    continue
                case "lost answers":
                    world.app.faults = LOST
                case "state is lost":
                    world.lose_state()
                    beginnings += 1
                    continue
                case "nobody connected":
                    for one in world.account.patients.all():
                        world.account.patients.set_status(one.id, PatientStatus.NONE)
            await go_on(world, desired, watched, accept)
            live = Counter(one.mrn for one in world.account.patients.all())
            assert max(live.values(), default=0) <= 1
        assert watched.most <= 2 * beginnings

    in_world(story)


def _crashing(left: int) -> Callable[[Store], Crashing]:
    return lambda store: Crashing(store, left)


def test_planning_with_decisions_records_nothing() -> None:
    async def story(world: World) -> None:
        watched = Watched(world)
        await go_on(world, clinic(NUMBER, codes=LABELS[:1]), watched)
        await everybody_goes(world, watched)
        before, truth = world.store().load(), world.truth()
        planned = await world.plan(decided(), Decisions(accept_collapse=True))
        assert planned.plan.writes
        assert (world.store().load(), world.truth()) == (before, truth)

    in_world(story)
