"""Who is live and not declared."""

from collections.abc import Callable, Iterator

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import NoticeKind
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs


def undeclared_in(desired: Desired) -> Callable[[str], bool]:
    """Whether no file names an mrn: no patient, no departure, no entry under moved, no quarantined row.

    Two live patients with a declared mrn count as declared: the plan says that they are two.
    """
    patients, rows = desired.patients, desired.quarantined
    named = {departure.mrn for departure in desired.departures} | {move.old for move in desired.moved}
    return lambda mrn: mrn not in patients and mrn not in named and mrn not in rows


def undeclared_patients(desired: Desired, observed: Observed) -> Iterator[LivePatient]:
    """The live patients that no file declares, in the order of their mrns and ids."""
    is_undeclared = undeclared_in(desired)
    for mrn in sorted(filter(is_undeclared, observed.patients)):
        yield from observed.twins.get(mrn) or (observed.patients[mrn],)


def undeclared_count(inputs: PlanInputs) -> int | None:
    """How many live patients no file declares; None when not everybody was read."""
    desired, observed = inputs.desired, inputs.observed
    if observed.coverage is not Coverage.PROVEN:
        return None
    is_undeclared = undeclared_in(desired)
    count = sum(map(is_undeclared, observed.patients))
    return count + sum(len(twins) - 1 for mrn, twins in observed.twins.items() if is_undeclared(mrn))


def note_undeclared(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Count who is not declared, after a whole scan."""
    count = undeclared_count(inputs)
    if not count:
        return
    noun = "patient" if count == 1 else "patients"
    rows = inputs.desired.quarantined_without_mrn
    but = f"; {rows} quarantined without a usable mrn may be among them" if rows else ""
    builder.notice(NoticeKind.UNDECLARED, f"{count:,} live {noun}{but}")
