"""Turns rows into patients: a whole batch while it is valid, otherwise row by row through the schema."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Any, Final, TypeVar

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.dates import without_midnight
from kardia_ctl.config.cohorts.formats.table import BadRow, Batch, Table, without_headers
from kardia_ctl.config.cohorts.meanings import Meanings, advised, read_day, sex_of
from kardia_ctl.config.cohorts.row_findings import row_findings
from kardia_ctl.config.context import address_of
from kardia_ctl.config.patient_registry import PatientRegistry, patient_of
from kardia_ctl.config.template_names import are_plain_codes
from kardia_ctl.config.value_checks import birth_findings, odd_findings
from kardia_ctl.kinds import patient as kind
from kardia_ctl.kinds.formats import MAX_LENGTH
from kardia_ctl.kinds.texts.births import are_date_texts, are_usual_births
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import are_sound
from kardia_ctl.model.configuration import Dialect
from kardia_ctl.model.patient import UNSET, DesiredPatient
from kardia_ctl.model.source import Source

_MOST_KNOWN: Final = 1 << 17
"""How many cells of an attribute are remembered; a million patients have some 40,000 birth dates."""

_DIGITS: Final = frozenset(kind.SEXES.values())

Known = TypeVar("Known")


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

    def enter(self, batch: Batch) -> None:
        """Enter all rows of a batch."""
        headers = {name: self._cohort.header(name) for name in batch.columns}
        batch = self._meanings.applied(without_headers(batch, headers))
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

    def _plain(self, batch: Batch) -> list[DesiredPatient] | None:
        """The patients of a batch whose rows are all certainly valid; None otherwise.

        Checks whole columns: one check of two thousand cells costs a tenth of two thousand
        checks.
        """
        cells = batch.columns.get
        mrns, pins = cells("mrn", ()), _known(self._pins, cells("id"), _identifiers)
        codes = _known(self._codes, cells("codes"), _code_lists)
        columns: tuple[Iterable[Any] | None, ...] = (
            mrns if max(map(len, mrns)) <= MAX_LENGTH and are_sound(TextFormat.IDENTIFIER, mrns) else None,
            _known(self._days, cells("dob", ()), self._day_texts),
            self._addresses(cells("email") or [""] * len(batch.lines)),
            _known(self._first, cells("firstname"), _names_of),
            _known(self._last, cells("lastname"), _names_of),
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
        return _known(self._sexes, cells, _sexes)

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

    def _locate(self, line: int) -> Callable[..., Any]:
        return partial(self._place, line)

    def _place(self, line: int, name: str, *_index: int) -> Any:
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
            values["codes"] = list(_names(codes))
        values.pop("mobile_user", None)  # it is the cohort's, and was validated there
        context = self._registry.context
        errors += row_findings(values, context.capabilities.dialect)
        errors += birth_findings(values, context.latest_birth, errors)
        if not errors:
            patient = patient_of(values, self._table.file, line, self._cohort.name)
            self._registry.add(patient, self._locate(line))
            self._add_user(patient)
            declared = {name: value for name, value in values.items() if cells.get(name)}
            for odd in odd_findings(declared):
                place, text = self._worded(line, str(odd.path[0]), odd.message)
                context.warn(f"{text}. {odd.remedy}", place, address_of(patient.mrn))
            return
        mrn = values.get("mrn")
        for finding in (advised(error, self._cohort.days) for error in errors):
            name = str(finding.path[0]) if finding.path else finding.message.removesuffix(" is missing")
            self._report(line, name, finding.message, finding.remedy, mrn)
        self._registry.add_faulty(mrn, values.get("codes"), self._locate(line))

    def _add_user(self, patient: DesiredPatient) -> None:
        if self._cohort.user:
            self._registry.add_user(patient, self._cohort.user, self._locate(patient.line))

    def _enter_bad_row(self, row: BadRow) -> None:
        for error in row.errors:
            self._report(row.line, error.name, error.message, error.remedy, row.mrn)
        self._registry.add_faulty(row.mrn, None, self._locate(row.line))

    def _report(self, line: int, name: str, message: str, remedy: str, mrn: Any) -> None:
        place, text = self._worded(line, name, message)
        self._registry.context.row_problem(place, text, remedy, address_of(mrn))

    def _worded(self, line: int, name: str, message: str) -> tuple[Source, str]:
        """Where an attribute is, and a message with the file's name for it."""
        label = self._table.label(name) if name else ""
        return self._table.place(line, name), f"{message} ({label})" if label else message


def _known(
    known: dict[str, Known],
    cells: Sequence[str] | None,
    read: Callable[[Sequence[str]], Sequence[Known | None]],
) -> Iterable[Known] | None:
    """The value of each cell; None when ``read``, which is called with the new cells only, refuses one.

    Without such a column, every cell counts as empty.
    """
    if cells is None:
        return repeat(known[""])
    values = list(map(known.get, cells))
    if None not in values:
        return values  # type: ignore[return-value]
    new = list(set(cells).difference(known))
    read_new = read(new)
    if None in read_new:
        return None
    fresh: dict[str, Known] = dict(zip(new, read_new, strict=True))  # type: ignore[arg-type]
    if len(known) < _MOST_KNOWN:
        known.update(fresh)
        return list(map(known.__getitem__, cells))
    return [fresh[cell] if text is None else text for cell, text in zip(cells, values, strict=True)]


def _sound(form: TextFormat, cells: Sequence[str]) -> Sequence[str | None]:
    return cells if max(map(len, cells)) <= MAX_LENGTH and are_sound(form, cells) else (None,)


_names_of = partial(_sound, TextFormat.NAME)
_identifiers = partial(_sound, TextFormat.IDENTIFIER)


def _sexes(cells: Sequence[str]) -> Sequence[str | None]:
    return list(map(sex_of, cells))


def _code_lists(cells: Sequence[str]) -> Sequence[tuple[str, ...] | None]:
    lists = list(map(_names, cells))
    return lists if all(map(are_plain_codes, lists)) else (None,)


def _names(cell: str) -> tuple[str, ...]:
    """The template names in a cell."""
    return tuple(name.strip() for name in cell.split(";"))
