"""The soak and the races in a small size, for every engine of the state."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soak.harness import Scale, Setting, soak
from tests.soak.races import race
from tests.soak.server import FaultRates
from tests.state.engines import ENGINES, Engine

QUICK = FaultRates(late=0.03, late_by=0.5, list_lag=0.25)


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with ENGINES[request.param]() as started:
        yield started


def test_runs_from_new_directories_lose_nothing_and_repeat_nothing(engine: Engine, tmp_path: Path) -> None:
    scale = Scale(creates=60, kills=3, settle=2, rates=QUICK)
    verdict = soak(7, scale, tmp_path, setting=Setting(engine, anew=True))
    assert verdict.tally.faults == []
    assert verdict.right
    assert verdict.second_plan == "empty"
    assert verdict.tally.kills


def test_two_runners_that_start_at_once_make_each_patient_and_each_code_once(
    engine: Engine, tmp_path: Path
) -> None:
    outcome = race(engine, 1, tmp_path, rows=60)
    assert outcome.wrong == []
    assert outcome.truth is not None
    assert outcome.truth.right


def test_of_two_writers_one_is_told_who_the_other_is(engine: Engine, tmp_path: Path) -> None:
    outcome = race(engine, 3, tmp_path)
    assert outcome.wrong == []
    assert outcome.refused + outcome.waited == 3
    assert outcome.truth is not None
    assert outcome.truth.right
