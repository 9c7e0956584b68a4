"""Invented FHIR patients, Bundles, and what becomes of them."""

import json
from typing import Any, Final

import pytest

from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading

SYSTEM: Final = "https://clinic.example.com/mrn"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def patient(mrn: str = "P-1", **change: Any) -> dict[str, Any]:
    """A patient with a name, an address and a gender."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": mrn}],
        "name": [{"use": "official", "family": "Fernquist", "given": ["Ottoline", "Mae"]}],
        "birthDate": "1970-02-03",
        "gender": "female",
        "telecom": [{"system": "email", "value": f"{mrn.lower()}@example.com"}],
        **change,
    }


def bundle(*entries: dict[str, Any] | None, **more: Any) -> str:
    """A Bundle with these entries."""
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries, **more})


def absent(code: str) -> dict[str, Any]:
    """What says why a value is absent."""
    return {"extension": [{"url": ABSENT, "valueCode": code}]}


def outcome(
    cohort: Loading, text: str, said: str = f"identifier: '{SYSTEM}'", name: str = "c.json"
) -> tuple[list[str], list[str], list[str]]:
    """Who is declared, the warnings, and the errors."""
    try:
        found = cohort(name, text, said)
    except ConfigurationError as error:
        return [], [], [problem.message for problem in error.problems]
    return list(found.desired.patients), list(found.warnings), []


def message(
    cohort: Loading, text: str, said: str = f"identifier: '{SYSTEM}'", name: str = "c.json", more: str = ""
) -> str:
    """The one error."""
    with pytest.raises(ConfigurationError) as caught:
        cohort(name, text, said, more)
    (problem,) = caught.value.problems
    return str(problem)
