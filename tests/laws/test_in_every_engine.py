"""The laws about state hold in every engine: in a database and in an object store as in a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.sandbox.quirks import Quirks
from tests.laws.strategies import clinic
from tests.laws.test_4_nothing_is_sent_twice_on_a_guess import lost_answers, nobody_is_created_twice
from tests.laws.test_5_apply_then_plan_is_empty import apply_then_plan_is_empty
from tests.laws.world import World, in_world
from tests.state.engines import ENGINES, Engine, fresh


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with ENGINES[request.param]() as started:
        yield started


@pytest.mark.parametrize("number", [0, 1, 5])
def test_apply_then_plan_is_empty(engine: Engine, number: int, tmp_path: Path) -> None:
    url = fresh(engine, tmp_path).url
    in_world(lambda world: apply_then_plan_is_empty(world, clinic(number)), state=url)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_lost_nobody_is_created_twice(engine: Engine, seed: int, tmp_path: Path) -> None:
    url = fresh(engine, tmp_path).url
    pauses = [1.0, 15.0, 61.0, 130.0][seed:]
    in_world(
        lambda world: nobody_is_created_twice(world, pauses),
        Quirks(list_lag=20.0),
        lost_answers(0.5, seed),
        state=url,
    )


def test_each_place_is_a_state_of_its_own(engine: Engine, tmp_path: Path) -> None:
    here, there = (fresh(engine, tmp_path / name).url for name in ("here", "there"))

    async def story(world: World) -> None:
        await world.apply(clinic(3))
        assert world.store().load().exists
        world.state = there
        assert not world.store().load().exists

    in_world(story, state=here)
