"""Which reads an observation needs, before any is sent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Departing, Departure, Desired
from kardia_ctl.model.dialects import V1, Capabilities
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.plan import Action
from kardia_ctl.model.state import GONE, State

PAGE: Final = 500
"""The most patients that one page holds (API reference, "Get All Patients")."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The reads to send.

    Attributes:
        scan: Read the whole list of patients; otherwise ``ids`` are read one by one.
        ids: The recorded and pinned ids that matter. They count as live until a read by id says otherwise.
        mrns: The mrn of each of ``ids``.
        settings: The addresses to read.
        templates: Whether a declared template goes by its live name, so that the templates must be read.
        recordings: The ids of patients who are to be deleted: how many recordings they have is asked for.
    """

    scan: bool
    ids: tuple[str, ...]
    mrns: tuple[str, ...]
    settings: tuple[Address, ...]
    templates: bool
    recordings: tuple[str, ...] = ()


def choose(
    desired: Desired,
    state: State,
    targets: Iterable[Address] = (),
    capabilities: Capabilities = V1,
    *,
    recreating: bool = False,
) -> Reading:
    """The cheapest reads that answer what a plan will ask.

    A whole scan is ceil(totalCount / 500) requests. When state knows every id that matters, nothing is to be
    created (``recreating`` says that something is) or deleted, and there are fewer of them than pages, those
    are read by id instead. Somebody whom a departure deleted is read by id until a 404 says that it is over.
    """
    wanted = frozenset(targets)
    if not capabilities.shows_patients:
        return Reading(False, (), (), _settings(desired, wanted), templates=False)
    patients = _wanted(desired.patients, wanted)
    ids, mrns, unknown = _known(patients, state)
    departures = () if wanted else tuple(_departures(desired, state))
    ids.extend(patient_id for patient_id, _ in departures)
    mrns.extend(one.mrn for _, one in departures)
    deleting = [
        patient_id
        for patient_id, one in departures
        if one.action is Departing.DELETE and not _waits(patient_id, one, state)
    ]
    scan = bool(deleting) or unknown or (bool(ids) and (recreating or not _fewer_than_pages(state, len(ids))))
    for mrn, patient_id in () if wanted else _dying(desired, state):
        ids.append(patient_id)
        mrns.append(mrn)
    labels = set(chain.from_iterable({want.codes for want in patients.values()}))
    return Reading(
        scan=scan,
        ids=tuple(ids),
        mrns=tuple(mrns),
        settings=_settings(desired, wanted),
        templates=any(not desired.templates[label].id for label in labels),
        recordings=tuple(deleting),
    )


def _wanted(
    patients: Mapping[str, DesiredPatient], targets: frozenset[Address]
) -> Mapping[str, DesiredPatient]:
    """The patients whom the targets are about: everybody when there are none."""
    if not targets:
        return patients
    mrns = {target.names[0] for target in targets if not target.kind.is_setting}
    return {mrn: want for mrn, want in patients.items() if mrn in mrns}


def _known(patients: Mapping[str, DesiredPatient], state: State) -> tuple[list[str], list[str], bool]:
    """The known ids of these patients, the mrn of each, and whether an mrn has to be looked for."""
    ids: list[str] = []
    mrns: list[str] = []
    unknown = False
    record_of, departed = state.patients.get, state.departed
    for mrn, want in patients.items():
        record = record_of(mrn)
        patient_id = want.id or ("" if record is None else record.id)
        if patient_id:
            ids.append(patient_id)
            mrns.append(mrn)
        else:
            unknown = True
    if departed:
        unknown = unknown or any(state.has_done(patient_id, Departing.DELETE) for patient_id in ids)
    return ids, mrns, unknown


def _departures(desired: Desired, state: State) -> Iterator[tuple[str, Departure]]:
    """Those who are to depart and have not, each with the id."""
    for one in desired.departures:
        record = state.patients.get(one.mrn)
        patient_id = one.id or ("" if record is None else record.id)
        if patient_id and not state.has_done(patient_id, one.action, Departing.DELETE):
            yield patient_id, one


def _waits(patient_id: str, departure: Departure, state: State) -> bool:
    """Whether a person is to say first that the export has come: nothing is sent for it until then."""
    return departure.export and not departure.exported and state.has_done(patient_id, Action.EXPORT)


def _dying(desired: Desired, state: State) -> Iterator[tuple[str, str]]:
    """The mrn and id of those whose deletion was accepted and may still be under way."""
    for one in desired.departures:
        record = state.patients.get(one.mrn)
        patient_id = one.id or ("" if record is None else record.id)
        if state.has_done(patient_id, Departing.DELETE) and not state.has_done(patient_id, GONE):
            yield one.mrn, patient_id


def _fewer_than_pages(state: State, count: int) -> bool:
    return state.live_count is not None and count < -(-state.live_count // PAGE)


def _settings(desired: Desired, targets: frozenset[Address]) -> tuple[Address, ...]:
    return tuple(
        resource.address
        for resource in desired.others
        if resource.address.kind.facts.read_back and (not targets or resource.address in targets)
    )
