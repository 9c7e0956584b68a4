"""Patients (API reference, "Patients"). The API creates, reads and deletes them; it cannot update one."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final
from unicodedata import normalize

from kardia_ctl.fingerprints import FINGERPRINT_SIZE, MISSING, fingerprint, fingerprints_at
from kardia_ctl.kinds import mobile_user
from kardia_ctl.kinds.formats import choice, text
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.model.configuration import Dialect
from kardia_ctl.model.patient import ATTRIBUTES, UNSET, DesiredPatient, LivePatient

SENT: Final = (*ATTRIBUTES, "phone")
"""What a create may send besides the mrn, in the order of a record's fingerprints."""

_sent = attrgetter(*SENT)

SEXES: Final[Mapping[str, str]] = {"unknown": "0", "male": "1", "female": "2", "not-applicable": "9"}
"""ISO/IEC 5218, by the names that the YAML accepts for its digits."""

_DIGITS: Final = frozenset(SEXES.values())
SEX_DIGITS: Final[Mapping[str, str]] = {UNSET: UNSET, **{digit: digit for digit in _DIGITS}, **SEXES}
"""The digit of every text that may declare a sex."""
_USUAL_SEXES: Final[Mapping[float | str | None, str]] = {
    None: "0",
    **{digit: digit for digit in _DIGITS},
    **{int(digit): digit for digit in _DIGITS},
}
"""The digit of each value that the API usually shows for a sex."""
_IGNORABLE: Final = ("email", "firstname", "lastname", "sex")

SCHEMA: Final[Mapping[str, Any]] = {
    "description": "A patient who should exist.",
    "type": "object",
    "properties": {
        "mrn": text(
            "The medical record number: your own identifier, byte for byte. Addresses are made of it.",
            format=TextFormat.IDENTIFIER.value,
        ),
        "dob": text("The birth date as YYYY-MM-DD, e.g. 2000-07-21.", format="date"),
        "email": text("The e-mail address, e.g. joe@example.com.", format="email"),
        "firstname": text("The first name.", format=TextFormat.NAME.value),
        "lastname": text("The last name.", format=TextFormat.NAME.value),
        "sex": choice("ISO/IEC 5218: 0 unknown, 1 male, 2 female, 9 not-applicable.", 0, 1, 2, 9, *SEXES),
        "codes": {
            "description": "Names of templates to issue a connection code for, each at most once.",
            "type": "array",
            "items": text("A name declared under templates."),
            "uniqueItems": True,
        },
        "ignore_changes": {
            "description": "Attributes in which live may differ; they are still sent on creation.",
            "type": "array",
            "items": choice("An attribute of the patient, other than mrn and dob.", *_IGNORABLE),
            "uniqueItems": True,
        },
        "id": text(
            "Kardia's id of the live patient, to bind one when several carry the mrn.",
            format=TextFormat.IDENTIFIER.value,
        ),
        "mobile_user": mobile_user.SCHEMA,
    },
    "required": ["mrn", "dob", "email"],
    "additionalProperties": False,
}
"""A patient of v1 (API reference, "Create Patient")."""

PRO_SCHEMA: Final[Mapping[str, Any]] = {
    **SCHEMA,
    "properties": {
        **{name: rules for name, rules in SCHEMA["properties"].items() if name != "id"},
        "phone": text(
            "The mobile phone number, e.g. 555-555-5555. The pro API alone has it.",
            format=TextFormat.PHONE.value,
        ),
        "mobile_user": mobile_user.REDEEMING_SCHEMA,
    },
    "required": ["mrn", "firstname", "lastname"],
}
"""A participant of pro (Kardia Pro API reference, "Create Team Participant")."""

ANY_SCHEMA: Final[Mapping[str, Any]] = {
    **SCHEMA,
    "properties": {**SCHEMA["properties"], **PRO_SCHEMA["properties"]},
    "required": ["mrn"],
}
"""A patient of either dialect, for editors: a file does not always name its dialect."""

SCHEMAS: Final[Mapping[Dialect, Mapping[str, Any]]] = {Dialect.V1: SCHEMA, Dialect.PRO: PRO_SCHEMA}

OF_A_COHORT: Final = ("ignore_changes", "mobile_user")
"""The attributes that a cohort declares for all of its patients, and no column holds."""

COLUMNS: Final[Mapping[Dialect, tuple[str, ...]]] = {
    dialect: tuple(name for name in schema["properties"] if name not in OF_A_COHORT)
    for dialect, schema in SCHEMAS.items()
}
"""The attributes that a column (or a key) of a cohort may hold, by dialect."""

ANY_COLUMN: Final = tuple(name for name in ANY_SCHEMA["properties"] if name not in OF_A_COHORT)
"""The attributes that a column may hold in either dialect."""

FORMATS_OF: Final[Mapping[str, TextFormat]] = {
    name: TextFormat(rules["format"]) for name, rules in ANY_SCHEMA["properties"].items() if "format" in rules
}
"""What each of a patient's texts holds."""


