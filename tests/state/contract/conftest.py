"""Each test of the contract runs once for every engine, in a place of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.state.state_store import StateStore
from tests.state.engines import ENGINES, Engine, Place, fresh


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with ENGINES[request.param]() as started:
        yield started


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Place:
    return fresh(engine, tmp_path)


@pytest.fixture
def store(place: Place) -> Iterator[StateStore]:
    store = place.open()
    yield store
    store.close()
