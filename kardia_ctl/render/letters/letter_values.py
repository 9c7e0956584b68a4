"""The values of a letter, by the names that a template uses, and the table for a mail merge."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from kardia_ctl.model.patient import UNSET, DesiredPatient
from kardia_ctl.render.files.csv import csv_text

BOM: Final = "\ufeff"
"""Without it Excel does not read UTF-8."""

_OF_PATIENT: Final = ("mrn", "firstname", "lastname", "email", "phone", "dob", "sex", "cohort")
_OF_CODE: Final = ("code", "template", "issued")
NAMES: Final = frozenset({*_OF_PATIENT, *_OF_CODE, "codes", "password"})
"""What a template may name. What a patient does not have is undefined there."""

COLUMNS: Final = ("mrn", "firstname", "lastname", "email", "cohort", "code", "template", "issued", "password")
"""The columns of the table: a row for each code, and one for a password."""


class CannotPrint(Exception):  # noqa: N818  (it names what happened)
    """A letter cannot be printed; ``line`` of its text counts from 1. Holds no value of a patient."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message, self.line = message, line


class Issued(Protocol):
    """A code of a letter."""

    @property
    def code(self) -> str:
        """The code."""

    @property
    def template(self) -> str:
        """The template's name in the YAML."""

    @property
    def issued(self) -> str:
        """When it was issued, as the file of codes has it."""


class LetterContent(Protocol):
    """What a letter says."""

    @property
    def patient(self) -> DesiredPatient:
        """Whom it is for."""

    @property
    def codes(self) -> Sequence[Issued]:
        """The patient's codes."""

    @property
    def password(self) -> str:
        """The password of the patient's user; empty without one."""


def letter_values(facts: LetterContent) -> Mapping[str, Any]:
    """The values by their names. ``code``, ``template`` and ``issued`` are those of the only code."""
    values: dict[str, Any] = {
        name: value for name in _OF_PATIENT if (value := getattr(facts.patient, name)) != UNSET
    }
    values["codes"] = [{name: getattr(code, name) for name in _OF_CODE} for code in facts.codes]
    if len(facts.codes) == 1:
        values |= values["codes"][0]
    if facts.password:
        values["password"] = facts.password
    return values


def letter_table(letters: Iterable[LetterContent], delimiter: str, *, has_mark: bool) -> str:
    """The names beside the codes, as CSV in which no spreadsheet finds a formula."""
    rows = (row for facts in letters for row in _rows(facts))
    return BOM * has_mark + csv_text([COLUMNS, *rows], delimiter, "\r\n" if has_mark else "\n")


def _rows(facts: LetterContent) -> Iterable[Sequence[str]]:
    patient = [getattr(facts.patient, name) for name in COLUMNS[:5]]
    for code in facts.codes:
        yield [*patient, code.code, code.template, code.issued, ""]
    if facts.password:
        yield [*patient, "", "", "", facts.password]
