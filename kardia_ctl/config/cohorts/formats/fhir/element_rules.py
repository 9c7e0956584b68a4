"""The table of what changes the meaning of a FHIR resource: what counts, what does not, what is refused.

The elements are those that FHIR marks as modifiers (``?!`` in https://hl7.org/fhir/R4/patient.html), so that
no reader may pass over them, and those that say what a Bundle is. The codes are those of R4; R5 adds one type
of Bundle. docs/fhir.md prints the table for people, and a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Effect(StrEnum):
    """What an element with a certain code does."""

    COUNTS = "counts"
    NOTHING = "counts for nothing"
    LEFT_OUT = "left out and counted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Rule:
    """The effect of one code.

    Attributes:
        effect: What it does.
        what: What is left out, as the warning counts it, or what is wrong, as the error says it.
        remedy: What to do about an error.
        order: Among elements that count, the lowest order is preferred.
    """

    effect: Effect
    what: str = ""
    remedy: str = ""
    order: int = 0


ANY: Final = "*"
"""Stands for every value."""

AGAIN: Final = "Export the patients again"

_WHOLE: Final = "Export whole resources: no _elements, no _summary, nothing redacted or masked"
_SEARCH: Final = "Export the patients as they are: a search (GET Patient), or a bulk export"
_COUNTS: Final = Rule(Effect.COUNTS)
_NOTHING: Final = Rule(Effect.NOTHING)


def _left_out(what: str) -> Rule:
    return Rule(Effect.LEFT_OUT, what)


def _refused(what: str, remedy: str = AGAIN) -> Rule:
    return Rule(Effect.REFUSED, what, remedy)


def _order(order: int) -> Rule:
    return Rule(Effect.COUNTS, order=order)


_CHANGED: Final = _refused("a label says that values were removed or changed", _WHOLE)
_HIDDEN: Final = _refused("the value is hidden in the export", _WHOLE)

ELEMENT_RULES: Final[Mapping[str, Mapping[str, Rule]]] = {
    "Bundle.type": {
        **dict.fromkeys(("searchset", "collection", "document", "transaction", "batch"), _COUNTS),
        **dict.fromkeys(("transaction-response", "batch-response"), _COUNTS),
        "history": _refused("the Bundle is a history: versions of resources, not the patients", _SEARCH),
        "message": _refused("the Bundle is a message: its event says what becomes of the patients", _SEARCH),
        "subscription-notification": _refused("the Bundle is a notification, not the patients", _SEARCH),
    },
    "Bundle.implicitRules": {ANY: _refused("the Bundle follows rules of its own (implicitRules)", _SEARCH)},
    "Bundle.entry.request.method": {
        **dict.fromkeys(("GET", "HEAD", "POST", "PUT"), _COUNTS),
        "DELETE": _left_out("deletions"),
        "PATCH": _refused("a PATCH is not the whole patient", _WHOLE),
    },
    "Bundle.entry.search.mode": {
        "match": _COUNTS,
        "include": _left_out("patients that the search included and did not match"),
        "outcome": _left_out("outcomes of the search"),
    },
    "Bundle.entry.modifierExtension": {ANY: _refused("the entry has an extension that changes its meaning")},
    "Patient.active": {"true": _COUNTS, "false": _left_out("inactive patients")},
    "Patient.deceasedBoolean": {"false": _COUNTS, "true": _left_out("deceased patients")},
    "Patient.deceasedDateTime": {ANY: _left_out("deceased patients")},
    "Patient._deceasedDateTime": {
        "not-applicable": _NOTHING,
        ANY: _refused(
            "deceasedDateTime is there without a time: has the patient died?", "Ask the source system"
        ),
    },
    "Patient.link.type": {
        "replaced-by": _left_out("patients who are replaced by another record"),
        **dict.fromkeys(("replaces", "refer", "seealso"), _COUNTS),
    },
    "Patient.meta": {
        "HTEST": _left_out("patients of test data"),
        "SUBSETTED": _refused("the resource is marked SUBSETTED: the server left elements out", _WHOLE),
        **dict.fromkeys(("ABSTRED", "AGGRED", "ANONYED", "CRYTOHASH", "ENCRYPT", "GENERALIZED"), _CHANGED),
        **dict.fromkeys(("MASKED", "PERTURBED", "REDACTED", "SUBSTITUTED"), _CHANGED),
    },
    "Patient.implicitRules": {ANY: _refused("the resource follows rules of its own (implicitRules)")},
    "Patient.modifierExtension": {ANY: _refused("an extension changes what the resource means")},
    "Patient.extension": {
        "http://hl7.org/fhir/StructureDefinition/patient-animal": _left_out("animals"),
    },
    "Patient.contained": {"Patient": _left_out("patients contained in other resources")},
    "Patient.identifier.use": {
        **dict.fromkeys(("", "usual", "official", "secondary"), _COUNTS),
        **dict.fromkeys(("temp", "old"), _NOTHING),
    },
    "Patient.identifier.type": {
        "SS": _refused(
            "an identifier with the system that gives the mrn is a social security number (type SS)",
            "Choose by type too: identifier: {system: …, type: MR}",
        ),
    },
    "Patient.name.use": {
        "official": _order(1),
        "usual": _order(2),
        "": _order(3),
        **dict.fromkeys(("temp", "nickname", "anonymous", "maiden", "old"), _NOTHING),
    },
    "Patient.name.representation": {"IDE": _order(1), **dict.fromkeys(("ABC", "SYL"), _order(2))},
    "Patient.name.given.qualifier": {
        **dict.fromkeys(("BR", "MID", "AD", "SP"), _COUNTS),
        **dict.fromkeys(("CL", "IN"), _NOTHING),
    },
    "Patient.telecom.use": {
        **dict.fromkeys(("", "home", "work", "mobile"), _order(1)),
        "temp": _order(2),
        "old": _NOTHING,
    },
    "period": {"ended": _NOTHING, "not begun": _NOTHING},
    "data-absent-reason": {
        **dict.fromkeys(("masked", "not-permitted", "unsupported", "as-text", "error"), _HIDDEN),
        **dict.fromkeys(("unknown", "asked-unknown", "temp-unknown", "not-asked"), _NOTHING),
        **dict.fromkeys(("asked-declined", "not-applicable", "not-performed"), _NOTHING),
        **dict.fromkeys(("not-a-number", "negative-infinity", "positive-infinity"), _NOTHING),
    },
}
"""What each code of an element does; "" stands for an element without a code.

