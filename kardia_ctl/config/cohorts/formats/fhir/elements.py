"""The elements of a resource: null is absent, a hidden value is an error, what counts best comes first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from kardia_ctl.config.cohorts.formats.fhir.element_rules import AGAIN, ELEMENT_RULES, Effect, Rule, rule
from kardia_ctl.config.cohorts.formats.fhir.periods import Course, bounds, course
from kardia_ctl.config.cohorts.formats.table import RowError

Element = Mapping[str, Any]

_ABSENT_REASON: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_NULL_FLAVOR: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor"
_HIDDEN: Final = ELEMENT_RULES["data-absent-reason"]["masked"]
_NULL_FLAVORS: Final = {"MSK": "masked"}


@dataclass(slots=True)
class Elements:
    """Reads the elements of one resource and collects what is wrong with them.

    Attributes:
        now: The moment at which elements count, in Unix seconds; None for any.
        errors: The errors.
        courses: For each period that was read whether it counts: the configuration depends on these.
    """

    now: float | None
    errors: list[RowError] = field(default_factory=list)
    courses: bytearray = field(default_factory=bytearray)

    def error(self, name: str, message: str, remedy: str = AGAIN) -> None:
        """Add an error of an attribute; of the whole row without a name."""
        error = RowError(name, message, remedy)
        if error not in self.errors:
            self.errors.append(error)

    def has_error(self, name: str) -> bool:
        """Whether an attribute has an error already, which says more than that nothing is left of it."""
        return any(error.name == name for error in self.errors)

    def refuse(self, name: str, refused: Rule) -> None:
        """Add the error of a rule."""
        self.error(name, refused.what, refused.remedy)

    def objects(self, parent: Element, key: str, name: str = "") -> Sequence[Element]:
        """The objects of a list; null, in it or instead of it, is absent."""
        elements = parent.get(key)
        if elements is None:
            return ()
        if isinstance(elements, list):
            objects = [element for element in elements if element is not None]
            if all(isinstance(element, dict) for element in objects):
                return objects
        self.error(name, f"{key} is not a list of objects")
        return ()

    def object(self, parent: Element, key: str, name: str = "") -> Element:
        """An object; empty when it is absent."""
        element = parent.get(key)
        if element is None or isinstance(element, dict):
            return element or {}
        self.error(name, f"{key} is not an object")
        return {}

    def text(self, parent: Element, key: str, name: str = "") -> str:
        """A text; empty when it is absent or an error. Blanks alone are a value, which its row refuses."""
        value = parent.get(key)
        if withholds(parent, key):
            self.refuse_hidden(name, key)
        elif isinstance(value, str):
            return value
        elif value is not None:
            self.error(name, f"{key} is not a string")
        return ""

    def refuse_hidden(self, name: str, what: str) -> None:
        """Add the error of a value that the export withholds."""
        self.error(name, f"{what} is hidden in the export", _HIDDEN.remedy)

    def counting(self, elements: Iterable[Element], path: str, name: str) -> list[Element]:
        """Those of some elements that count now, the preferred first: by use, then who began last."""
        found = []
        for element in elements:
            by_use = rule(f"{path}.use", self.text(element, "use", name).lower())
            if by_use.effect is Effect.REFUSED:
                self.refuse(name, by_use)
            elif by_use.effect is Effect.COUNTS and (began := self._began(element, name)) is not None:
                found.append((by_use.order, -began, element))
        return [element for _, _, element in sorted(found, key=lambda each: each[:2])]

    def _began(self, element: Element, name: str) -> float | None:
        """When the period of an element began, -inf when unknown; None when it does not count now."""
        if element.get("period") is None:
            return -inf
        period = self.object(element, "period", name)
        start, end = self.text(period, "start", name), self.text(period, "end", name)
        if not start and not end:
            return -inf
        try:
            began = bounds(start)[0] if start else -inf
            counts = course(start, end, self.now or 0) is Course.WITHIN or self.now is None
        except ValueError:
            self.error(name, "a period has a start or an end that is not a date")
            return None
        self.courses.append(counts)
        return began if counts else None


def absent_reasons(element: Any) -> Iterator[str]:
    """The codes by which an element, or the sibling ``_key`` of a value, says why there is no value."""
    yield from extension_codes(element, _ABSENT_REASON)
    for flavor in extension_codes(element, _NULL_FLAVOR):
        yield _NULL_FLAVORS.get(flavor, "unknown")


def extension_codes(element: Any, url: str) -> Iterator[str]:
    """The codes of an element's extensions with a URL; none of what is no element."""
    extensions = element.get("extension") if isinstance(element, dict) else None
    for extension in extensions if isinstance(extensions, list) else ():
        if isinstance(extension, dict) and extension.get("url") == url:
            code = extension.get("valueCode")
            if isinstance(code, str):
                yield code


def is_hidden(element: Element, key: str) -> bool:
    """Whether an element, or its value, is there and withheld."""
    return ("extension" in element and any(map(_hides, absent_reasons(element)))) or withholds(element, key)


def withholds(element: Element, key: str) -> bool:
    """Whether the sibling of a value says that the value is withheld."""
    sibling = element.get(f"_{key}")
    return sibling is not None and any(map(_hides, absent_reasons(sibling)))


def _hides(reason: str) -> bool:
    return rule("data-absent-reason", reason).effect is Effect.REFUSED
