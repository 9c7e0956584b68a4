"""Which FHIR identifier holds the mrn, as a cohort declares it: by its system, its type, or both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kardia_ctl.kinds.formats import text


@dataclass(frozen=True, slots=True)
class IdentifierChoice:
    """The identifier that holds the mrn; an empty field chooses any.

    Attributes:
        system: Its namespace, e.g. https://clinic.example.com/mrn.
        type: A code of its type, e.g. MR (https://terminology.hl7.org/CodeSystem-v2-0203.html).
    """

    system: str = ""
    type: str = ""

    def __bool__(self) -> bool:
        """Whether anything is declared."""
        return bool(self.system or self.type)

    @property
    def words(self) -> str:
        """What the identifier must have."""
        return " and ".join(filter(None, ("the system" * bool(self.system), "the type" * bool(self.type))))


def declared_choice(value: str | Mapping[str, str]) -> IdentifierChoice:
    """A choice from a value that the schema accepts; a text is the system."""
    return IdentifierChoice(value) if isinstance(value, str) else IdentifierChoice(**value)


def choice_schema() -> dict[str, Any]:
    """The schema of a choice."""
    system = text(
        "The system of the FHIR identifier that holds the mrn, e.g. https://clinic.example.com/mrn, or "
        "{system: …, type: MR}, or {type: MR}.",
        pattern=r"^\S+$",
    )
    return {
        **system,
        "type": [*system["type"], "object"],
        "properties": {
            "system": text("The system of the identifier.", pattern=r"^\S+$"),
            "type": text("A code of the identifier's type, e.g. MR.", pattern=r"^\S+$"),
        },
        "additionalProperties": False,
    }
