"""Which reads an observation needs, before any is sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model.address import Address, Kind
from kardia_ctl.model.configuration import Departing, Desired
from kardia_ctl.model.state import State

PAGE: Final = 500
"""The most patients that one page holds (API reference, "Get All Patients")."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The reads to send.

    Attributes:
        scan: Read the whole list of patients; otherwise ``ids`` are read one by one.
        ids: Patients to read by id.
        known: The recorded and pinned ids that matter, each with its mrn. They count as live until a read by
            id says otherwise.
        settings: The addresses to read.
        templates: Whether a declared template goes by its live name, so that the templates must be read.
    """

    scan: bool
    ids: tuple[str, ...]
    known: tuple[tuple[str, str], ...]
    settings: tuple[Address, ...]
    templates: bool


def choose(
    desired: Desired, state: State, targets: Iterable[Address] = (), *, recreating: bool = False
) -> Reading:
    """The cheapest reads that answer what a plan will ask.

    A whole scan is ceil(totalCount / 500) requests. When state knows every id that matters, nothing is to be
    created (``recreating`` says that something is) or deleted, and there are fewer of them than pages, those
    are read by id instead.
    """
    wanted = frozenset(targets)
    mrns = [mrn for mrn in desired.patients if _is_wanted(mrn, wanted)]
    known, unknown = _known(desired, state, mrns)
    departing = () if wanted else _departing(desired, state)
    scan = bool(departing) or (
        bool(mrns) and (unknown or recreating or not _fewer_than_pages(state, len(known)))
    )
    labels = {label for mrn in mrns for label in desired.patients[mrn].codes}
    return Reading(
        scan=scan,
        ids=() if scan else tuple(patient_id for patient_id, _ in known),
        known=(*known, *departing),
        settings=_settings(desired, wanted),
        templates=any(not desired.templates[label].id for label in labels),
    )


def _is_wanted(mrn: str, targets: frozenset[Address]) -> bool:
    return not targets or any(target.kind in _OF_PATIENTS and target.names[0] == mrn for target in targets)


_OF_PATIENTS: Final = (Kind.PATIENT, Kind.CONNECTION_CODE, Kind.MOBILE_USER)


def _recorded(state: State, mrn: str) -> str:
    """The recorded id of a patient, unless a departure of ours deleted that one."""
    record = state.patients.get(mrn)
    if record is None or state.departed.get(record.id) == Departing.DELETE:
        return ""
    return record.id


def _known(desired: Desired, state: State, mrns: Iterable[str]) -> tuple[list[tuple[str, str]], bool]:
    """The known ids of these patients, and whether one of them has none or its create is in doubt."""
    known, unknown = [], False
    for mrn in mrns:
        patient_id = desired.patients[mrn].id or _recorded(state, mrn)
        if patient_id:
            known.append((patient_id, mrn))
        else:
            unknown = True
    return known, unknown


def _departing(desired: Desired, state: State) -> tuple[tuple[str, str], ...]:
    """The ids of those who are to depart and have not, each with its mrn."""
    ids = {one.id or _recorded(state, one.mrn): one.mrn for one in desired.departures}
    return tuple((one, mrn) for one, mrn in ids.items() if one and one not in state.departed)


def _fewer_than_pages(state: State, count: int) -> bool:
    return state.live_count is not None and count < -(-state.live_count // PAGE)


def _settings(desired: Desired, targets: frozenset[Address]) -> tuple[Address, ...]:
    return tuple(
        resource.address
        for resource in desired.others
        if SETTINGS[resource.address.kind].read is not None and (not targets or resource.address in targets)
    )
