"""What a Patient resource declares, from the elements that count."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from kardia_ctl.config.cohorts.dates import has_time, without_midnight
from kardia_ctl.config.cohorts.formats.fhir.element_rules import Effect, Rule, rule
from kardia_ctl.config.cohorts.formats.fhir.elements import Element, Elements, extension_codes, is_hidden
from kardia_ctl.config.cohorts.identifier_choice import IdentifierChoice

_SEXES: Final = {"male": "1", "female": "2", "other": "0", "unknown": "0"}
"""http://hl7.org/fhir/administrative-gender → ISO/IEC 5218."""

_IN_SOURCE: Final = "Correct it in the source system"
_COMPARE: Final = "Compare identifier: in kardia.yaml with the export; {type: MR} chooses by type"
_EMAIL: Final = frozenset({"email"})
_PHONE: Final = frozenset({"phone", "sms"})
_NO_RANK: Final = 1 << 31


def cells(
    resource: Element, choice: IdentifierChoice, elements: Elements, *, has_phone: bool = False
) -> dict[str, str]:
    """The values of a Patient resource as cells; what is wrong goes to ``elements``.

    ``has_phone`` says whether the dialect's patients have a phone number.
    """
    first, last = _name(resource, elements)
    return {
        "mrn": _mrn(resource, choice, elements),
        "dob": _birth_date(resource, elements),
        "email": _email(resource, elements),
        "firstname": first,
        "lastname": last,
        "sex": _sex(resource, elements),
        **({"phone": _phone(resource, elements)} if has_phone else {}),
    }


def _mrn(resource: Element, choice: IdentifierChoice, elements: Elements) -> str:
    identifiers = elements.objects(resource, "identifier", "mrn")
    chosen = [identifier for identifier in identifiers if _is_chosen(identifier, choice, elements)]
    counting = elements.counting(chosen, "Patient.identifier", "mrn")
    shown = [identifier for identifier in counting if not is_hidden(identifier, "value")]
    values = [value for identifier in shown if (value := identifier.get("value"))]
    types = [] if choice.type else [code for identifier in counting for code in _types(identifier, elements)]
    refused = [found for found in map(_by_type, types) if found.effect is Effect.REFUSED]
    if refused:
        elements.refuse("mrn", refused[0])
    elif not all(isinstance(value, str) for value in values):
        elements.error("mrn", "the identifier's value is not a string")
    elif len(set(values)) == 1:
        return str(values[0])
    elif elements.has_error("mrn"):
        pass
    elif values:
        elements.error(
            "mrn", f"{len(set(values))} identifiers have {choice.words} that gives the mrn", _COMPARE
        )
    elif len(counting) > len(shown):
        elements.refuse_hidden("mrn", "the identifier that gives the mrn")
    elif chosen and not counting:
        message = f"no identifier with {choice.words} that gives the mrn counts now (use, period)"
        elements.error("mrn", message, _IN_SOURCE)
    else:
        elements.error("mrn", f"no identifier has {choice.words} that gives the mrn", _COMPARE)
    return ""


def _is_chosen(identifier: Element, choice: IdentifierChoice, elements: Elements) -> bool:
    is_of_system = not choice.system or identifier.get("system") == choice.system
    return is_of_system and (not choice.type or choice.type in _types(identifier, elements))


def _types(identifier: Element, elements: Elements) -> list[str]:
    codings = elements.objects(elements.object(identifier, "type", "mrn"), "coding", "mrn")
    return [code for coding in codings if isinstance(code := coding.get("code"), str)]


def _by_type(code: str) -> Rule:
    return rule("Patient.identifier.type", code)


def _birth_date(resource: Element, elements: Elements) -> str:
    written = without_midnight(elements.text(resource, "birthDate", "dob"))
    if len(written) in (4, 7) and written[:4].isdecimal():
        message = "the birth date is a year, or a year and a month, without a day"
        remedy = "Complete it in the source system: a patient needs a full date"
        elements.error("dob", message, remedy)
    elif has_time(written):
        message = "the birth date has a time of day, which is another day in another time zone"
        elements.error("dob", message, "Export the date alone")
    return written


def _sex(resource: Element, elements: Elements) -> str:
    gender = elements.text(resource, "gender", "sex").lower()
    if gender and gender not in _SEXES:
        elements.error("sex", "gender is not male, female, other or unknown", _IN_SOURCE)
    return _SEXES.get(gender, "")


