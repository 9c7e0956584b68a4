"""The worlds beside the ordinary one: each of a few seeds here, and ``make soak`` tries more."""

import os
from collections.abc import Callable
from typing import Final

import pytest

from kardia_ctl.planning import matching
from tests.attacks.safeguards import removed
from tests.simulation.remembered.seeds import unseen
from tests.simulation.scenario import Scenario
from tests.simulation.simulate import simulate
from tests.simulation.worlds.busy_list import busy_list
from tests.simulation.worlds.copied_state import copied_state
from tests.simulation.worlds.standing_decisions import standing_decisions
from tests.simulation.worlds.twin_leaves import twin_leaves
from tests.simulation.worlds.two_runners import two_runners

SEEDS: Final = int(os.environ.get("SIMULATION_SEEDS", "3000")) // 250
_BATCH: Final = 6


@pytest.mark.parametrize("first", range(0, SEEDS, _BATCH))
@pytest.mark.parametrize("world", [busy_list, copied_state, standing_decisions, twin_leaves, two_runners])
def test_a_world_breaks_no_rule(world: Callable[[int], Scenario], first: int) -> None:
    verdicts = [simulate(seed, world(seed)) for seed in range(first, min(first + _BATCH, SEEDS))]
    wrong = [f"seed {verdict.seed}: {verdict.violations}" for verdict in verdicts if verdict.violations]
    assert not wrong, f"replay: python -m tests.simulation --world {world.__name__} SEED\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("world", "sights"),
    [
        (busy_list, ("a newcomer comes", "in doubt POST /v1/patients")),
        (
            copied_state,
            (
                "copied: WHOLE, of a killed run",
                "copied: FILE_ALONE, of a killed run",
                "copied: WITHOUT_KEY",
                "copied: BOTH",
                "the backup is restored",
                "it is not whole",
                "written with another key",
                "adopt patient/",
            ),
        ),
        (
            standing_decisions,
            ("kind='absent'", "in doubt POST /v1/patients", "in doubt POST /e/v1/code", "state is lost"),
        ),
        (two_runners, ("CI is set", "twice there: ['S-", "adopt patient/")),
    ],
)
def test_a_world_shows_its_troubles(world: Callable[[int], Scenario], sights: tuple[str, ...]) -> None:
    assert unseen({text: text for text in sights}, 60, lambda seed: simulate(seed, world(seed)).trace) == []


def test_a_world_with_a_twin_finds_that_who_leaves_is_adopted() -> None:
    with removed(matching, "ids_leaving", lambda *_: set()):
        found = (simulate(seed, twin_leaves(seed)).violations for seed in range(60))
        assert any("is recorded as" in text for broken in found for text in broken)


@pytest.mark.parametrize("seed", [596, 626])
def test_a_decision_that_stands_in_the_file_and_does_not_wait_creates_somebody_twice(seed: int) -> None:
    """Who was created just now answers 404 for a while: found by these seeds."""
    assert not simulate(seed, standing_decisions(seed)).violations
    with removed(matching, "_wait_of_decision", lambda *_: 0.0):
        assert any("duplicate" in text for text in simulate(seed, standing_decisions(seed)).violations)
