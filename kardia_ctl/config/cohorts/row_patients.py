"""Turns rows into patients: a whole batch while it is valid, otherwise row by row through the schema."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Any, Final

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.dates import without_midnight
from kardia_ctl.config.cohorts.formats.table import BadRow, Batch, Table, without_headers
from kardia_ctl.config.cohorts.known_cells import (
    code_lists,
    identifiers,
    known_values,
    person_names,
    sexes,
    template_names,
)
from kardia_ctl.config.cohorts.meanings import Meanings, advised, read_day, sex_of
from kardia_ctl.config.cohorts.override import Override
from kardia_ctl.config.cohorts.overrides import Overrides
from kardia_ctl.config.cohorts.row_findings import row_findings
from kardia_ctl.config.context import address_of
from kardia_ctl.config.patient_registry import PatientRegistry, patient_of
from kardia_ctl.config.value_checks import birth_findings, odd_findings
from kardia_ctl.kinds import patient as kind
from kardia_ctl.kinds.formats import MAX_LENGTH
from kardia_ctl.kinds.texts.births import are_date_texts, are_usual_births
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import are_sound
from kardia_ctl.model.configuration import Dialect
from kardia_ctl.model.patient import UNSET, DesiredPatient
from kardia_ctl.model.source import Source

_DIGITS: Final = frozenset(kind.SEXES.values())


class Rows:
    """Enters the batches of one cohort."""

    def __init__(self, cohort: Cohort, table: Table, registry: PatientRegistry) -> None:
        self._cohort = cohort
        self._table = table
        self._registry = registry
        self._fill = fill = {**cohort.defaults, **cohort.constants}
        # Each valid cell with the one text object that all patients share for it: days and names
        # repeat, and a million copies would cost 200 MB.
        self._days: dict[str, str] = {}
        self._first: dict[str, str] = {"": fill.get("firstname", UNSET)}
        self._last: dict[str, str] = {"": fill.get("lastname", UNSET)}
        self._sexes = {**kind.SEX_DIGITS, "": kind.SEX_DIGITS[fill.get("sex", UNSET)]}
        self._codes: dict[str, tuple[str, ...]] = {"": tuple(fill.get("codes", ()))}
        self._pins = {"": UNSET}
        self._by_v1 = registry.context.capabilities.dialect is Dialect.V1  # columns are checked by its rules
        self._meanings = Meanings(cohort.values)
        self._ignored = tuple(fill.get("ignore_changes", ()))
        self._overrides = Overrides(cohort.overrides)

    def enter(self, batch: Batch) -> None:
        """Enter all rows of a batch."""
        headers = {name: self._cohort.header(name) for name in batch.columns}
        batch = self._meanings.applied(without_headers(batch, headers))
        if self._overrides:
            batch, overridden = self._overrides.split(batch)
            for line, cells in overridden:
                self._enter_row(line, cells)
        if batch.lines:
            patients = self._plain(batch) if self._by_v1 else None
            if patients is None:
                for index, line in enumerate(batch.lines):
                    self._enter_row(line, {name: cells[index] for name, cells in batch.columns.items()})
            else:
                mrns, pinned = batch.columns["mrn"], "id" in batch.columns
                self._registry.add_all(mrns, patients, self._locate, pinned=pinned)
                for patient in patients if self._cohort.user else ():
                    self._add_user(patient)
        for row in batch.bad_rows:
            self._enter_bad_row(row)

    def end(self) -> None:
        """Report what is declared for patients of whom the file has no row."""
        self._overrides.report_unused(self._registry.context)

    def _plain(self, batch: Batch) -> list[DesiredPatient] | None:
        """The patients of a batch whose rows are all certainly valid; None otherwise.

        Checks whole columns: one check of two thousand cells costs a tenth of two thousand
        checks.
        """
        cells = batch.columns.get
        mrns, pins = cells("mrn", ()), known_values(self._pins, cells("id"), identifiers)
        codes = known_values(self._codes, cells("codes"), code_lists)
        columns: tuple[Iterable[Any] | None, ...] = (
            mrns if max(map(len, mrns)) <= MAX_LENGTH and are_sound(TextFormat.IDENTIFIER, mrns) else None,
            known_values(self._days, cells("dob", ()), self._day_texts),
            self._addresses(cells("email") or [""] * len(batch.lines)),
            known_values(self._first, cells("firstname"), person_names),
            known_values(self._last, cells("lastname"), person_names),
            self._sex_digits(cells("sex")),
            codes,
            repeat(self._ignored),
            pins,
            repeat(self._table.file),
            batch.lines,
            repeat(self._cohort.name),
        )
        if None in columns:
            return None
        return list(map(DesiredPatient, *columns))  # type: ignore[arg-type]

    def _addresses(self, cells: Sequence[str]) -> Sequence[str] | None:
        default = self._fill.get("email", UNSET)
        if default:
            cells = [cell or default for cell in cells]
        right = max(map(len, cells)) <= MAX_LENGTH and are_sound(TextFormat.EMAIL, cells)
        return cells if right else None

    def _sex_digits(self, cells: Sequence[str] | None) -> Iterable[str] | None:
        # The interpreter has one text for each digit anyway.
        if cells is not None and _DIGITS.issuperset(cells):
            return cells
        return known_values(self._sexes, cells, sexes)

    def _day_texts(self, cells: Sequence[str]) -> Sequence[str | None]:
        if self._cohort.days is not None:
            days = [self._cohort.days.iso(without_midnight(cell)) for cell in cells]
            if None in days:
                return (None,)
            cells = days  # type: ignore[assignment]
        elif not are_date_texts(cells):
            cells = list(map(without_midnight, cells))
            if not are_date_texts(cells):
                return (None,)
        return cells if are_usual_births(cells, self._registry.context.latest_birth) else (None,)

    def _locate(self, line: int, override: Override | None = None) -> Callable[..., Any]:
        return partial(self._place, line, override)

    def _place(self, line: int, override: Override | None, name: str, *index: int) -> Any:
        if override is not None and name in override.values:
            return override.place(name, *index)
        return self._table.place(line, name)

    def _enter_row(self, line: int, cells: dict[str, str]) -> None:
        """Validate a row with the schema, and register it or report what is wrong with it."""
        values: dict[str, Any] = {
            **self._cohort.defaults,
            **{name: cell for name, cell in cells.items() if cell},
            **self._cohort.constants,
        }
        errors = []
        if written := values.get("dob"):
            values["dob"], fault = read_day(written, self._cohort.days)
            errors += [fault] if fault else []
        if sex := values.get("sex"):
            values["sex"] = sex_of(sex) or sex
        if isinstance(codes := values.get("codes"), str):
            values["codes"] = list(template_names(codes))
        override = self._overrides.of(values.get("mrn"))
        if override is not None:  # it is written as in a patient, not as in the file
            values.update(override.values)
            errors = [error for error in errors if error.path[0] not in override.values]
        values.pop("mobile_user", None)  # it is the cohort's, and was validated there
        context = self._registry.context
        errors += row_findings(values, context.capabilities.dialect)
        if override is None or "dob" not in override.values:  # else it was checked where it is declared
            errors += birth_findings(values, context.latest_birth, errors)
        if not errors:
            patient = patient_of(values, self._table.file, line, self._cohort.name)
            self._registry.add(patient, self._locate(line, override))
            self._add_user(patient, override)
            overridden = () if override is None else override.values
            declared = {
                name: value for name, value in values.items() if cells.get(name) and name not in overridden
            }
            for odd in odd_findings(declared):
                place, text = self._worded(line, str(odd.path[0]), odd.message)
                context.warn(f"{text}. {odd.remedy}", place, address_of(patient.mrn))
            return
        mrn = values.get("mrn")
        for finding in (advised(error, self._cohort.days) for error in errors):
            name = str(finding.path[0]) if finding.path else finding.message.removesuffix(" is missing")
            self._report(line, name, finding.message, finding.remedy, mrn, override)
        self._registry.add_faulty(mrn, values.get("codes"), self._locate(line, override))

    def _add_user(self, patient: DesiredPatient, override: Override | None = None) -> None:
        if self._cohort.user:
            self._registry.add_user(patient, self._cohort.user, self._locate(patient.line, override))

    def _enter_bad_row(self, row: BadRow) -> None:
        self._overrides.of(row.mrn)
        for error in row.errors:
            self._report(row.line, error.name, error.message, error.remedy, row.mrn)
        self._registry.add_faulty(row.mrn, None, self._locate(row.line))

    def _report(
        self,
        line: int,
        name: str,
        message: str,
        remedy: str,
        mrn: Any,
        override: Override | None = None,
    ) -> None:
        if override is not None and name in override.values:
            self._registry.context.row_problem(override.place(name), message, remedy, address_of(mrn))
            return
        place, text = self._worded(line, name, message)
        self._registry.context.row_problem(place, text, remedy, address_of(mrn))

    def _worded(self, line: int, name: str, message: str) -> tuple[Source, str]:
        """Where an attribute is, and a message with the file's name for it."""
        label = self._table.label(name) if name else ""
        return self._table.place(line, name), f"{message} ({label})" if label else message
