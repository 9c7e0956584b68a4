"""Declared patients of whom a plan needs no read, because they are declared as they were last applied.

What stands for them is what is declared, under the id that state records. A patient is among them when

- state records an id for the mrn, which is no tombstone, was not deleted, and is the pinned one if one is;
- every declared attribute that is compared is, by its fingerprint, what was last applied;
- every declared code and mobile user is recorded for that id, and no other code is;
- nothing of it is in doubt, no departure names it, and nothing of it is to be issued or created again.

That the id is still live is not among this: ``recorded_list`` proves it, or nothing does (``--refresh off``).
"""

from collections.abc import Collection, Iterator
from typing import Final

from kardia_ctl.kinds.last_applied import is_as_applied
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import DepartureAction, Desired
from kardia_ctl.model.patient import UNSET, DesiredPatient, LivePatient
from kardia_ctl.model.state import PatientRecord, State

ASSUMED_STATUS: Final = "connected"
"""Stands for a status that was not read, where every order is recorded: nothing follows from it."""


def assumed_patients(
    desired: Desired, state: State, key: bytes, decided: Collection[Address] = ()
) -> dict[str, LivePatient]:
    """By id, whoever is declared as last applied.

    Args:
        desired: What is declared.
        state: What is recorded.
        key: The key of the fingerprints; without it nobody is.
        decided: The codes and users to issue or create again, whatever was recorded of them.
    """
    asked = set(_mrns_of(desired, state, decided))
    record_of, departed = state.patients.get, state.departed
    found: dict[str, LivePatient] = {}
    for mrn, want in desired.patients.items():
        record = record_of(mrn)
        if (
            record is not None
            and _is_usable(record, want)
            and mrn not in asked
            and not (departed and state.has_done(record.id, DepartureAction.DELETE))
            and is_as_applied(record.fingerprint, key, want)
            and _orders_are_recorded(desired, state, want, record.id)
        ):
            found[record.id] = as_declared(want, record.id, ASSUMED_STATUS)
    return found


def as_declared(want: DesiredPatient, patient_id: str, status: str | None) -> LivePatient:
    """A live patient who has exactly what is declared."""
    return LivePatient(
        patient_id,
        want.mrn,
        want.dob,
        want.email,
        None if want.firstname == UNSET else want.firstname,
        None if want.lastname == UNSET else want.lastname,
        None if want.sex == UNSET else want.sex,
        status,
    )


def _mrns_of(desired: Desired, state: State, decided: Collection[Address]) -> Iterator[str]:
    """The mrns of whom something is in doubt, or is to be issued again, and of those who depart."""
    for address in (*state.intents, *decided):
        if not address.kind.is_setting:
            yield address.names[0]
    yield from (departure.mrn for departure in desired.departures)


def _is_usable(record: PatientRecord, want: DesiredPatient) -> bool:
    return bool(record.id) and not record.forgotten and want.id in ("", record.id)


def _orders_are_recorded(desired: Desired, state: State, want: DesiredPatient, patient_id: str) -> bool:
    """Whether every declared code and user is recorded for this id, and every recorded code is declared."""
    mrn = want.mrn
    known, user = state.codes.get(mrn, {}), state.users.get(mrn)
    if mrn in desired.users and (user is None or user.forgotten or user.id not in ("", patient_id)):
        return False
    if not known and not want.codes:
        return True
    declared = {desired.templates[label].id or label for label in want.codes}
    recorded = {
        template if template in declared else record.template
        for template, record in known.items()
        if not record.forgotten and record.id in ("", patient_id)
    }
    return declared == recorded and len(recorded) == len(known)
