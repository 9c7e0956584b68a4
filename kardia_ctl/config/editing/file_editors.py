"""One editor for each format whose files can be edited byte for byte."""

import re
from collections.abc import Collection
from typing import Final, Protocol

from kardia_ctl.config.cohorts.cohort import Cohort, Format
from kardia_ctl.config.cohorts.formats.csv import Delimited
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.editing.delimited_values import cell_at, cell_edit, cell_text
from kardia_ctl.config.editing.encoded_text import EncodedText, NotEditable, TextEdit
from kardia_ctl.config.editing.json_values import json_edit, json_value, members_at
from kardia_ctl.config.editing.live_values import LiveValue
from kardia_ctl.config.editing.spellings import cell_spelling, yaml_spelling
from kardia_ctl.config.editing.yaml_values import YamlValues
from kardia_ctl.csv_guard import guarded, unguarded
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.source import Source

_REFERENCE: Final = re.compile(r"\$\{")
_DOLLARS: Final = re.compile(r"\$[${]")


class FileEditor(Protocol):
    """Finds the values of one file, and makes the edit of one."""

    text: EncodedText

    def edit(self, value: LiveValue, source: Source) -> TextEdit:
        """The edit that takes a value into the file.

        ``source`` is the line in which its patient begins; with a column, where the value itself stands.

        Raises:
            NotEditable: the file does not have this value for this address alone.
        """
        ...


class YamlEditor:
    """Edits a YAML file."""

    def __init__(self, data: bytes, name: str) -> None:
        self.text = EncodedText.of(data)
        self._values = YamlValues(self.text, name)

    def edit(self, value: LiveValue, source: Source) -> TextEdit:
        """The edit of a scalar in a patient's entry, or of the scalar at a place with a column."""
        new = value.written
        if value.address.kind is Kind.PATIENT:
            scalar = (
                self._values.at(source)
                if source.column
                else self._values.of_patient(value.address.names[0], value.attribute)
            )
            new = yaml_spelling(value.attribute, new, scalar.text)
            return self._values.edit(scalar, new, is_number=value.attribute == "sex" and new.isdecimal())
        scalar = self._values.at(source)
        if _REFERENCE.search(scalar.text):
            message = f"the declared {value.attribute} has ${{…}} in it, which the environment fills"
            raise NotEditable(message, "Change the variable, or write the value there by hand")
        return self._values.edit(scalar, new.replace("$", "$$") if _DOLLARS.search(new) else new)


class DelimitedEditor:
    """Edits a CSV or TSV file. ``lines`` are those in which the rows to edit begin."""

    def __init__(self, data: bytes, cohort: Cohort, context: LoadContext, lines: Collection[int]) -> None:
        self.text = EncodedText.of(data, cohort.encoding)
        self._cohort = cohort
        self._shape = Delimited(cohort, context, is_tsv=cohort.form is Format.TSV).shape()
        self._begins = self.text.line_begins(lines)

    def edit(self, value: LiveValue, source: Source) -> TextEdit:
        """The edit of a cell in a patient's row."""
        index = self._shape.indices.get(value.attribute)
        if index is None:
            raise _of_many(self._cohort, value.attribute)
        text, delimiter = self.text.text, self._shape.delimiter
        place = cell_at(text, self._begins[source.line], index, delimiter)
        old = cell_text(text[place[0] : place[1]])
        new = cell_spelling(value, unguarded(old) if self._shape.is_guarded else old, self._cohort)
        if not self.text.can_encode(new):
            message = f"the live {value.attribute} has a character that the file's encoding does not have"
            raise NotEditable(message, "Save the file as UTF-8, and remove encoding from the cohort")
        return cell_edit(text, place, guarded(new) if self._shape.is_guarded else new, delimiter)


class NdjsonEditor:
    """Edits a file with a JSON object on each line. ``lines`` are those of the patients to edit."""

    def __init__(self, data: bytes, cohort: Cohort, lines: Collection[int]) -> None:
        self.text = EncodedText.of(data, cohort.encoding)
        self._cohort = cohort
        self._begins = self.text.line_begins(lines)

    def edit(self, value: LiveValue, source: Source) -> TextEdit:
        """The edit of a member of a patient's object."""
        place = members_at(self.text.text, self._begins[source.line]).get(
            self._cohort.header(value.attribute)
        )
        if place is None or value.attribute in self._cohort.constants:
            raise _of_many(self._cohort, value.attribute)
        old = json_value(self.text.text, place)
        return json_edit(self.text, place, cell_spelling(value, str(old or ""), self._cohort))


def _of_many(cohort: Cohort, attribute: str) -> NotEditable:
    """Why a value that stands for many patients is not edited for one."""
    where = "constants" if attribute in cohort.constants else "defaults"
    message = f"{attribute} stands in the {where} of the cohort {cohort.name}, for many patients"
    return NotEditable(message, f"Set {attribute} for this patient alone, under overrides of the cohort")


def cohort_editor(data: bytes, cohort: Cohort, context: LoadContext, lines: Collection[int]) -> FileEditor:
    """The editor of a cohort's file.

    Raises:
        NotEditable: its format cannot be edited byte for byte.
    """
    match cohort.form:
        case Format.CSV | Format.TSV:
            return DelimitedEditor(data, cohort, context, lines)
        case Format.NDJSON:
            return NdjsonEditor(data, cohort, lines)
        case Format.XLSX | Format.FHIR:
            raise NotEditable(*_NOT_TEXT[cohort.form])


_NOT_TEXT: Final = {
    Format.XLSX: (
        "a workbook cannot be edited byte for byte",
        "Correct the cell in the spreadsheet, or set the value under overrides of the cohort",
    ),
    Format.FHIR: (
        "a FHIR export belongs to the system that wrote it",
        "Correct the patient there and export again, or set the value under overrides of the cohort",
    ),
}