def _name(resource: Element, elements: Elements) -> tuple[str, str]:
    """Given names and family name of the first name that counts and has one of them."""
    counting = elements.counting(elements.objects(resource, "name", "lastname"), "Patient.name", "lastname")
    names = sorted(counting, key=_spelling)
    hidden = [name for name in names if _is_withheld(name)]
    for name in names:
        given = _given(name, elements)
        if name not in hidden and (given or name.get("family")):
            return given, elements.text(name, "family", "lastname")
    if hidden:
        elements.refuse_hidden("lastname", "the name")
    elif any(elements.text(name, "text", "lastname") for name in names):
        message = "the name has only text, which does not say what is family and what is given"
        elements.error("lastname", message, "Export names with family and given")
    return "", ""


def _is_withheld(name: Element) -> bool:
    """Whether the family name, or every given name, is there and hidden."""
    siblings = name.get("_given")
    parts = [{"_given": part} for part in siblings] if isinstance(siblings, list) else []
    no_given = not any(isinstance(part, str) and part for part in _list(name.get("given")))
    return is_hidden(name, "family") or (no_given and any(is_hidden(part, "given") for part in parts))


def _given(name: Element, elements: Elements) -> str:
    """The given names; one that is null or empty, such as one that is masked among others, is skipped."""
    given = name.get("given")
    parts = [part for part in _list(given) if part is not None]
    if not (given is None or isinstance(given, list)) or not all(isinstance(part, str) for part in parts):
        elements.error("firstname", "given is not a list of strings")
        return ""
    siblings = _list(name.get("_given"))
    marks = [*siblings, *[None] * len(_list(given))]
    own = [part for part, mark in zip(_list(given), marks, strict=False) if part and not _is_extra(mark)]
    return " ".join(own or filter(None, parts))


_REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_QUALIFIER: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier"


def _spelling(name: Element) -> int:
    """The order of a name by the signs that it is written in."""
    codes = extension_codes(name, _REPRESENTATION)
    return max((rule("Patient.name.representation", code).order for code in codes), default=1)


def _is_extra(mark: Any) -> bool:
    """Whether a given name says another one again: an initial, or what somebody is called by."""
    codes = extension_codes(mark, _QUALIFIER)
    return any(rule("Patient.name.given.qualifier", code).effect is Effect.NOTHING for code in codes)


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _email(resource: Element, elements: Elements) -> str:
    """The e-mail address of the lowest rank; those of one rank by use."""
    addresses = _contacts(resource, _EMAIL, "email", elements)
    counting = elements.counting(addresses, "Patient.telecom", "email")
    if addresses and not counting and not elements.has_error("email"):
        elements.error("email", "no e-mail address counts now (use, period)", _IN_SOURCE)
    return _first(sorted(counting, key=_rank), "email", "the e-mail address", elements)


def _phone(resource: Element, elements: Elements) -> str:
    """The phone number: a mobile one before others, then by rank and use; empty when none counts now."""
    numbers = _contacts(resource, _PHONE, "phone", elements)
    counting = elements.counting(numbers, "Patient.telecom", "phone")
    ranked = sorted(counting, key=lambda contact: (not _is_mobile(contact), _rank(contact)))
    return _first(ranked, "phone", "the phone number", elements)


def _contacts(
    resource: Element, systems: Collection[str], name: str, elements: Elements
) -> Sequence[Element]:
    contacts = elements.objects(resource, "telecom", name)
    return [contact for contact in contacts if str(contact.get("system")).lower() in systems]


def _first(contacts: Sequence[Element], name: str, what: str, elements: Elements) -> str:
    """The value of the first contact that shows one."""
    for contact in contacts:
        if contact.get("value") and not is_hidden(contact, "value"):
            return elements.text(contact, "value", name)
    if any(is_hidden(contact, "value") for contact in contacts):
        elements.refuse_hidden(name, what)
    return ""


def _is_mobile(contact: Element) -> bool:
    return str(contact.get("use")).lower() == "mobile" or str(contact.get("system")).lower() == "sms"


def _rank(contact: Element) -> int:
    rank = contact.get("rank")
    return rank if isinstance(rank, int) and rank is not True else _NO_RANK