def _day(value: str) -> str:
    """The date without a time of day: a server may append midnight."""
    head, mark, _ = value.partition("T")
    return head if mark else value


def _live_sex(value: float | str | None) -> str:
    if value is None or value == "":
        return "0"
    if isinstance(value, str):
        return value.strip()
    return str(int(value)) if value == int(value) else str(value)


def _name(value: str) -> str:
    return normalize("NFC", value)


def normalise(attribute: str, value: str) -> str:
    """The form in which two values of an attribute are compared."""
    match attribute:
        case "email":
            return value.casefold()
        case "dob":
            return _day(value)
        case "firstname" | "lastname":
            return _name(value)
        case _:
            return value


def live_value(live: LivePatient, attribute: str) -> str:
    """A live attribute as text: empty when it is absent, 0 for an absent sex."""
    if attribute == "sex":
        return _live_sex(live.sex)
    value: str | None = getattr(live, attribute)
    return value or ""


def differences(desired: DesiredPatient, live: LivePatient) -> tuple[str, ...]:
    """The declared attributes in which live differs, without those that ``ignore_changes`` names."""
    # Most patients are live exactly as declared. Checking that first takes a third off the planning loop.
    if (
        desired.email == live.email
        and desired.dob == live.dob
        and desired.lastname == live.lastname
        and desired.firstname == live.firstname
        and desired.sex == _USUAL_SEXES.get(live.sex)
    ):
        return ()
    names = all_differences(desired, live)
    if names and desired.ignore:
        return tuple(name for name in names if name not in desired.ignore)
    return names


def all_differences(desired: DesiredPatient, live: LivePatient) -> tuple[str, ...]:
    """Every declared attribute in which live differs, ``ignore_changes`` or not: a create sends them all."""
    names = []
    if desired.dob != live.dob and desired.dob != _day(live.dob or ""):
        names.append("dob")
    if desired.email != live.email and desired.email.casefold() != (live.email or "").casefold():
        names.append("email")
    if desired.firstname not in (UNSET, live.firstname) and _differs(desired.firstname, live.firstname):
        names.append("firstname")
    if desired.lastname not in (UNSET, live.lastname) and _differs(desired.lastname, live.lastname):
        names.append("lastname")
    if desired.sex != UNSET and desired.sex != _live_sex(live.sex):
        names.append("sex")
    return tuple(names)


def _differs(desired: str, live: str | None) -> bool:
    return _name(desired) != _name(live or "")


def values(desired: DesiredPatient, attributes: Sequence[str] = ATTRIBUTES) -> dict[str, str | None]:
    """The declared values of some attributes, in the API's order."""
    return {name: value for name in attributes if (value := getattr(desired, name)) != UNSET}


def live_values(live: LivePatient, attributes: Sequence[str] = ATTRIBUTES) -> dict[str, str | None]:
    """The live values of some attributes; None where the API shows none."""
    return {name: live_value(live, name) or None for name in attributes}


def fingerprints(key: bytes, desired: DesiredPatient, mrn: str | None = None) -> bytes:
    """The fingerprints of the applied values: ``FINGERPRINT_SIZE`` bytes for each of ``SENT``.

    Few patients have a phone number; its fingerprint is last, and left out without one. ``mrn`` is another
    one than the declared: the one before it was corrected.
    """
    name_of = desired.mrn if mrn is None else mrn
    texts = zip(SENT, _sent(desired), strict=True)
    known = fingerprints_at(
        key, name_of, [(name, None if text == UNSET else normalise(name, text)) for name, text in texts]
    )
    return known.removesuffix(MISSING) if desired.phone == UNSET else known


EXISTED: Final = MISSING
"""The fingerprints of a patient who already existed (409 on the create): the values are not known."""


def existed_before(known: bytes) -> bool:
    """Whether a record's fingerprints are those of a patient who already existed."""
    return known == EXISTED


def edited(known: bytes, key: bytes, desired: DesiredPatient) -> tuple[str, ...]:
    """The attributes whose declared value differs from the applied one, where fingerprints show it."""
    if known in (b"", EXISTED) or known == fingerprints(key, desired):
        return ()
    return tuple(
        name
        for name in SENT
        if name not in desired.ignore and _applied(known, name) != _declared(key, desired, name) and key
    )


def _applied(known: bytes, name: str) -> bytes:
    start = SENT.index(name) * FINGERPRINT_SIZE
    return known[start : start + FINGERPRINT_SIZE] or MISSING


def _declared(key: bytes, desired: DesiredPatient, name: str) -> bytes:
    value = getattr(desired, name)
    return MISSING if value == UNSET else fingerprint(key, desired.mrn, name, normalise(name, value))


def applied(record: bytes, key: bytes, mrn: str, attribute: str, value: str) -> bool | None:
    """Whether a value is the last applied one; None where that is not known."""
    start = ATTRIBUTES.index(attribute) * FINGERPRINT_SIZE
    known = record[start : start + FINGERPRINT_SIZE]
    if not key or len(known) < FINGERPRINT_SIZE or known == MISSING:
        return None
    return known == fingerprint(key, mrn, attribute, normalise(attribute, value))
