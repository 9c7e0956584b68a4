"""The schema of a cohort as kardia.yaml declares it."""

from typing import Any, Final

from kardia_ctl.config.cohorts.cohort import Format, OnBadRow
from kardia_ctl.config.cohorts.dates import DAY_FORM
from kardia_ctl.config.cohorts.identifier_choice import choice_schema
from kardia_ctl.kinds import patient
from kardia_ctl.kinds.formats import choice, mapping, text

DEFAULTS: Final = ("email", "firstname", "lastname", "sex", "codes", "ignore_changes", "mobile_user")
"""The attributes that a cohort may set for all of its patients."""

OVERRIDABLE: Final = tuple(
    name for name in patient.ANY_SCHEMA["properties"] if name not in ("mrn", "mobile_user")
)
"""The attributes that a cohort may set for one of its patients."""


def cohort_schema() -> dict[str, Any]:
    """The schema of one cohort."""
    of_patient = patient.ANY_SCHEMA["properties"]
    shared = {name: of_patient[name] for name in DEFAULTS}
    return mapping(
        "Patients from a file, one in each row. An empty cell declares nothing.",
        {
            "source": text("The file, relative to this file, e.g. cohorts/spring.csv."),
            "format": choice("The file's format. By default, its extension decides.", *Format),
            "columns": mapping(
                "Which column (or JSON key) holds which attribute, e.g. {mrn: Record No}. By default, the "
                "column with the attribute's name.",
                {name: text(f"The header of the column that holds {name}.") for name in patient.ANY_COLUMN}
                | {"dob": _birth_date()},
            ),
            "delimiter": text(
                "The delimiter of a CSV file: one character, or tab. By default auto: as the header shows.",
                pattern=r'^(auto|tab|[^A-Za-z0-9"\s])$',
            ),
            "encoding": text(
                "The encoding of a CSV, TSV or NDJSON file, e.g. cp1252 or utf-16. By default UTF-8."
            ),
            "values": mapping(
                "What cells of a column mean, e.g. {sex: {m: male, w: female}}; others stay as they are.",
                {name: _meanings(name) for name in patient.ANY_COLUMN},
            ),
            "sheet": text("The sheet of the workbook. By default, the first that is visible."),
            "identifier": choice_schema(),
            "defaults": mapping("Values for every patient whose cell is empty or missing.", shared),
            "constants": mapping("Values for every patient, whatever the file contains.", shared),
            "overrides": {
                "description": "Values for single patients, by mrn, in place of what the file says of them.",
                "type": "object",
                "additionalProperties": mapping(
                    "Values for this patient alone.", {name: of_patient[name] for name in OVERRIDABLE}
                ),
            },
            "on_bad_row": choice(
                "What happens at a bad row: fail (the default) refuses the run; quarantine writes the row to "
                "NAME.rejected.csv beside the file and continues with the other rows.",
                *OnBadRow,
            ),
        },
        "source",
    )


def _meanings(name: str) -> dict[str, Any]:
    """The schema of what the cells of one column mean."""
    return {
        "description": f"The value that each of these cells of {name} stands for, in any case.",
        "type": "object",
        "additionalProperties": text(f"The value of {name} that the cell stands for."),
    }


def _birth_date() -> dict[str, Any]:
    header = text("The header of the column that holds dob, or {column: its header, format: DD.MM.YYYY}.")
    notation = "The notation of the column's dates, e.g. DD.MM.YYYY, M/D/YYYY or DD-MMM-YYYY."
    return {
        **header,
        "type": [*header["type"], "object"],
        "properties": {
            "column": text("The header of the column that holds dob."),
            "format": text(notation, pattern=DAY_FORM),
        },
        "required": ["format"],
        "additionalProperties": False,
    }
