"""A cohort as kardia.yaml declares it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, Final

from kardia_ctl.config.cohorts.dates import DayForm
from kardia_ctl.config.source_files import UnusableFile
from kardia_ctl.model.configuration import MobileUser
from kardia_ctl.model.source import Source


class Format(StrEnum):
    """How a cohort's file is written."""

    CSV = "csv"
    TSV = "tsv"
    NDJSON = "ndjson"
    XLSX = "xlsx"
    FHIR = "fhir"


_ENDINGS: Final[Mapping[str, Format]] = {
    ".csv": Format.CSV,
    ".txt": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".xlsx": Format.XLSX,
    ".json": Format.FHIR,
}


class OnBadRow(StrEnum):
    """What a row that cannot be used does: it fails the run, or is set aside while the others proceed."""

    FAIL = "fail"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort as declared.

    Attributes:
        name: Its name.
        source: Its file, relative to the configuration's directory.
        declared: Where the file is named.
        columns: The header (or key) that gives each attribute, where it is not the attribute's own name.
        days: How the birth dates are written; None for YYYY-MM-DD.
        delimiter: What stands between two cells of CSV.
        defaults: What holds where a cell is empty or missing.
        constants: What holds for everybody.
        format: How the file is written; None when its name tells.
        sheet: The sheet of a workbook; empty for the first.
        identifier: The system of the FHIR identifier that is the mrn.
        on_bad_row: What a row that cannot be used does.
        said: The keys that were written.
        user: The mobile user of every patient.
    """

    name: str
    source: PurePosixPath
    declared: Source
    columns: Mapping[str, str] = field(default_factory=dict)
    days: DayForm | None = None
    delimiter: str = ","
    defaults: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    format: Format | None = None
    sheet: str = ""
    identifier: str = ""
    on_bad_row: OnBadRow = OnBadRow.FAIL
    said: frozenset[str] = frozenset()
    user: MobileUser | None = None

    @property
    def form(self) -> Format:
        """How the file is written: as declared, else as the ending of its name says.

        Raises:
            UnusableFile: neither tells.
        """
        found = self.format or _ENDINGS.get(self.source.suffix.lower())
        if found is None:
            message = f"the ending of the file's name does not tell its format{_ending(self.source)}"
            raise UnusableFile(message, f"Say format: {', '.join(Format)}")
        return found

    def header(self, name: str) -> str:
        """The header or key that gives an attribute."""
        return self.columns.get(name, name)


def _ending(source: PurePosixPath) -> str:
    return " (.xls is Excel's old format: save it as .xlsx)" if source.suffix.lower() == ".xls" else ""


def declared_cohort(name: str, value: Mapping[str, Any], source: PurePosixPath, declared: Source) -> Cohort:
    """A cohort from what the schema found right."""
    written = value.get("columns", {})
    dob = written.get("dob")
    days = DayForm(dob["format"]) if isinstance(dob, Mapping) and "format" in dob else None
    columns = {
        attribute: column if isinstance(column, str) else column.get("column", attribute)
        for attribute, column in written.items()
    }
    return Cohort(
        name,
        source,
        declared,
        columns,
        days,
        DELIMITERS.get(delimiter := value.get("delimiter", ","), delimiter),
        value.get("defaults", {}),
        value.get("constants", {}),
        Format(value["format"]) if "format" in value else None,
        value.get("sheet", ""),
        value.get("identifier", ""),
        OnBadRow(value.get("on_bad_row", OnBadRow.FAIL)),
        frozenset(value),
    )


_FORMATS_OF: Final[Mapping[str, frozenset[Format]]] = {
    "delimiter": frozenset({Format.CSV}),
    "sheet": frozenset({Format.XLSX}),
    "identifier": frozenset({Format.FHIR}),
    "columns": frozenset(Format) - {Format.FHIR},
}
"""What can be said of which formats."""


def check(cohort: Cohort) -> None:
    """Refuse what does not go together.

    Raises:
        UnusableFile: and says what.
    """
    for name in cohort.constants:
        if name in cohort.columns:
            raise UnusableFile(f"{name} is in columns and in constants", "Take it out of one of them")
        if name in cohort.defaults:
            raise UnusableFile(f"{name} is in defaults and in constants", "Take it out of one of them")
    for key, forms in _FORMATS_OF.items():
        if key in cohort.said and cohort.form not in forms:
            raise UnusableFile(f"{key} does not go with the format {cohort.form}", f"Take {key} out")
    if cohort.form is Format.FHIR and not cohort.identifier:
        remedy = "Say identifier: the system of the identifier, e.g. https://clinic.example.com/mrn"
        raise UnusableFile("the format fhir needs to know which identifier is the mrn", remedy)
    if cohort.on_bad_row is OnBadRow.QUARANTINE and not _FILE_NAME.fullmatch(cohort.name):
        message = "the cohort's name cannot be that of the file for rows that are set aside"
        raise UnusableFile(message, "Use letters, digits, dots, dashes and underscores")


_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

DELIMITERS: Final[Mapping[str, str]] = {"tab": "\t"}
