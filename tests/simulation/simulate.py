"""Simulate one seed: from its story to the verdict."""

import asyncio
from dataclasses import dataclass

from tests.simulation.environment.network import Network
from tests.simulation.environment.outside import Outside
from tests.simulation.environment.server import Server
from tests.simulation.environment.virtual import VirtualLoop
from tests.simulation.judge import violations
from tests.simulation.scenario import Scenario, scenario
from tests.simulation.world import World
from tests.simulation.worlds.copied_state import CopiedState
from tests.simulation.worlds.two_runners import TwoRunners


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a seed. ``trace`` lists its events with their times."""

    seed: int
    violations: tuple[str, ...]
    trace: tuple[str, ...]
    runs: int = 0


def _kind_of(story: Scenario) -> type[World]:
    if story.hazards.copying is not None:
        return CopiedState
    return World if story.hazards.runners is None else TwoRunners


def simulate(seed: int, story: Scenario | None = None) -> Verdict:
    """Run the story of a seed, or a changed one, and judge it."""
    story = story or scenario(seed)
    trace: list[str] = []
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        outside = Outside(runner.get_loop())

        def log(what: str) -> None:
            trace.append(f"{outside.time():9.3f}  {what}")

        server = Server(story, outside.time, log)
        network = Network(story, server, outside, log)
        try:
            world = _kind_of(story)(story, server, network, outside, log)
            try:
                runner.run(world.live())
                broken = violations(world)
            except Exception as error:  # noqa: BLE001  (whatever it is, it is a finding)
                broken = [f"{type(error).__name__}: {error}"]
            finally:
                world.close()
            return Verdict(seed, tuple(broken), tuple(trace), len(world.runs))
        finally:
            network.close()
            server.close()
