"""A part of the contract on the distribution's PostgreSQL, which is another version than the package's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.state.state_store import StateStore
from tests.state.contract.test_entries import (  # noqa: F401  (they run here too)
    test_a_batch_is_whole_or_not_at_all,
    test_a_sample_is_beside_the_content,
    test_every_entry_comes_back_where_the_model_says,
    test_one_sample_an_hour_is_kept_and_after_a_week_one_a_day,
    test_the_serial_grows_only_when_something_changed,
    test_threads_may_commit_at_once,
)
from tests.state.contract.test_run_lock import (  # noqa: F401  (they run here too)
    test_a_killed_holder_frees_the_lock_and_its_last_batch_is_whole,
    test_of_two_runs_at_once_one_writes_and_the_other_is_told,
    test_the_loser_is_told_who_holds_it_since_when_and_from_where,
)
from tests.state.contract.test_whole_state import (  # noqa: F401  (it runs here too)
    test_an_image_of_one_place_is_a_state_in_another,
)
from tests.state.engine_postgres import PostgresEngine
from tests.state.engines import Engine, Place, fresh
from tests.state.postgres_server import distributed, packaged, postgres_server


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with postgres_server(distributed()) as server:
        yield PostgresEngine(server)


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Place:
    return fresh(engine, tmp_path)


@pytest.fixture
def store(place: Place) -> StateStore:
    return place.open()


def test_it_is_another_version(engine: PostgresEngine) -> None:
    assert engine.server.programs != packaged()
    ((version,),) = engine.server.execute("SHOW server_version")
    assert int(version.split(".")[0]) >= 13
