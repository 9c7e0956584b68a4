"""What status looks at, and the samples that status and apply keep of it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from kardia_ctl.funnel.stages import funnel, places
from kardia_ctl.model.funnel import Counts, Sample, StatusReport
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.state import State
from kardia_ctl.model.template import Template
from kardia_ctl.observing.interning import Interning
from kardia_ctl.observing.observe import observe, with_templates
from kardia_ctl.observing.read_plan import choose_reads
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.templates import resolve


async def survey(reader: Reader, inputs: PlanInputs) -> PlanInputs:
    """Read where the declared patients are, with the fewest safe reads; the templates when codes are wanted.

    Raises:
        ApiError: an answer could not be had or understood.
    """
    desired, state, can = replace(inputs.desired, others=(), departures=()), inputs.state, inputs.capabilities
    read_plan = choose_reads(desired, state, capabilities=can)
    observed = await observe(reader, read_plan, inputs.scan, keep=Interning(desired, state))
    unread = can.shows_templates and observed.templates is None
    if unread and any(want.codes for want in desired.patients.values()):
        observed = await with_templates(reader, observed)
    return replace(inputs, observed=observed)


def report_of(inputs: PlanInputs, counts: Mapping[str, Counts], *, at: int, reads: int) -> StatusReport:
    """What status says of these counts. ``at`` is Unix seconds, ``reads`` the number of requests."""
    incomplete = "" if is_whole(inputs.observed) else inputs.observed.detail or "the scan is incomplete"
    fresh = () if incomplete else tuple(samples(counts, at))
    known = inputs.state.samples
    return StatusReport(at, counts, tuple(_templates(inputs)), incomplete, reads, (*known, *fresh))


def _templates(inputs: PlanInputs) -> Iterator[tuple[Template, int]]:
    """The declared templates, each with how many codes are on record for those who are declared."""
    desired = inputs.desired
    found = resolve(desired.templates, inputs.observed.templates)
    codes = inputs.state.codes
    issued = Counter(template for mrn in desired.patients.keys() & codes.keys() for template in codes[mrn])
    for label in sorted(found):
        yield found[label], issued[found[label].id]


def is_whole(observed: Observed) -> bool:
    """Whether everybody who is declared was looked for, so that the counts may be kept."""
    return observed.coverage is not Coverage.INCOMPLETE


def samples(counts: Mapping[str, Counts], now: float) -> Iterator[Sample]:
    """The counts as they are kept. ``now`` is Unix seconds."""
    return (Sample(int(now), cohort, counts[cohort]) for cohort in counts)


def samples_after(inputs: PlanInputs, state: State, now: float) -> tuple[Sample, ...]:
    """What an apply keeps at its end: nothing when not everybody was read.

    Args:
        inputs: What its plan was made from.
        state: What is recorded now.
        now: Unix seconds.
    """
    if inputs.decisions.targets or not is_whole(inputs.observed):
        return ()
    found = places(replace(inputs, state=state), inputs.state)
    return tuple(samples(funnel(found), now))
