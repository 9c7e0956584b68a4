"""Changes that a person makes to state: the outcome of a request in doubt, and records to remove."""

from collections.abc import Iterable
from datetime import UTC, datetime
from math import ceil

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address, owner_of, record_key
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action
from kardia_ctl.model.ports import Store
from kardia_ctl.model.state import (
    GONE,
    Drop,
    Entry,
    Intent,
    Resolve,
    Return,
    State,
)
from kardia_ctl.planning.decided.assumptions import assumptions
from kardia_ctl.planning.settle_window import seconds_left


def assume(store: Store, absent: Iterable[Address], created: Iterable[Address]) -> None:
    """Record the outcomes that a person found for requests in doubt. The store's lock is held.

    Raises:
        RunStopped: as ``assumptions``.
        StateError: state could not be written.
    """
    if entries := assumptions(store.load(), absent, created):
        store.commit(entries)


def removals(state: State, addresses: Iterable[Address], settle: float, now: Instant) -> list[Entry]:
    """The entries that remove the records of each address, and with a patient those of its codes.

    Args:
        state: What is recorded.
        addresses: What to forget.
        settle: The settle window in seconds.
        now: This moment.

    Raises:
        RunStopped: nothing is recorded of an address, or it is in doubt and its window has not passed.
    """
    return [entry for address in addresses for entry in _removals(address, state, settle, now)]


def _removals(address: Address, state: State, settle: float, now: Instant) -> list[Entry]:
    entries: list[Entry] = []
    for doubt, intent in state.intents.items():
        if address in (doubt, owner_of(doubt)):
            _check_decidable(intent, settle, now)
            entries.append(Resolve(doubt, intent.workspace))
    match address.kind:
        case Kind.PATIENT:
            mrn = address.names[0]
            if mrn in state.patients:
                entries.append(Drop(Kind.PATIENT, mrn))
                entries += [Drop(Kind.CONNECTION_CODE, mrn, code) for code in state.codes.get(mrn, {})]
                patient_id = state.patients[mrn].id
                entries += [Return(patient_id)] if _may_return(state, patient_id) else []
        case Kind.CONNECTION_CODE:
            mrn, label = address.names
            entries += [
                Drop(Kind.CONNECTION_CODE, mrn, template)
                for template, record in state.codes.get(mrn, {}).items()
                if label in (record.template, template)
            ]
        case Kind.MOBILE_USER:
            if address.names[0] in state.users:
                entries.append(Drop(address.kind, *record_key(address)))
        case _:
            if address in state.settings:
                entries.append(Drop(address.kind, *record_key(address)))
    if not entries:
        raise RunStopped(f"nothing is recorded of {address}; kardia-ctl state list shows what is recorded")
    return entries


def _may_return(state: State, patient_id: str) -> bool:
    """Whether what is recorded of a departure may be removed.

    A deletion that is not over yet stays known: nobody may adopt who is being deleted.
    """
    done = state.departed.get(patient_id, frozenset())
    return GONE in done or (Action.DISCONNECT in done and Action.DELETE not in done)


def _check_decidable(intent: Intent, settle: float, now: Instant) -> None:
    """Refuse to forget a request that may still take effect: nobody would look for what it did."""
    left = seconds_left(intent, settle, now)
    if left > 0:
        until = datetime.fromtimestamp(ceil(now.wall + left), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise RunStopped(
            f"{intent.address} is in doubt: its request may take effect until {until}. Let apply settle it, "
            "or forget it after that time"
        )
