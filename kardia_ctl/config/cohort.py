"""Cohorts: patients from a CSV file, by the hundred thousand."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any, Final

from kardia_ctl.config.files import CSV_LIMIT
from kardia_ctl.config.reading import Reading, address_of
from kardia_ctl.config.register import Register, are_plain_codes, faults, patient_of
from kardia_ctl.config.schema import COLUMNS
from kardia_ctl.config.wording import near
from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.patient import UNSET, DesiredPatient
from kardia_ctl.model.source import Source

_REQUIRED: Final = tuple(kind.SCHEMA["required"])
_WIDEST: Final = 1000
_PICKED: Final = ("mrn", "dob", "email", "firstname", "lastname", "sex", "id", "codes")


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort as declared. ``columns`` maps attributes to headers, ``delimiter`` is the character."""

    name: str
    source: PurePosixPath
    columns: Mapping[str, str]
    delimiter: str
    defaults: Mapping[str, Any]
    declared: Source


def read_cohort(cohort: Cohort, reading: Reading, register: Register) -> None:
    """Enter every row of a cohort's file.

    Raises:
        Unreadable: the file cannot be had at all.
    """
    found = reading.read(cohort.source, CSV_LIMIT)
    if found is None:
        return
    table = _Table(found[1], cohort.delimiter, reading.name(cohort.source), reading)
    rows = table.rows()
    header = next(rows, (1, []))[1]
    if not 0 < len(header) <= _WIDEST:
        message = "the header has too many columns" if header else "the file has no header row"
        reading.problem(Source(table.file, 1, 1), message, "Name the columns in line 1")
    elif indices := _columns(header, cohort, table):
        _Rows(cohort, table, indices, register).enter(rows, len(header))


