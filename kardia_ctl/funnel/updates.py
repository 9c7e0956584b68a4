"""Updates the funnel after some patients were read again. Pure; the other patients are not counted again."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Final

from kardia_ctl.funnel.places import places
from kardia_ctl.model.events import EventKind
from kardia_ctl.model.funnel import Place
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.planning.inputs import PlanInputs

ReadsById = Mapping[str, LivePatient | None]
"""The results of reads by id; None where the patient does not exist."""

REPORTED_STATUS: Final[Mapping[EventKind, str]] = {
    EventKind.CONNECTED: "connected",
    EventKind.DISCONNECTED: "none",
}
"""The status that an event reports (API reference, "Patient Object", "Webhooks")."""


def owners(inputs: PlanInputs) -> dict[str, str]:
    """The mrn for each id of a declared patient: pinned, recorded or observed."""
    desired, records, observed = inputs.desired.patients, inputs.state.patients, inputs.observed
    found: dict[str, str] = {}
    for mrn, want in desired.items():
        record, live = records.get(mrn), observed.patients.get(mrn)
        if live is not None:
            found[live.id] = mrn
        if record is not None and record.id:
            found[record.id] = mrn
        if want.id:
            found[want.id] = mrn
    found.update(
        (live.id, mrn) for mrn, several in observed.twins.items() if mrn in desired for live in several
    )
    return found


def affected_mrns(inputs: PlanInputs, looked: ReadsById, owner: Mapping[str, str]) -> set[str]:
    """The mrns of these patients, before and now. ``owner`` is the result of ``owners``."""
    known = inputs.observed.by_id
    mrns = {live.mrn for live in looked.values() if live is not None}
    mrns |= {owner[patient_id] for patient_id in looked if patient_id in owner}
    return mrns | {known[patient_id].mrn for patient_id in looked if patient_id in known}


def updated(inputs: PlanInputs, looked: ReadsById, mrns: Collection[str]) -> PlanInputs:
    """The inputs with these patients as they are now. ``mrns`` is the result of ``affected_mrns``."""
    return replace(inputs, observed=_updated(inputs.observed, looked, mrns))


def _updated(observed: Observed, looked: ReadsById, mrns: Collection[str]) -> Observed:
    patients, twins, by_id = dict(observed.patients), dict(observed.twins), dict(observed.by_id)
    found: dict[str, list[LivePatient]] = {mrn: [] for mrn in mrns}
    for live in looked.values():
        if live is not None:
            found[live.mrn].append(live)
    for mrn, now in found.items():
        known = twins.pop(mrn, None) or ((patients[mrn],) if mrn in patients else ())
        several = sorted(chain((live for live in known if live.id not in looked), now), key=_id)
        patients.pop(mrn, None)
        if several:
            patients[mrn] = several[0]
        if len(several) > 1:
            twins[mrn] = tuple(several)
    for patient_id, live in looked.items():
        by_id.pop(patient_id, None)
        if live is not None:
            by_id[patient_id] = live
    gone = {patient_id for patient_id, live in looked.items() if live is None}
    missing = (observed.missing - looked.keys()) | gone
    return replace(observed, patients=patients, twins=twins, by_id=by_id, missing=missing)


def _id(live: LivePatient) -> str:
    return live.id


def places_of(inputs: PlanInputs, mrns: Collection[str]) -> Iterator[Place]:
    """The places of some of the declared patients."""
    desired, state = inputs.desired, inputs.state
    few = replace(
        desired,
        patients={mrn: desired.patients[mrn] for mrn in mrns if mrn in desired.patients},
        departures=(),
    )
    known = replace(state, patients={mrn: state.patients[mrn] for mrn in mrns if mrn in state.patients})
    yield from places(replace(inputs, desired=few, state=known))
