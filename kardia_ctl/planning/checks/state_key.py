"""Whether state's fingerprints were made with the key at hand: with another one, everybody looks changed."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from kardia_ctl.fingerprints import FINGERPRINT_SIZE, MISSING, key_check
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.state import State

_COMPARED: Final = 1000
"""How many patients are compared for a state without a check value, which an earlier version wrote."""


def is_of_another_key(state: State, desired: Desired, key: bytes) -> bool:
    """Whether state has fingerprints that ``key`` did not make; an empty one made none.

    A state of an earlier version has no check value. Its fingerprints are of another key when several
    patients have some, and not one is that of a declared value: somebody's birth date stays as it was.
    """
    if state.keyed:
        return state.keyed != key_check(key)
    own = (intent.keyed for intent in state.intents.values() if intent.keyed and not intent.workspace)
    if keyed := next(own, b""):
        return keyed != key_check(key)
    if not key:
        return any(record.fingerprint.strip(b"\0") for record in state.patients.values())
    agreements = list(islice(_agreements(state, desired, key), _COMPARED))
    return len(agreements) > 1 and not any(agreements)


def _agreements(state: State, desired: Desired, key: bytes) -> Iterator[bool]:
    """For each declared patient with fingerprints, whether one of them is of a value that is declared."""
    for mrn, want in desired.patients.items():
        known = state.patients.get(mrn)
        if known is not None and known.fingerprint.strip(b"\0"):
            made = patient_kind.fingerprints(key, want)
            pairs = zip(_parts(known.fingerprint), _parts(made), strict=False)  # a phone may be left out
            yield any(one == other != MISSING for one, other in pairs)


def _parts(known: bytes) -> Iterator[bytes]:
    return (known[start : start + FINGERPRINT_SIZE] for start in range(0, len(known), FINGERPRINT_SIZE))
