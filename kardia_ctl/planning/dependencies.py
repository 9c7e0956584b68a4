"""Dependencies between changes: a patient before its codes. Chains run in parallel."""

from collections.abc import Sequence

from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.plan import Cause, Change

Chain = tuple[Change, ...]
"""Changes that are sent one after the other; when one fails, the rest is skipped."""


def chains(changes: Sequence[Change]) -> tuple[Chain, ...]:
    """Group the writes by the patient that they depend on, the patient first."""
    heads: dict[tuple[Address, str], list[Change]] = {}
    for change in changes:
        if change.action.writes:
            heads.setdefault(_head(change), []).append(change)
    return tuple(tuple(sorted(chain, key=_owner_first)) for chain in heads.values())


def _head(change: Change) -> tuple[Address, str]:
    """What a change depends on. Who departs is a chain of their own: a twin whose mrn another keeps."""
    if change.cause is Cause.DEPARTURE:
        return change.address, change.id
    return owner_of(change.address) or change.address, ""


def _owner_first(change: Change) -> tuple[bool, tuple[int, tuple[str, ...]]]:
    return owner_of(change.address) is not None, change.address.order
