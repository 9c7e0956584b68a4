"""Wrong rules about clocks, and the stories in which each matters most."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Final

from kardia_ctl.instant import Instant
from kardia_ctl.model.state import Intent
from kardia_ctl.planning import settle_window
from tests.simulation.clock_hazards import HOUR, Clocks, of_many_boots, of_one_boot
from tests.simulation.scenario import Scenario

_SECONDS_LEFT: Final = settle_window.seconds_left


def by_wall(intent: Intent, settle: float, now: Instant) -> float:
    """The wall clock alone, within one boot too."""
    start = intent.ended or intent.at
    return max(intent.window, settle) + settle_window.SKEW - (now.wall - start.wall)


def future_is_past(intent: Intent, settle: float, now: Instant) -> float:
    """A stamp from the future counts as long ago."""
    return 0.0 if _is_ahead(intent, now) else _SECONDS_LEFT(intent, settle, now)


def future_is_future(intent: Intent, settle: float, now: Instant) -> float:
    """A stamp from the future is waited for until its moment has come."""
    rule = by_wall if _is_ahead(intent, now) else _SECONDS_LEFT
    return rule(intent, settle, now)


def never(*_: object) -> bool:
    """No stamp is from the future."""
    return False


def _is_ahead(intent: Intent, now: Instant) -> bool:
    start = intent.ended or intent.at
    return not start.same_boot(now) and now.wall < start.wall


def _one_boot(story: Scenario) -> Scenario:
    return _with_clocks(story, of_one_boot(Random(f"one boot/{story.seed}")))


def _hours_back(story: Scenario) -> Scenario:
    """By hours: a wait of a year looks too often."""
    return _with_clocks(story, of_many_boots(Random(f"hours back/{story.seed}"), (HOUR,)))


def _drifts(story: Scenario) -> Scenario:
    """Every effect comes as late as it may, and nothing else tells of time but clocks that drift apart."""
    clocks = of_many_boots(Random(f"drifts/{story.seed}"), (0.0,))
    quirks = replace(story.quirks, list_lag=0.0, commit_latency=0.0)
    late = replace(story, quirks=quirks, late=0.98 * (story.settle - story.skew), writes=0.5, reads=0.0)
    return _with_clocks(late, clocks)


def _with_clocks(story: Scenario, clocks: Clocks) -> Scenario:
    return replace(story, hazards=replace(story.hazards, clocks=clocks))


CLOCK_STORIES: Final[Mapping[str, Callable[[Scenario], Scenario]]] = {
    "WALL_CLOCK_ONLY": _one_boot,
    "RUN_ON_WALL_CLOCK": _one_boot,
    "NO_SKEW": _drifts,
    "FUTURE_STAMP_DECIDES": _hours_back,
    "FUTURE_STAMP_BLOCKS": _hours_back,
}
"""By the name of a mutant, what makes its story."""
