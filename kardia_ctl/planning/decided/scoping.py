"""The scope of a plan, from the addresses and cohorts that a person named."""

from collections.abc import Collection, Iterable, Iterator

from kardia_ctl.model.address import Address, code_address, owner_of, patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.decided.scope import Scope
from kardia_ctl.model.kinds import Kind


def scope_of(
    desired: Desired,
    targets: Collection[Address] = (),
    cohorts: Collection[str] = (),
    excludes: Collection[Address] = (),
) -> Scope:
    """What a plan is about.

    A code and the user that redeems it must be in the same run: neither is planned, nor left out, without the
    other.
    """
    left = frozenset(_moved(address, desired) for address in excludes)
    excluded = left.union(_redeemed(left, desired))
    if not targets and not cohorts:
        return Scope(excluded=excluded)
    named = frozenset((*targets, *_of_cohorts(cohorts, desired)))
    redeemed = frozenset(_redeemed(targets, desired))
    owners = frozenset(owner for address in targets if (owner := owner_of(address)))
    return Scope(named, redeemed | owners, excluded)


def _of_cohorts(cohorts: Collection[str], desired: Desired) -> Iterator[Address]:
    """The patients of cohorts, with their codes and users."""
    for mrn, patient in desired.patients.items():
        if patient.cohort in cohorts:
            yield patient_address(mrn)
            yield from (code_address(mrn, label) for label in patient.codes)
            yield Address(Kind.MOBILE_USER, (mrn,))


def _redeemed(addresses: Iterable[Address], desired: Desired) -> Iterator[Address]:
    """The codes and users among some addresses that redeem each other, each with its other half."""
    for address in addresses:
        mrn = address.names[0] if owner_of(address) else ""
        user = desired.users.get(mrn)
        if user is not None and user.redeem:
            code = code_address(mrn, desired.patients[mrn].codes[0])
            if address.kind is Kind.MOBILE_USER or address == code:
                yield from (code, Address(Kind.MOBILE_USER, (mrn,)))


def _moved(address: Address, desired: Desired) -> Address:
    """An address under the mrn that ``moved`` gives its patient."""
    if address.kind.is_setting:
        return address
    mrn, *others = address.names
    new = next((move.new for move in desired.moved if move.old == mrn), mrn)
    return Address(address.kind, (new, *others))
