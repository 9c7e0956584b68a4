"""A busy list: others enrol several patients for each page that is read, whatever it is read for.

The list is proven all the same, in as many requests as it has pages and at most five more, and nothing is
blocked.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Final

from kardia_ctl.model.plan import Cause
from kardia_ctl.planning.checks.effects import doubts
from kardia_ctl.sandbox.quirks import CursorStyle
from tests.simulation.hazards import Hazards
from tests.simulation.scenario import Scenario, scenario

if TYPE_CHECKING:
    from tests.simulation.environment.network import Listing
    from tests.simulation.world import Run, World

MORE: Final = 5
"""The most requests beyond the pages of the list: as the design says of pages of 500."""


def busy_list(seed: int) -> Scenario:
    """The story of a seed in which the list grows while it is read.

    Up to a sixth of a page comes for each page. Cursors of whole seconds lose rows where a page ends within
    a second, and a list that lags shows somebody below its head: other stories have both.
    """
    story, rng = scenario(seed), Random(f"busy list/{seed}")
    size = rng.randrange(30, 61)
    quirks = replace(
        story.quirks, cursor_style=rng.choice((CursorStyle.EXACT, CursorStyle.OFFSET)), list_lag=0.0
    )
    return replace(
        story,
        quirks=quirks,
        sizes={"500": str(size), "499": str(size - 1), "397": str(size * 397 // 500)},
        crowd=int(size * rng.uniform(0.5, 6)),
        visits=0.0,
        rivals={},
        faulty_runs=story.faulty_runs[:2],
        hazards=Hazards(
            saved=story.hazards.saved,
            snatched=story.hazards.snatched,
            growing=rng.randrange(2, size // 6 + 1),
        ),
    )


def violations(world: "World") -> Iterator[str]:
    """A list that grows is proven, and looked at in the end, in the requests that it takes."""
    if not world.story.hazards.growing:
        return
    for run in world.runs:
        if run.plan is None:
            continue
        if any(change.cause is Cause.SCAN_INCOMPLETE for change in run.plan.changes):
            yield f"busy: run {run.number} did not prove the list, which only grew"
        if "is not complete" in run.stopped:
            yield f"busy: run {run.number} did not see what it created: {run.stopped}"
        pages = [one for one in world.network.listings if one.run == run.number]
        scanned = [one for one in world.network.listings[: run.listed] if one.run == run.number]
        yield from _too_many(world, run, "plan", scanned, scanned[0].total if scanned else 0)
        looked = pages[len(scanned) :]
        if run.calm and looked and not doubts(run.plan.changes):
            yield from _too_many(world, run, "look at the end", looked, looked[-1].total - scanned[-1].total)


def _too_many(world: "World", run: "Run", what: str, read: list["Listing"], rows: int) -> Iterator[str]:
    fewest = -(-rows // int(world.story.sizes["500"]))
    if len(read) > fewest + MORE:
        yield f"busy: the {what} of run {run.number} read {len(read)} pages of a list of {fewest}"
