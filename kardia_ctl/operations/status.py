"""Reading the funnel for status, and the samples that status and apply record."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from kardia_ctl.funnel.places import funnel, places
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.funnel import Counts, Sample, StatusReport
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.state import State
from kardia_ctl.model.template import Template
from kardia_ctl.observing.interning import Interning
from kardia_ctl.observing.observe import observe, with_templates
from kardia_ctl.observing.read_plan import choose_reads
from kardia_ctl.operations.tenant import with_tenant
from kardia_ctl.planning.checks.key_tenant import expects_team, tenant_of
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.live.undeclared import undeclared_count
from kardia_ctl.planning.templates import resolve


async def survey(reader: Reader, inputs: PlanInputs, *, records: bool) -> PlanInputs:
    """Read how far declared patients are, with the fewest safe reads.

    The templates are read if codes are declared, or if the counts are to be recorded and a team is expected.

    Raises:
        ApiError: a request failed, or its response could not be decoded.
        RunStopped: the key belongs to another tenant than the configuration's or state's.
    """
    desired, state, can = (
        replace(inputs.desired, settings=(), departures=()),
        inputs.state,
        inputs.capabilities,
    )
    read_plan = choose_reads(desired, state, capabilities=can)
    observed = await observe(reader, read_plan, inputs.scan, keep=Interning(desired, state))
    unread = can.shows_templates and observed.templates is None
    if unread and any(want.codes for want in desired.patients.values()):
        observed = await with_templates(reader, observed)
    inputs = replace(inputs, observed=observed)
    if records and expects_team(inputs):
        inputs = await with_tenant(reader, inputs)
    if wrong := tenant_of(inputs).wrong:
        raise RunStopped(wrong)
    return inputs


def report_of(inputs: PlanInputs, counts: Mapping[str, Counts], *, at: int, reads: int) -> StatusReport:
    """The report of these counts. ``at`` is in Unix seconds, ``reads`` a number of requests."""
    incomplete = "" if is_whole(inputs.observed) else inputs.observed.detail or "the scan is incomplete"
    fresh = () if incomplete else tuple(samples(counts, at))
    known = inputs.state.samples
    return StatusReport(
        at,
        counts,
        tuple(_templates(inputs)),
        incomplete,
        reads,
        (*known, *fresh),
        undeclared=undeclared_count(inputs),
    )


def _templates(inputs: PlanInputs) -> Iterator[tuple[Template, int]]:
    """The declared templates, each with the number of recorded codes of declared patients."""
    desired = inputs.desired
    found = resolve(desired.templates, inputs.observed.templates)
    codes = inputs.state.codes
    issued = Counter(template for mrn in desired.patients.keys() & codes.keys() for template in codes[mrn])
    for label in sorted(found):
        yield found[label], issued[found[label].id]


def is_whole(observed: Observed) -> bool:
    """Whether the read covered every declared patient, so that the counts may be recorded."""
    return observed.coverage is not Coverage.INCOMPLETE


def samples(counts: Mapping[str, Counts], now: float) -> Iterator[Sample]:
    """The counts as state records them. ``now`` is Unix seconds."""
    return (Sample(int(now), cohort, counts[cohort]) for cohort in counts)


def samples_after(inputs: PlanInputs, state: State, now: float) -> tuple[Sample, ...]:
    """The samples that an apply records at its end: none when not every patient was read.

    Args:
        inputs: The inputs of its plan.
        state: The state after the apply.
        now: Unix seconds.
    """
    if not inputs.scope.is_everything or not is_whole(inputs.observed):
        return ()
    found = places(replace(inputs, state=state), inputs.state)
    return tuple(samples(funnel(found), now))
