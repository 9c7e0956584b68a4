"""Law 1. Planning sends safe reads from a fixed list and nothing else."""

import ast
import inspect
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kardia_ctl
from kardia_ctl.api import endpoints
from kardia_ctl.api.http.transport import Call
from kardia_ctl.api.sender import UnsafeRead
from kardia_ctl.api.v1 import V1Reader
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.configuration import Departure, DepartureAction, Desired
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing import observe, scan
from kardia_ctl.operations.plan import observe_and_plan
from kardia_ctl.operations.tenant import check_tenant
from kardia_ctl.sandbox.quirks import Quirks
from tests.laws.strategies import LABELS, clinic, clinics, quirks
from tests.laws.world import LAWFUL, World, in_world

# Written out and not imported: this list is the law, and api/endpoints.py must keep to it.
ALLOWED = {
    "GET /v1/patients",
    "GET /v1/patients/{id}",
    "GET /v1/callback",
    "GET /v1/qtCallback",
    "GET /v1/teamConnectionTemplate",
    "GET /v1/patients/{id}/recordings",
}
PACKAGE = Path(kardia_ctl.__file__).parent


async def planning_changes_nothing(world: World, desired: Desired) -> None:
    before, sent, files = world.truth(), len(world.requests()), contents(world)
    for refresh in Refresh:
        await world.plan(desired, refresh=refresh)
        assert set(world.requests()[sent:]) <= ALLOWED
    assert world.truth() == before
    assert contents(world) == files


def contents(world: World) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in world.directory.iterdir()}


@LAWFUL
@given(clinics(), clinics(), quirks(), st.booleans(), st.randoms(use_true_random=False))
def test_planning_changes_nothing(
    live: Desired, desired: Desired, readings: Quirks, lost: bool, random: Random
) -> None:
    async def story(world: World) -> None:
        await world.apply(live)
        if lost:
            world.lose_state()
        leaving = [mrn for mrn in live.patients if mrn not in desired.patients]
        actions = list(DepartureAction)
        departures = tuple(Departure(mrn, random.choice(actions), "left") for mrn in leaving)
        await planning_changes_nothing(world, replace(desired, departures=departures))

    in_world(story, readings)


@pytest.mark.parametrize("endpoint", endpoints.EFFECTS, ids=str)
def test_a_reader_refuses_every_effect_before_it_is_sent(endpoint: endpoints.Endpoint) -> None:
    async def story(world: World) -> None:
        async with world.session() as session:
            assert isinstance(session.reader, V1Reader)
            reads = session.reader._reads
            ids = tuple("x" for part in endpoint.path.split("/") if part.startswith("{"))
            with pytest.raises(UnsafeRead):
                await reads.run(Call(endpoint, ids), lambda answer: answer)
        assert not world.requests()

    in_world(story)


def test_the_code_read_and_the_export_are_no_safe_reads() -> None:
    paths = {str(endpoint) for endpoint in endpoints.SAFE_READS}
    assert not any(path.endswith(("/code", "/export")) for path in paths)
    assert {endpoint.method for endpoint in endpoints.SAFE_READS} == {"GET"}


@pytest.mark.parametrize(
    "function", [observe.observe, observe.with_templates, scan.scan, observe_and_plan, check_tenant]
)
def test_what_observes_gets_a_reader(function: Any) -> None:
    assert get_type_hints(function)["reader"] is Reader


@pytest.mark.parametrize("room", ["observing", "planning"])
def test_no_writer_is_named_where_nothing_may_be_written(room: str) -> None:
    for file in (PACKAGE / room).glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        named = {alias.name for node in imports for alias in node.names}
        assert "Writer" not in named
        assert room == "observing" or "Reader" not in named


def test_no_method_of_a_reader_has_an_effects_name() -> None:
    methods = {
        name for name, _ in inspect.getmembers(V1Reader, inspect.isfunction) if not name.startswith("_")
    }
    assert methods == {"patients", "patient", "setting", "templates", "recordings"}


class Curious:
    """Breaks the law: a reader that requests the code of each patient it reads, which mints one."""

    def __init__(self, reader: Reader, world: World) -> None:
        self.patients, self.setting = reader.patients, reader.setting
        self.recordings = reader.recordings
        self.patient, self._reader, self._world = reader.patient, reader, world

    async def templates(self) -> Any:
        async with self._world.session() as session:
            for one in self._world.account.patients.all():
                await session.writer().issue_code(
                    one.id, one.mrn, self._world.account.settings.templates()[0].id
                )
        return await self._reader.templates()


def test_a_reader_that_mints_breaks_the_law() -> None:
    async def story(world: World) -> None:
        await world.apply(clinic(1))
        world.wrap_reader = lambda reader: Curious(reader, world)
        with pytest.raises(AssertionError):
            await planning_changes_nothing(world, clinic(1, codes=LABELS[:1]))

    in_world(story)
