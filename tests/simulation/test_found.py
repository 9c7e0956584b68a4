"""What the simulation found, each as one small case."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from kardia_ctl.applying.change import Sender
from kardia_ctl.model.address import code_address
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Withheld
from kardia_ctl.model.patient import DesiredPatient, IssuedCode, LivePatient
from kardia_ctl.model.plan import Change
from kardia_ctl.model.state import Intent, State
from kardia_ctl.timing import Clock
from tests.applying.workshop import Hand, context_of, creates, inputs_for
from tests.moments import at, reading
from tests.simulation.environment.disk import Disk, Mount
from tests.simulation.environment.process import Process
from tests.simulation.environment.virtual import VirtualLoop

ORDER = Intent(
    code_address("S-1", "one-year"), "create", at(1000.0), at(1010.0), id="id-1", target="tpl-one-year"
)


@dataclass
class Refusing(Hand):
    """A writer whose every request ends with this error, after some seconds."""

    error: ApiError = field(default_factory=lambda: NotExecuted("429"))
    seconds: float = 0.0

    async def create_patient(self, patient: DesiredPatient) -> LivePatient:
        await asyncio.sleep(self.seconds)
        raise self.error

    async def issue_code(self, patient_id: str, mrn: str, template_id: str) -> IssuedCode:
        await asyncio.sleep(self.seconds)
        raise self.error


def taken(hand: Refusing, place: int, earlier: Intent | None = None) -> Disk:
    """The disk after one step: of the patient at place 0, of the code at place 1."""
    disk = Disk()
    desired, changes = creates("S-1", codes=("one-year",))

    async def story(change: Change) -> None:
        store = Mount(disk, Process(0, lambda _: None))
        known = {} if earlier is None else {earlier.address: earlier}
        inputs = replace(inputs_for(desired), state=State(intents=known))
        await Sender(inputs, context_of(hand, store)).send(change, "id-1")

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story(changes[place]))
    return disk


@pytest.mark.parametrize(
    "error", [NotExecuted("429"), NotExecuted("400", status=400), Withheld("halted")], ids=str
)
def test_an_order_that_was_in_doubt_stays_so_when_asking_again_had_no_effect(error: ApiError) -> None:
    assert taken(Refusing(error=error), 1, ORDER).intents == {ORDER.address: ORDER}


def test_an_order_that_had_no_effect_leaves_nothing_behind() -> None:
    assert not taken(Refusing(), 1).intents


def test_a_create_is_sent_again_only_when_the_earlier_one_is_settled_so_nothing_of_it_stays() -> None:
    create = Intent(creates("S-1")[1][0].address, "create", at(900.0), at(910.0))
    assert not taken(Refusing(), 0, create).intents


def test_a_request_that_is_under_way_for_long_is_recorded_as_of_a_moment_ago() -> None:
    written: list[float] = []

    class Watched(Disk):
        def write(self, entries: object) -> None:
            super().write(entries)  # type: ignore[arg-type]
            written.extend(intent.at.wall for intent in self.intents.values() if not intent.ended)

    desired, changes = creates("S-1")

    async def story() -> None:
        store = Mount(Watched(), Process(0, lambda _: None))
        loop = asyncio.get_running_loop()
        hand = Refusing(error=InDoubt("a timeout"), seconds=9)
        context = replace(context_of(hand, store), clock=Clock(reading(loop.time), asyncio.sleep))
        await Sender(inputs_for(desired), context).send(changes[0], "")

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())
    assert written == pytest.approx([0, 2, 4, 6, 8])
