"""A cohort as kardia.yaml declares it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, Final

from kardia_ctl.config.cohorts.dates import DayForm
from kardia_ctl.config.cohorts.identifier_choice import IdentifierChoice, declared_choice
from kardia_ctl.config.cohorts.override import Override
from kardia_ctl.config.encodings import is_text_encoding
from kardia_ctl.config.encryption.plain_texts import plain_name
from kardia_ctl.config.source_files import UnusableFile
from kardia_ctl.kinds import patient
from kardia_ctl.model.configuration import Dialect, MobileUser
from kardia_ctl.model.source import Source


class Format(StrEnum):
    """The format of a cohort's file."""

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
    """What a bad row does: it fails the run, or is quarantined while the other rows proceed."""

    FAIL = "fail"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort as declared.

    Attributes:
        name: Its name.
        source: Its file, relative to the configuration's directory.
        declared: Where the file is named.
        columns: The header (or key) of each attribute, where it differs from the attribute's name.
        days: The notation of the birth dates; None for YYYY-MM-DD.
        delimiter: The delimiter of a CSV file; empty when its header shows it.
        encoding: The encoding of a text file; empty for UTF-8.
        values: By attribute, what the cells of its column mean.
        defaults: Values for empty or missing cells.
        constants: Values for every patient.
        format: The file's format; None when its extension decides.
        sheet: The sheet of a workbook; empty for the first.
        identifier: The FHIR identifier that holds the mrn.
        on_bad_row: What a bad row does.
        keys: The keys that are declared.
        user: The mobile user of every patient.
        overrides: By mrn, the values of single patients.
    """

    name: str
    source: PurePosixPath
    declared: Source
    columns: Mapping[str, str] = field(default_factory=dict)
    days: DayForm | None = None
    delimiter: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    format: Format | None = None
    sheet: str = ""
    identifier: IdentifierChoice = field(default_factory=IdentifierChoice)
    on_bad_row: OnBadRow = OnBadRow.FAIL
    keys: frozenset[str] = frozenset()
    user: MobileUser | None = None
    encoding: str = ""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """The ending of its file's name, in small letters; of an encrypted file, the one before ``.age``."""
        return plain_name(self.source).suffix.lower()

    @property
    def form(self) -> Format:
        """The file's format: as declared, else by its extension.

        Raises:
            UnusableFile: the format is unknown.
        """
        declared_format = self.format or _ENDINGS.get(self.suffix)
        if declared_format is None:
            message = f"the file's extension does not say its format{_ending(self.suffix)}"
            raise UnusableFile(message, f"Set format to one of {', '.join(Format)}")
        return declared_format

    def header(self, name: str) -> str:
        """The header or key of an attribute."""
        return self.columns.get(name, name)


def _ending(suffix: str) -> str:
    return " (.xls is Excel's old format: save it as .xlsx)" if suffix == ".xls" else ""


def declared_cohort(name: str, value: Mapping[str, Any], source: PurePosixPath, declared: Source) -> Cohort:
    """A cohort from a value that the schema accepts."""
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
        DELIMITERS.get(delimiter := value.get("delimiter", "auto"), delimiter),
        value.get("defaults", {}),
        value.get("constants", {}),
        Format(value["format"]) if "format" in value else None,
        value.get("sheet", ""),
        declared_choice(value.get("identifier", "")),
        OnBadRow(value.get("on_bad_row", OnBadRow.FAIL)),
        frozenset(value),
        encoding=value.get("encoding", ""),
        values=value.get("values", {}),
    )


_FORMATS_OF: Final[Mapping[str, frozenset[Format]]] = {
    "delimiter": frozenset({Format.CSV}),
    "encoding": frozenset({Format.CSV, Format.TSV, Format.NDJSON}),
    "sheet": frozenset({Format.XLSX}),
    "identifier": frozenset({Format.FHIR}),
    "columns": frozenset(Format) - {Format.FHIR},
}
"""The formats that each key applies to."""


def check(cohort: Cohort, dialect: Dialect) -> None:
    """Refuse keys that contradict each other, or the dialect.

    Raises:
        UnusableFile: two keys contradict each other, one is missing, or one cannot be obeyed.
    """
    _check_attributes(cohort, dialect)
    if cohort.encoding and not is_text_encoding(cohort.encoding):
        remedy = "Write one that Python knows, e.g. cp1252, iso-8859-1, mac-roman or utf-16"
        raise UnusableFile("encoding is not the name of an encoding of text", remedy)
    for key, forms in _FORMATS_OF.items():
        if key in cohort.keys and cohort.form not in forms:
            raise UnusableFile(f"{key} does not apply to the format {cohort.form}", f"Remove {key}")
    if cohort.form is Format.FHIR and not cohort.identifier:
        remedy = "Set identifier: the system of the identifier, e.g. https://clinic.example.com/mrn"
        raise UnusableFile("the format fhir needs identifier, to find the mrn", remedy)
    if cohort.on_bad_row is OnBadRow.QUARANTINE and not _FILE_NAME.fullmatch(cohort.name):
        message = "the cohort's name cannot be used for its file of quarantined rows"
        raise UnusableFile(message, "Use letters, digits, dots, dashes and underscores")


def _check_attributes(cohort: Cohort, dialect: Dialect) -> None:
    for name in (*cohort.columns, *cohort.values):
        if name not in patient.COLUMNS[dialect]:
            others = [other for other in Dialect if name in patient.COLUMNS[other]]
            remedy = f"Remove {name} from this cohort, or declare api: {{dialect: {others[0]}}}"
            raise UnusableFile(f"a patient of the {dialect} API has no {name}", remedy)
    for name in cohort.constants:
        if name in cohort.columns:
            raise UnusableFile(f"{name} is in columns and in constants", "Remove it from one of them")
        if name in cohort.defaults:
            raise UnusableFile(f"{name} is in defaults and in constants", "Remove it from one of them")


_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

DELIMITERS: Final[Mapping[str, str]] = {"tab": "\t", "auto": ""}