An element that is missing here means nothing for whether somebody counts. A code that is missing is refused
where FHIR allows no others (``CLOSED``), and changes nothing elsewhere.

- ``_deceasedDateTime``: a reason in place of the time says that the time is unknown, not that there is none.
- ``use``: names that are not the person's own name now (temp, nickname, anonymous, maiden, old) never go out.
  A temporary identifier is no mrn: the API cannot correct one.
- ``representation``: Japanese records write a name in kanji (IDE) and again by its sound (SYL, ABC).
- ``qualifier``: Dutch records list initials (IN) and the name to call somebody by (CL) beside the given
  names. They count where there is no other.
- ``identifier.type``: a social security number counts only where kardia.yaml asks for its type; nobody is
  chosen by being the rest.
- ``link``: refer and seealso name further records of a patient who is current.
- ``meta``: labels of v3-ObservationValue in tag or security, and those of de-identification tools; HTEST is
  test health data (v3-ActReason). PSEUDED is none of them: a study means to send its pseudonyms.
- ``include``: those whom the matches refer to (mothers, merged records), not who was asked for.
"""

CLOSED: Final = frozenset(
    {
        "Bundle.type",
        "Bundle.entry.request.method",
        "Bundle.entry.search.mode",
        "Patient.link.type",
        "Patient.identifier.use",
        "Patient.name.use",
        "Patient.telecom.use",
    }
)
"""The elements whose codes FHIR closes (binding: required)."""

FILES: Final[Mapping[str, tuple[str, str]]] = {
    "Patient": (
        "one Patient",
        "Write it on one line of a file .ndjson with format: fhir, or export a Bundle",
    ),
    "Parameters": ("Parameters", "Export its Bundle, or the patients by a search"),
    "OperationOutcome": ("an OperationOutcome", "The server reported an error. Export the patients again"),
}
"""What a file may be instead of a Bundle, and what to do."""


def rule(element: str, code: str) -> Rule:
    """What a code of an element does."""
    codes = ELEMENT_RULES[element]
    found = codes.get(code) or codes.get(ANY)
    if found is None and element in CLOSED:
        return _refused(f"{element.partition('.')[2]} is not a code of FHIR")
    return found or _COUNTS
