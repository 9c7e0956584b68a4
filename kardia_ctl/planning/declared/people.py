"""Patients, their codes and their users, side by side."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.declared.difference import DeclaredDifference, Topic, Way
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.source import Source
from kardia_ctl.planning.declared.sides import Values, compared, ways

DEPARTS: Final = "departs"
"""The code of a patient who is no longer declared and has a departure: nobody who is forgotten."""

_PATIENT: Final[Mapping[str, Callable[[DesiredPatient], str]]] = {
    "dob": lambda patient: patient.dob,
    "email": lambda patient: patient.email,
    "firstname": lambda patient: patient.firstname,
    "lastname": lambda patient: patient.lastname,
    "sex": lambda patient: patient.sex,
    "phone": lambda patient: patient.phone,
    "id": lambda patient: patient.id,
    "ignore_changes": lambda patient: ", ".join(sorted(patient.ignore)),
    "cohort": lambda patient: patient.cohort,
}
"""A patient's attributes by their names in the YAML; of an undeclared one the value is empty."""


def people(old: Desired, new: Desired) -> Iterator[DeclaredDifference]:
    """Patients. Most are equal, and are not looked at one attribute after another."""
    changed = {mrn for mrn, way in ways(_without_places(old), _without_places(new))}
    leaving = {departure.mrn for departure in new.departures}
    for one in compared(Topic.RESOURCE, _patients(old, changed), _patients(new, changed)):
        leaves = one.way is Way.REMOVED and one.address and one.address.names[0] in leaving
        yield replace(one, code=DEPARTS) if leaves else one


def _without_places(desired: Desired) -> dict[str, tuple[str, ...]]:
    return {
        mrn: (
            *(one.dob, one.email, one.firstname, one.lastname, one.sex, one.phone, one.id, one.cohort),
            *sorted(one.ignore),
        )
        for mrn, one in desired.patients.items()
    }


def _patients(desired: Desired, mrns: Iterable[str]) -> dict[Address, tuple[Values, Source | None]]:
    found: dict[Address, tuple[Values, Source | None]] = {}
    for mrn in mrns:
        if patient := desired.patients.get(mrn):
            values = {name: value for name, of in _PATIENT.items() if (value := of(patient))}
            found[patient_address(mrn)] = values, _place(patient)
    return found


def _place(patient: DesiredPatient) -> Source | None:
    return Source(patient.file, patient.line) if patient.file else None


def codes(old: Desired, new: Desired) -> Iterator[DeclaredDifference]:
    """Connection codes."""
    yield from compared(Topic.RESOURCE, _codes_of(old, new), _codes_of(new, old))


def _codes_of(desired: Desired, other: Desired) -> dict[Address, tuple[Values, Source | None]]:
    """The codes of the patients whose codes differ."""
    found: dict[Address, tuple[Values, Source | None]] = {}
    for mrn, patient in desired.patients.items():
        there = other.patients.get(mrn)
        if there is None or set(there.codes) != set(patient.codes):
            found |= {code_address(mrn, label): ({}, _place(patient)) for label in patient.codes}
    return found


def users(old: Desired, new: Desired) -> Iterator[DeclaredDifference]:
    """Mobile users."""
    yield from compared(Topic.RESOURCE, _users_of(old), _users_of(new))


def _users_of(desired: Desired) -> dict[Address, tuple[Values, Source | None]]:
    return {
        Address(Kind.MOBILE_USER, (mrn,)): (
            {
                "country": user.country,
                "password_from": str(user.password),
                "redeem": "true" if user.redeem else "",
            },
            _place(desired.patients[mrn]),
        )
        for mrn, user in desired.users.items()
    }
