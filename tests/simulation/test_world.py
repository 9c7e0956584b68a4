"""The simulated world itself: time, kills, heartbeats, and a judge who finds what is wrong."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.api.client import Session
from kardia_ctl.applying import executor, heartbeat
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.results import Report
from kardia_ctl.model.state import Intend, Intent, Remember
from kardia_ctl.planning import apply_stages
from kardia_ctl.planning.apply_stages import Wave
from kardia_ctl.planning.settle_window import seconds_left
from kardia_ctl.sandbox.account.connection_table import ConnectionTable
from tests.moments import at
from tests.simulation.environment.disk import Disk, Mount
from tests.simulation.environment.process import Killed, Process
from tests.simulation.environment.virtual import Stuck, VirtualLoop
from tests.simulation.remembered import seeds
from tests.simulation.simulate import simulate


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        yield runner


def test_simulated_hours_pass_at_once(runner: asyncio.Runner) -> None:
    began = time.monotonic()
    runner.run(asyncio.sleep(36_000))
    assert runner.get_loop().time() == pytest.approx(36_000)
    assert time.monotonic() - began < 5


def test_who_waits_for_nothing_is_found_out(runner: asyncio.Runner) -> None:
    async def wait_for_nothing() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stuck):
        runner.run(wait_for_nothing())


def test_a_remembered_seed_is_tried_first_and_every_other_one_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeds, "FILE", tmp_path / "seeds.json")
    seeds.FILE.write_text("{}")
    seeds.remember("KNOWN", 3)
    seeds.remember("BEYOND", 90)
    assert list(seeds.seeds_for("KNOWN", 5)) == [3, 0, 1, 2, 4]
    assert list(seeds.seeds_for("BEYOND", 5)) == list(seeds.seeds_for("UNKNOWN", 5)) == [0, 1, 2, 3, 4]


def test_a_dead_process_writes_nothing_even_while_it_cleans_up(runner: asyncio.Runner) -> None:
    disk = Disk()

    async def story() -> None:
        process = Process(0, lambda _: None)
        store = Mount(disk, process)

        async def work() -> None:
            try:
                await asyncio.sleep(10)
            finally:
                store.commit([Intend(Intent(patient_address("S-1"), "create", at(1.0)))])

        working = asyncio.create_task(work())
        await asyncio.sleep(1)
        process.die("just then")
        assert isinstance((await asyncio.gather(working, return_exceptions=True))[0], Killed)

    runner.run(story())
    assert disk == Disk()


def test_a_request_shows_signs_of_life_until_its_answer(runner: asyncio.Runner) -> None:
    signs: list[float] = []

    async def request() -> str:
        with heartbeat.Heartbeat(show):
            await asyncio.sleep(7)
        return "answer"

    def show() -> None:
        signs.append(runner.get_loop().time())

    assert runner.run(request()) == "answer"
    assert signs == pytest.approx([2, 4, 6])


def test_a_sign_that_cannot_be_written_ends_the_connection(runner: asyncio.Runner) -> None:
    ended: list[float] = []

    async def request() -> None:
        with heartbeat.Heartbeat(show):
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(runner.get_loop().time())

    def show() -> asyncio.Future[None]:
        sign: asyncio.Future[None] = runner.get_loop().create_future()
        sign.set_exception(StateError("writing the state: the disk is full"))
        return sign

    with pytest.raises(StateError):
        runner.run(request())
    assert ended == pytest.approx([heartbeat.INTERVAL])


def test_a_window_outlasts_the_longest_silence_between_two_signs() -> None:
    intent = Intent(patient_address("S-1"), "create", at=at(1000.0))
    assert seconds_left(intent, 60.0, at(1060.0)) > 2 * heartbeat.INTERVAL


@pytest.mark.parametrize(
    ("target", "name", "value", "found"),
    [
        (Session, "requests", property(lambda _: 99), "counted 99 requests"),
        (Report, "succeeded", property(lambda _: True), "reported success"),
        (ConnectionTable, "valid_code", None, "that does not exist"),
        (Disk, "write", None, "is recorded under an id that is not live"),
        (executor._WaveRun, "stop_reason", lambda _: "", "although a wave had gone wrong"),
        (
            apply_stages,
            "in_waves",
            lambda todo, _: [Wave(1, 1, todo)],
            "before the wave before it had ended",
        ),
    ],
    ids=[
        "requests are counted",
        "exit 0 means done",
        "codes exist",
        "ids are recorded",
        "a wave stops",
        "a wave waits",
    ],
)
def test_the_judge_finds_what_is_wrong(
    target: type[Any], name: str, value: Any, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, name, value or BROKEN[target](getattr(target, name)))
    violations = [text for seed in range(20) for text in simulate(seed).violations]
    assert any(found in text for text in violations), violations


def _another_code(issue: Any) -> Any:
    def issued(connections: ConnectionTable, patient_id: str, template_id: str) -> Any:
        code = issue(connections, patient_id, template_id)
        return code and type(code)("NOBO-DYSC-ODES", code.status)

    return issued


def _forgetful(write: Any) -> Any:
    def written(disk: Disk, entries: Any) -> None:
        write(disk, [one for one in entries if not (isinstance(one, Remember) and one.name == "S-1")])

    return written


BROKEN: dict[type[Any], Any] = {ConnectionTable: _another_code, Disk: _forgetful}
