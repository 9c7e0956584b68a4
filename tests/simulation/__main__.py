"""``python -m tests.simulation [--without SAFEGUARD | --world WORLD | --peopled] SEED …``: replay seeds."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Final

from tests.simulation.mutants import Mutant, mutated, mutated_story
from tests.simulation.scenario import Scenario, peopled, scenario
from tests.simulation.simulate import Verdict, simulate
from tests.simulation.worlds.busy_list import busy_list
from tests.simulation.worlds.copied_state import copied_state
from tests.simulation.worlds.standing_decisions import standing_decisions
from tests.simulation.worlds.twin_leaves import twin_leaves
from tests.simulation.worlds.two_runners import two_runners

WORLDS: Final[dict[str, Callable[[int], Scenario]]] = {
    world.__name__: world
    for world in (peopled, busy_list, copied_state, standing_decisions, twin_leaves, two_runners)
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the events of each seed and what it broke; 1 when one broke something."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=main.__doc__)
    parser.add_argument("seeds", type=int, nargs="+", metavar="SEED")
    parser.add_argument(
        "--without", choices=[one.name for one in Mutant], help="take a safeguard out of the program"
    )
    parser.add_argument("--world", choices=WORLDS, help="the stories of another world")
    parser.add_argument("--peopled", action="store_true", help="the stories of users, orders and exports")
    options = parser.parse_args(arguments)
    broken = False
    for seed in options.seeds:
        world = "peopled" if options.peopled else options.world
        verdict = simulate(seed, WORLDS[world](seed)) if world else _simulated(seed, options.without)
        broken = broken or bool(verdict.violations)
        lines = [f"seed {seed}", *verdict.trace, *(f"BROKEN: {one}" for one in verdict.violations)]
        print("\n".join(lines))  # noqa: T201 - a command's result
    return int(broken)


def _simulated(seed: int, without: str | None) -> Verdict:
    if without is None:
        return simulate(seed)
    with mutated(Mutant[without]):
        return simulate(seed, mutated_story(Mutant[without], scenario(seed)))


if __name__ == "__main__":
    sys.exit(main())
