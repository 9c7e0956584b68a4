"""Whether a resource as a whole counts: the elements of it and of its entry that the table knows."""

from collections.abc import Iterable, Iterator
from typing import Final

from kardia_ctl.config.cohorts.formats.fhir.element_rules import ANY, Effect, rule
from kardia_ctl.config.cohorts.formats.fhir.elements import Element, Elements, absent_reasons, withholds

Fact = tuple[str, str]
"""An element of the table and its code."""

_OBSERVATION: Final = "ObservationValue"
_REASON: Final = "ActReason"


def left_out(facts: Iterable[Fact], elements: Elements) -> str:
    """What the resource is counted as when it is left out, else empty; what is refused goes to ``elements``.

    Who is left out is left out, whatever else would be refused.
    """
    rules = [rule(*fact) for fact in facts]
    for found in rules:
        if found.effect is Effect.LEFT_OUT:
            return found.what
    for found in rules:
        if found.effect is Effect.REFUSED:
            elements.refuse("", found)
    return ""


def bundle_facts(top: Element, elements: Elements) -> Iterator[Fact]:
    """What a Bundle's own elements say about its resources."""
    if kind := elements.text(top, "type"):
        yield "Bundle.type", kind.lower()
    if elements.text(top, "implicitRules"):
        yield "Bundle.implicitRules", ANY
    yield from _labels(elements.object(top, "meta"), elements)


def entry_facts(entry: Element, elements: Elements) -> Iterator[Fact]:
    """What the entry of a Bundle says about its resource."""
    if elements.objects(entry, "modifierExtension"):
        yield "Bundle.entry.modifierExtension", ANY
    if method := elements.text(elements.object(entry, "request"), "method"):
        yield "Bundle.entry.request.method", method.upper()


def patient_facts(entry: Element, elements: Elements) -> Iterator[Fact]:
    """What the search and the Patient itself say about whether it counts."""
    if mode := elements.text(elements.object(entry, "search"), "mode"):
        yield "Bundle.entry.search.mode", mode.lower()
    resource = elements.object(entry, "resource")
    yield from _states(resource, elements)
    for link in elements.objects(resource, "link"):
        yield "Patient.link.type", elements.text(link, "type").lower()
        yield from _extensions(link, elements)
    yield from _labels(elements.object(resource, "meta"), elements)
    if elements.text(resource, "implicitRules"):
        yield "Patient.implicitRules", ANY
    yield from _extensions(resource, elements)


def _states(resource: Element, elements: Elements) -> Iterator[Fact]:
    for key in ("active", "deceasedBoolean"):
        value = resource.get(key)
        if isinstance(value, bool):
            yield f"Patient.{key}", "true" if value else "false"
        elif value is not None:
            elements.error("", f"{key} is not true or false")
        elif withholds(resource, key):
            elements.refuse_hidden("", key)
    if elements.text(resource, "deceasedDateTime"):
        yield "Patient.deceasedDateTime", ANY
    for reason in absent_reasons(resource.get("_deceasedDateTime")):
        yield "Patient._deceasedDateTime", reason


def _extensions(element: Element, elements: Elements) -> Iterator[Fact]:
    if elements.objects(element, "modifierExtension"):
        yield "Patient.modifierExtension", ANY
    for extension in elements.objects(element, "extension"):
        if isinstance(url := extension.get("url"), str):
            yield "Patient.extension", url


def _labels(meta: Element, elements: Elements) -> Iterator[Fact]:
    """The labels of the table, each of the code system that defines it or, as tools write them, of none."""
    for key in ("tag", "security"):
        for coding in elements.objects(meta, key):
            code, system = coding.get("code"), coding.get("system") or ""
            own = _REASON if code == "HTEST" else _OBSERVATION
            if isinstance(code, str) and isinstance(system, str) and (not system or own in system):
                yield "Patient.meta", code


def contained_patients(resource: Element) -> int:
    """How many patients a resource contains, who are none of their own."""
    parts = resource.get("contained")
    found = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return sum(part.get("resourceType") == "Patient" for part in found)
