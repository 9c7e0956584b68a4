"""Somebody declared exists twice, and a departure names the one who leaves.

That one is deleted, once; the other stays, is recorded, and has the codes: whatever is lost on the way.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.hazards import Hazards
from tests.simulation.scenario import Pause, Scenario, scenario

if TYPE_CHECKING:
    from tests.simulation.world import World


def twin_leaves(seed: int) -> Scenario:
    """The story of a seed in which one of the declared exists twice at first, created by somebody else."""
    story, rng = scenario(seed), Random(f"twin/{seed}")
    mrn = rng.choice(sorted(story.desired.patients))
    return replace(
        story,
        rivals={},
        present=tuple(dict.fromkeys((*story.present, mrn))),
        hazards=Hazards(busy=story.hazards.busy, saved=story.hazards.saved, twin=mrn),
    )


def violations(world: "World") -> Iterator[str]:
    """What may not come of it."""
    twin = world.server.twin
    if twin is None:
        return
    account, mrn = world.server.account, twin.mrn
    if account.patients.get(twin.leaves) is not None:
        yield f"twin: {twin.leaves} of {mrn} was not deleted"
    if account.patients.get(twin.stays) is None:
        yield f"twin: {twin.stays} of {mrn} is gone, and was to stay"
    if world.recorded(mrn) != twin.stays:
        yield f"twin: {mrn} is recorded as {world.recorded(mrn)}, and {twin.stays} stays"
    if any(code.patient_id == twin.leaves for code in account.connections.codes()):
        yield f"twin: a code was ordered for {twin.leaves} of {mrn}, who leaves"
    lost = any(run.pause is Pause.STATE_LOST for run in world.story.faulty_runs)
    if not lost and "delete" not in world.disk.departed.get(twin.leaves, frozenset()):
        yield f"twin: state does not have that {twin.leaves} of {mrn} was deleted"
