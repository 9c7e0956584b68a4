"""Chooses the reads of an observation, before any is sent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.configuration import Departure, DepartureAction, Desired
from kardia_ctl.model.decided.scope import EVERYTHING, Scope
from kardia_ctl.model.dialects import V1, Capabilities
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.plan import Action
from kardia_ctl.model.state import GONE, State

PAGE: Final = 500
"""The most patients that one page holds (API reference, "Get All Patients")."""


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """The reads to send.

    Attributes:
        scan: Read the whole list of patients; otherwise ``ids`` are read one by one.
        ids: The recorded and pinned ids that matter. They count as live until a read by id shows otherwise.
        mrns: The mrn of each of ``ids``.
        settings: The addresses of the settings to read.
        templates: Whether to read the templates, because a declared template is named by its live name.
        recordings: The ids of the patients to delete, whose recordings are counted.
        deleted: Those of ``ids`` whose deletion was accepted. A 404 to one is confirmed by a scan.
        watched: Ids of departures that are over, with their mrns: noticed when a scan shows them.
        marks: The newest ids before creates in doubt: who stands above them in the list is noted.
    """

    scan: bool
    ids: tuple[str, ...]
    mrns: tuple[str, ...]
    settings: tuple[Address, ...]
    templates: bool
    recordings: tuple[str, ...] = ()
    deleted: frozenset[str] = frozenset()
    watched: tuple[tuple[str, str], ...] = ()
    marks: frozenset[str] = frozenset()

    @property
    def known(self) -> Iterable[tuple[str, str]]:
        """Every id that matters, with its mrn."""
        return chain(zip(self.ids, self.mrns, strict=True), self.watched)


def choose_reads(
    desired: Desired,
    state: State,
    scope: Scope = EVERYTHING,
    capabilities: Capabilities = V1,
    *,
    recreating: bool = False,
) -> ReadPlan:
    """The fewest reads that give a plan everything it needs.

    A whole scan is ceil(totalCount / 500) requests. When state knows every id that matters, nothing is to be
    created (``recreating``: something is) or deleted, and there are fewer ids than pages, these are read by
    id instead. A patient deleted by a departure is read by id until the deletion is certainly over.
    """
    if not capabilities.shows_patients:
        return ReadPlan(False, (), (), _settings(desired, scope), templates=False)
    patients = _wanted(desired.patients, scope)
    ids, mrns, unknown = _known(patients, state)
    desired = replace(desired, departures=_departing(desired, scope))
    departures = tuple(_departures(desired, state))
    ids.extend(patient_id for patient_id, _ in departures)
    mrns.extend(departure.mrn for _, departure in departures)
    deleting = [
        patient_id
        for patient_id, departure in departures
        if departure.action is DepartureAction.DELETE and not _waits(patient_id, departure, state)
    ]
    scan = bool(deleting) or unknown or (bool(ids) and (recreating or not _fewer_than_pages(state, len(ids))))
    deletions = dict(_deletions(desired, state))
    ids.extend(deletions)
    mrns.extend(deletions.values())
    labels = set(chain.from_iterable({want.codes for want in patients.values()}))
    return ReadPlan(
        scan=scan,
        ids=tuple(ids),
        mrns=tuple(mrns),
        settings=_settings(desired, scope),
        templates=any(not desired.templates[label].id for label in labels),
        recordings=tuple(deleting),
        deleted=frozenset(deletions),
        watched=tuple(_over(desired, state)),
        marks=frozenset(intent.newest for intent in state.intents.values() if intent.newest),
    )


def _wanted(patients: Mapping[str, DesiredPatient], scope: Scope) -> Mapping[str, DesiredPatient]:
    """The patients that the plan is about, or a code or user of theirs."""
    if scope.is_everything:
        return patients
    return {mrn: want for mrn, want in patients.items() if patient_address(mrn) in scope}


def _departing(desired: Desired, scope: Scope) -> tuple[Departure, ...]:
    """The departures that the plan is about: none where a person named what it is about."""
    if scope.named is not None:
        return ()
    return tuple(one for one in desired.departures if not scope.excludes(patient_address(one.mrn)))


def _known(patients: Mapping[str, DesiredPatient], state: State) -> tuple[list[str], list[str], bool]:
    """The known ids of these patients, the mrn of each, and whether an mrn has no usable id."""
    ids: list[str] = []
    mrns: list[str] = []
    unknown = False
    record_of, departed = state.patients.get, state.departed
    elsewhere = {mrn: patient_id for patient_id, mrn in state.elsewhere.items()}
    for mrn, want in patients.items():
        record = record_of(mrn)
        patient_id = want.id or ("" if record is None else record.id)
        if patient_id:
            ids.append(patient_id)
            mrns.append(mrn)
        else:
            unknown = True
            if mrn in elsewhere:
                ids.append(elsewhere[mrn])
                mrns.append(mrn)
    if departed:
        unknown = unknown or any(state.has_done(patient_id, DepartureAction.DELETE) for patient_id in ids)
    return ids, mrns, unknown


def _departures(desired: Desired, state: State) -> Iterator[tuple[str, Departure]]:
    """The departures that are not done, each with the patient's id."""
    for departure in desired.departures:
        patient_id = _id(departure, state)
        over = bool(departure.done) or state.has_done(patient_id, departure.action, DepartureAction.DELETE)
        if patient_id and not over:
            yield patient_id, departure


def _id(departure: Departure, state: State) -> str:
    record = state.patients.get(departure.mrn)
    return departure.id or ("" if record is None else record.id)


def _waits(patient_id: str, departure: Departure, state: State) -> bool:
    """Whether the export is sent but not confirmed as received: nothing is sent until it is."""
    return departure.export and not departure.exported and state.has_done(patient_id, Action.EXPORT)


def _deletions(desired: Desired, state: State) -> Iterator[tuple[str, str]]:
    """The id and mrn of patients whose deletion was accepted and may still be in progress."""
    for departure in desired.departures:
        patient_id = _id(departure, state)
        deleted = state.has_done(patient_id, DepartureAction.DELETE)
        if deleted and not departure.done and not state.has_done(patient_id, GONE):
            yield patient_id, departure.mrn


def _over(desired: Desired, state: State) -> Iterator[tuple[str, str]]:
    """The id and mrn of patients who are gone, or whose departure is done as a person says."""
    for departure in desired.departures:
        patient_id = _id(departure, state)
        if patient_id and (departure.done or state.has_done(patient_id, GONE)):
            yield patient_id, departure.mrn


def _fewer_than_pages(state: State, count: int) -> bool:
    return state.live_count is not None and count < -(-state.live_count // PAGE)


def _settings(desired: Desired, scope: Scope) -> tuple[Address, ...]:
    return tuple(
        setting.address
        for setting in desired.settings
        if setting.address.kind.facts.read_back and setting.address in scope
    )