class _Table:
    """A CSV file's text as rows with their lines, and the place of every cell."""

    def __init__(self, text: str, delimiter: str, file: str, reading: Reading) -> None:
        self._text = text
        self._delimiter = delimiter
        self.file = file
        self.reading = reading

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Every row and the line it begins in. What the format does not allow ends the file."""
        reader = csv.reader(StringIO(self._text, newline=""), delimiter=self._delimiter, strict=True)
        line = 1
        try:
            for row in reader:
                yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            message, remedy = _quoting(str(error))
            self.reading.problem(Source(self.file, line, 1), message, remedy)

    @cached_property
    def _lines(self) -> list[str]:
        return list(StringIO(self._text, newline=""))

    def cell(self, line: int, index: int) -> Source:
        """Where a cell of the row that begins in this line begins."""
        text = self._lines[line - 1]
        is_quoted, cells = False, 0
        for column, character in enumerate(text, start=1):
            if cells == index:
                return Source(self.file, line, column)
            is_quoted ^= character == '"'
            cells += character == self._delimiter and not is_quoted
        return Source(self.file, line, len(text.rstrip("\r\n")) + 1 if cells == index else 1)


def _quoting(error: str) -> tuple[str, str]:
    if "end of data" in error:
        return "a quote is opened here and never closed", 'Close it, or write a quote itself as ""'
    if "expected after" in error:
        return "something follows a closing quote", 'Write a quote inside a quoted cell as ""'
    return "a cell is too long to be right", "Look for an open quote"


def _columns(header: Sequence[str], cohort: Cohort, table: _Table) -> Mapping[str, int]:
    """Which column gives which attribute; nothing when that is not certain."""
    problems_before = len(table.reading.problems)
    top = Source(table.file, 1, 1)
    for index, name in enumerate(header):
        if name and (first := header.index(name)) != index:
            message = f"columns {first + 1} and {index + 1} have the same header"
            table.reading.problem(table.cell(1, index), message, "Rename one")
    indices = {}
    for name in COLUMNS:
        wanted = cohort.columns.get(name, name)
        if wanted in header:
            indices[name] = header.index(wanted)
        elif name in cohort.columns or (name in _REQUIRED and name not in cohort.defaults):
            table.reading.problem(top, *_no_column(name, wanted, header))
    return indices if len(table.reading.problems) == problems_before else {}


def _no_column(name: str, wanted: str, header: Sequence[str]) -> tuple[str, str]:
    message = f'no column is called "{wanted}"' + ("" if wanted == name else f", which should give {name}")
    meant = near(wanted, header)
    if meant:
        return f'{message}: did you mean "{meant}"?', ""
    return message, f"Say which column gives it: columns: {{{name}: its header}}"


class _Rows:
    """Turns rows into patients: the plain ones at once, the others through the schema."""

    def __init__(self, cohort: Cohort, table: _Table, indices: Mapping[str, int], register: Register) -> None:
        self._cohort = cohort
        self._table = table
        self._indices = indices
        self._register = register
        default = cohort.defaults.get
        self._email, self._first, self._last, self._sex = (
            default(name, UNSET) for name in ("email", "firstname", "lastname", "sex")
        )
        self._ignored = tuple(default("ignore_changes", ()))
        self._codes: dict[str, tuple[str, ...]] = {"": tuple(default("codes", ()))}
        shared: dict[str, str] = {}
        self._once = shared.setdefault  # days and names repeat; a million copies would cost 200 MB
        self._line = 1

    def enter(self, rows: Iterator[tuple[int, list[str]]], width: int) -> None:
        """Enter all rows that follow the header, which has ``width`` cells."""
        # A row gets one empty cell at its end, which stands for every column that the file does not have.
        pick = itemgetter(*(self._indices.get(name, width) for name in _PICKED))
        plain, add, here = self._plain, self._register.add, self._here
        for self._line, row in rows:
            if len(row) != width:
                if row:
                    self._ragged(len(row), width)
                continue
            row.append("")
            picked = pick(row)
            patient = plain(*picked) or self._checked(picked)
            if patient:
                add(patient, here)

    def _plain(
        self, mrn: str, dob: str, email: str, first: str, last: str, sex: str, pin: str, codes: str
    ) -> DesiredPatient | None:
        email, first, last = email or self._email, first or self._first, last or self._last
        sex = sex or self._sex
        names = self._codes.get(codes)
        if names is None:
            names = self._codes.setdefault(codes, _names(codes))
        if not (are_plain_codes(names) and kind.plainly_valid(mrn, dob, email, first, last, sex, pin)):
            return None
        once = self._once
        return DesiredPatient(
            mrn,
            once(dob, dob),
            email,
            once(first, first),
            once(last, last),
            kind.SEX_DIGITS[sex],
            names,
            self._ignored,
            pin,
            self._table.file,
            self._line,
            self._cohort.name,
        )

    def _checked(self, picked: Sequence[str]) -> DesiredPatient | None:
        """A row by the schema, which says what is wrong with it."""
        values = {
            **self._cohort.defaults,
            **{name: cell for name, cell in zip(_PICKED, picked, strict=True) if cell},
        }
        if isinstance(codes := values.get("codes"), str):
            values["codes"] = list(_names(codes))
        found = faults(values)
        if not found:
            return patient_of(values, self._table.file, self._line, self._cohort.name)
        mrn = values.get("mrn")
        for finding in found:
            name = str(finding.path[0]) if finding.path else finding.message.removesuffix(" is missing")
            header = self._cohort.columns.get(name, name)
            message = finding.message if header == name else f'{finding.message} (column "{header}")'
            self._table.reading.problem(self._here(name), message, finding.remedy, address_of(mrn))
        self._register.add_faulty(mrn, values.get("codes"), self._here)
        return None

    def _here(self, name: str, *_index: int) -> Source:
        """Where an attribute of the present row is."""
        if name in self._indices:
            return self._table.cell(self._line, self._indices[name])
        return Source(self._table.file, self._line, 1)

    def _ragged(self, cells: int, width: int) -> None:
        message = f"the row has {cells} cells where the header has {width}"
        remedy = "Add or remove delimiters, or quote the cell that holds one"
        self._table.reading.problem(Source(self._table.file, self._line, 1), message, remedy)


def _names(codes: str) -> tuple[str, ...]:
    """The template names in a cell."""
    return tuple(name.strip() for name in codes.split(";"))
