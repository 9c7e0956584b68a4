"""Laws 4 and 6 for ``moved``: a corrected mrn makes nobody twice and orders nothing twice."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.decided.move import Move
from kardia_ctl.model.errors import RunStopped, StateError
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from tests.laws.strategies import LABELS, clinic
from tests.laws.world import LAWFUL, World, in_world

NUMBER: Final = 3
EVENTS: Final = ("apply", "correct here", "correct in Kardia", "lost answers", "state is lost")
LOST: Final = Faults(
    (
        FaultRule(FaultKind.DROPPED, Moment.AFTER, path="/v1/patients", methods=frozenset({"POST"})),
        FaultRule(FaultKind.DROPPED, Moment.AFTER, path="/v1/patients/*/code"),
    )
)


@dataclass
class Correcting:
    """A clinic in which one mrn after the other is corrected: here, in Kardia, or in both."""

    desired: Desired
    here: int = 0

    def correct_here(self) -> None:
        """The declaration of the next patient gets the right mrn, and an entry under ``moved``."""
        if self.here >= NUMBER:
            return
        old, new = f"P-{self.here}", f"Q-{self.here}"
        self.here += 1
        patients = dict(self.desired.patients)
        want = patients.pop(old)
        values = {name: getattr(want, name) for name in want.__struct_fields__} | {"mrn": new}
        patients[new] = type(want)(**values)
        moved = (*self.desired.moved, Move(old, new))
        self.desired = replace(self.desired, patients=patients, moved=moved)


def correct_in_kardia(world: World, most: int) -> None:
    """Somebody corrects some mrns in the vendor's application."""
    wrong = sorted(one.mrn for one in world.account.patients.all() if one.mrn.startswith("P-"))[:most]
    for one in world.account.patients.all():
        if one.mrn in wrong:
            world.account.patients.change(one.id, mrn=one.mrn.replace("P-", "Q-"))


async def corrected(world: World, events: Sequence[str]) -> None:
    clinic_ = Correcting(clinic(NUMBER, codes=LABELS[:1]))
    lost = False
    for event in events:
        world.app.faults = LOST if event == "lost answers" else Faults()
        match event:
            case "correct here":
                clinic_.correct_here()
            case "correct in Kardia":
                correct_in_kardia(world, 1)
            case "state is lost":
                world.lose_state()
                lost = True
            case _:
                with suppress(StateError, RunStopped):
                    await world.apply(clinic_.desired)
        world.clock.advance(300)
        nobody_is_there_twice(world)
        if not lost:
            nothing_is_ordered_twice(world)
    world.app.faults = Faults()
    while clinic_.here < NUMBER:
        clinic_.correct_here()
    for _ in range(3):
        await world.apply(clinic_.desired)
        world.clock.advance(300)
        correct_in_kardia(world, NUMBER)
    nobody_is_there_twice(world)
    assert {one.mrn for one in world.account.patients.all()} == set(clinic_.desired.patients)
    assert (await world.plan(clinic_.desired)).plan.is_empty


def nobody_is_there_twice(world: World) -> None:
    people = Counter(one.email for one in world.account.patients.all())
    assert max(people.values(), default=0) <= 1


def nothing_is_ordered_twice(world: World) -> None:
    orders = Counter(code.patient_id for code in world.account.connections.codes())
    assert max(orders.values(), default=0) <= 1


@LAWFUL
@given(st.lists(st.sampled_from(EVENTS), max_size=10))
def test_whoever_gets_another_mrn_is_nobody_else(events: list[str]) -> None:
    in_world(lambda world: corrected(world, events))
