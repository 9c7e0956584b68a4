"""Which addresses and cohorts a command line may name."""

from collections.abc import Callable, Iterable

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.account.meant_addresses import translation
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import State
from kardia_ctl.planning.decided.renames import is_recorded


def check_cohort(name: str, desired: Desired) -> None:
    """Refuse a cohort of nobody.

    Raises:
        RunStopped: no patient is declared in it; the message lists those that have patients.
    """
    cohorts = {patient.cohort for patient in desired.patients.values()} - {""}
    if name not in cohorts:
        known = f"Cohorts with patients: {', '.join(sorted(cohorts))}" if cohorts else "No cohort has any"
        raise RunStopped(f"--cohort {name}: no patient is declared in a cohort of this name. {known}")


def excluded_from(
    written: Iterable[Address], desired: Desired, keys: Keys, state: Callable[[], State]
) -> frozenset[Address]:
    """The addresses of --exclude, pseudonyms translated.

    Raises:
        RunStopped: nothing declares or records one, and nobody of this name departs.
        StateError: state cannot be read.
    """
    excluded = frozenset(map(translation(written, desired, keys, state), written))
    for address in sorted(excluded, key=lambda one: one.order):
        if not (is_declared(address, desired) or _leaves(address, desired) or _is_kept(address, state())):
            raise RunStopped(f"--exclude {address}: it is neither declared nor recorded, nor does it depart")
    return excluded


def is_declared(address: Address, desired: Desired) -> bool:
    """Whether the configuration declares an address."""
    if address.kind.is_setting:
        return any(setting.address == address for setting in desired.settings)
    patient = desired.patients.get(address.names[0])
    if patient is None:
        return False
    codes = {code_address(patient.mrn, label) for label in patient.codes}
    users = {Address(Kind.MOBILE_USER, (mrn,)) for mrn in (patient.mrn,) if mrn in desired.users}
    return address == patient_address(patient.mrn) or address in codes | users


def _leaves(address: Address, desired: Desired) -> bool:
    """Whether a patient departs, or has a quarantined row."""
    if address.kind is not Kind.PATIENT:
        return False
    (mrn,) = address.names
    return mrn in desired.quarantined or any(departure.mrn == mrn for departure in desired.departures)


def _is_kept(address: Address, state: State) -> bool:
    """Whether anything is recorded of an address, a request in doubt included."""
    if address.kind.is_setting:
        return address in state.settings
    if address.kind is Kind.MOBILE_USER:
        return address.names[0] in state.users or address in state.intents
    return is_recorded(state, address)
