"""Whether a patient is declared as it was last applied, by the fingerprints of its record."""

from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.patient import ATTRIBUTES, UNSET, DesiredPatient


def is_as_applied(known: bytes, key: bytes, desired: DesiredPatient) -> bool:
    """Whether every attribute that is compared is the last applied one, as far as fingerprints show it."""
    if not key or not known:
        return False
    return known == kind.fingerprints(key, desired) or all(
        kind.applied(known, key, desired.mrn, name, value) is True
        for name in ATTRIBUTES
        if (value := getattr(desired, name)) != UNSET and name not in desired.ignore
    )


def edited_since(known: bytes, key: bytes, desired: DesiredPatient) -> tuple[str, ...]:
    """The attributes that are compared and certainly are not the last applied ones."""
    return tuple(
        name
        for name in ATTRIBUTES
        if (value := getattr(desired, name)) != UNSET
        and name not in desired.ignore
        and kind.applied(known, key, desired.mrn, name, value) is False
    )
