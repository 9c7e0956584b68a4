"""The part of the JSON Schema that declares a cohort."""

from collections.abc import Mapping
from typing import Any, Final

from kardia_ctl.config.cohorts.cohort import Format, OnBadRow
from kardia_ctl.config.cohorts.dates import DAY_FORM
from kardia_ctl.kinds import patient
from kardia_ctl.kinds.formats import choice, text

COLUMNS: Final = (*patient.TEXTS, "codes")
"""What a column may give."""

DEFAULTS: Final = ("email", "firstname", "lastname", "sex", "codes", "ignore_changes", "mobile_user")
"""What a cohort may say for all of its patients at once."""


def cohort_schema() -> dict[str, Any]:
    """The schema of one cohort."""
    of_patient = patient.ANY_SCHEMA["properties"]
    shared = {name: of_patient[name] for name in DEFAULTS}
    return _mapping(
        "Patients from a file with a row for each. An empty cell declares nothing.",
        {
            "source": text("The file, relative to this file, e.g. cohorts/spring.csv."),
            "format": choice("How the file is written; the ending of its name tells if left out.", *Format),
            "columns": _mapping(
                "Which column (or JSON key) gives which attribute, e.g. {mrn: Record No}. Others: by the "
                "attribute's name.",
                {name: text(f"The header of the column that gives {name}.") for name in COLUMNS}
                | {"dob": _birth_date()},
            ),
            "delimiter": text(
                "What stands between two cells of CSV: one character, or tab; a comma if left out.",
                pattern=r'^(tab|[^A-Za-z0-9"\s])$',
            ),
            "sheet": text("The sheet of the workbook; the first if left out."),
            "identifier": text(
                "The system of the FHIR identifier that is the mrn, e.g. https://clinic.example.com/mrn.",
                pattern=r"^\S+$",
            ),
            "defaults": _mapping("What holds for every patient whose cell is empty or missing.", shared),
            "constants": _mapping("What holds for every patient, whatever the file says.", shared),
            "on_bad_row": choice(
                "What a row does that cannot be used: fail (the run; if left out), or quarantine (it is set "
                "aside into NAME.rejected.csv beside the file, and the others proceed).",
                *OnBadRow,
            ),
        },
        "source",
    )


def _birth_date() -> dict[str, Any]:
    header = text("The header of the column that gives dob, or {column: its header, format: DD.MM.YYYY}.")
    notation = "How the column's dates are written, e.g. DD.MM.YYYY, M/D/YYYY or DD-MMM-YYYY."
    return {
        **header,
        "type": [*header["type"], "object"],
        "properties": {
            "column": text("The header of the column that gives dob."),
            "format": text(notation, pattern=DAY_FORM),
        },
        "required": ["format"],
        "additionalProperties": False,
    }


def _mapping(description: str, properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "properties": dict(properties),
        **({"required": list(required)} if required else {}),
        "additionalProperties": False,
    }
