"""Which entries under ``moved`` are still to be recorded.

=========================  =========================  =====================================================
recorded of the old mrn    recorded of the new mrn    the entry
=========================  =========================  =====================================================
something                  nothing                    pending: planning sees its records under the new mrn,
                                                      and apply writes them there
something                  something                  colliding: the patient is blocked
nothing                    anything                   idle: it is done, or state was lost
=========================  =========================  =====================================================
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from kardia_ctl.fingerprints import FINGERPRINT_SIZE
from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.decided.move import Move
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.state import Entry, PatientRecord, Remember, State
from kardia_ctl.planning.decided.renames import is_recorded, renames


@dataclass(frozen=True, slots=True)
class PendingMoves:
    """The moves of a plan: what records each pending one, and the new mrns of those that collide."""

    pending: Mapping[Move, tuple[Entry, ...]] = field(default_factory=dict)
    colliding: frozenset[str] = frozenset()

    @property
    def entries(self) -> Iterator[Entry]:
        """What records all pending moves."""
        return chain.from_iterable(self.pending.values())

    def entries_of(self, addresses: Collection[Address]) -> Iterator[Entry]:
        """What records the pending moves to some addresses."""
        for move, entries in self.pending.items():
            if patient_address(move.new) in addresses:
                yield from entries

    def recorded(self) -> "PendingMoves":
        """The moves of a run that has recorded them."""
        return replace(self, pending={})


def pending_moves(desired: Desired, state: State, key: bytes) -> PendingMoves:
    """What is to be done about the entries under ``moved``."""
    known = [move for move in desired.moved if is_recorded(state, patient_address(move.old))]
    colliding = frozenset(move.new for move in known if is_recorded(state, patient_address(move.new)))
    pending = {
        move: tuple(_entries(move, desired.patients.get(move.new), state, key))
        for move in known
        if move.new not in colliding
    }
    return PendingMoves(pending, colliding)


def former(desired: Desired, mrn: str) -> Move | None:
    """The entry that says which mrn a declared patient had."""
    return next((move for move in desired.moved if move.new == mrn), None)


def _entries(move: Move, want: DesiredPatient | None, state: State, key: bytes) -> Iterator[Entry]:
    for entry in renames(state, patient_address(move.old), patient_address(move.new)):
        match entry:
            case Remember(record=PatientRecord(fingerprint=b"") as record) if want and key:
                before = state.patients[move.old].fingerprint
                known = _fingerprints(before, key, want, move.old)
                yield replace(
                    entry, record=PatientRecord(record.id, known, record.at, record.forgotten, record.cohort)
                )
            case _:
                yield entry


def _fingerprints(known: bytes, key: bytes, want: DesiredPatient, old: str) -> bytes:
    """The fingerprints under the new mrn, wherever what was applied last is what is declared.

    What was applied otherwise keeps a fingerprint that no value has under the new mrn: it differs.
    """
    was, now = kind.fingerprints(key, want, old), kind.fingerprints(key, want)
    size = FINGERPRINT_SIZE
    slots = (slice(start, start + size) for start in range(0, len(known), size))
    return b"".join(now[slot] if known[slot] == was[slot] else known[slot] for slot in slots)
