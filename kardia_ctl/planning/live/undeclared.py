"""Who is live and not declared."""

from collections.abc import Callable, Iterator
from itertools import filterfalse
from typing import Final

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import NoticeKind
from kardia_ctl.model.state import State
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs

_NOTHING: Final = State()
"""A state that records nothing."""


def undeclared_in(desired: Desired, state: State = _NOTHING) -> Callable[[str], bool]:
    """Whether no file names an mrn: no patient, no departure, no entry under moved, no quarantined row.

    Whom another workspace of the state records is declared in another configuration. Two live patients with a
    declared mrn count as declared: the plan says that they are two.
    """
    patients, rows = desired.patients, desired.quarantined
    named = {departure.mrn for departure in desired.departures} | {move.old for move in desired.moved}
    named.update(state.elsewhere.values())
    return lambda mrn: mrn not in patients and mrn not in named and mrn not in rows


def _undeclared_mrns(inputs: PlanInputs) -> Iterator[str]:
    """The mrns of live patients that no file declares. Most are declared, which is found quickly."""
    others = filterfalse(inputs.desired.patients.__contains__, inputs.observed.patients)
    return filter(undeclared_in(inputs.desired, inputs.state), others)


def undeclared_patients(inputs: PlanInputs) -> Iterator[LivePatient]:
    """The live patients that no file declares, in the order of their mrns and ids."""
    observed = inputs.observed
    for mrn in sorted(_undeclared_mrns(inputs)):
        yield from observed.twins.get(mrn) or (observed.patients[mrn],)


def undeclared_count(inputs: PlanInputs) -> int | None:
    """How many live patients no file declares; None when not everybody was read."""
    observed = inputs.observed
    if observed.coverage is not Coverage.PROVEN:
        return None
    return sum(len(observed.twins.get(mrn, (mrn,))) for mrn in _undeclared_mrns(inputs))


def recorded_elsewhere(inputs: PlanInputs) -> int:
    """How many live patients are not declared because another workspace of the state records them."""
    return sum(
        mrn in inputs.observed.patients and mrn not in inputs.desired.patients
        for mrn in {*inputs.state.elsewhere.values()}
    )


def note_undeclared(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Count who is not declared, after a whole scan."""
    count = undeclared_count(inputs)
    if not count:
        return
    noun = "patient" if count == 1 else "patients"
    rows = inputs.desired.quarantined_without_mrn
    but = f"; {rows} quarantined without a usable mrn may be among them" if rows else ""
    builder.notice(NoticeKind.UNDECLARED, f"{count:,} live {noun}{but}")
