"""Turns rows into patients: a whole batch while it is valid, otherwise row by row through the schema."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any, Final, TypeVar

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.dates import DayForm
from kardia_ctl.config.cohorts.formats.table import BadRow, Batch, Table
from kardia_ctl.config.context import address_of
from kardia_ctl.config.patient_registry import PatientRegistry, are_plain_codes, patient_of
from kardia_ctl.config.schema.messages import Finding
from kardia_ctl.config.schema.validator import BrokenRules, patient_validator
from kardia_ctl.kinds import patient as kind
from kardia_ctl.kinds.formats import MAX_LENGTH, are_date_texts, are_emails
from kardia_ctl.model.configuration import Dialect
from kardia_ctl.model.patient import UNSET, DesiredPatient

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
        self._ignored = tuple(fill.get("ignore_changes", ()))

    def enter(self, batch: Batch) -> None:
        """Enter all rows of a batch."""
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
        mrns, pins = cells("mrn", ()), _known(self._pins, cells("id"), _texts)
        codes = _known(self._codes, cells("codes"), _code_lists)
        columns: tuple[Iterable[Any] | None, ...] = (
            mrns if _are_mrns(mrns, printable=batch.printable) else None,
            _known(self._days, cells("dob", ()), self._day_texts),
            self._addresses(cells("email") or [""] * len(batch.lines)),
            _known(self._first, cells("firstname"), _texts),
            _known(self._last, cells("lastname"), _texts),
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
        return cells if are_emails(cells) else None

    def _sex_digits(self, cells: Sequence[str] | None) -> Iterable[str] | None:
        # The interpreter has one text for each digit anyway.
        if cells is not None and _DIGITS.issuperset(cells):
            return cells
        return _known(self._sexes, cells, _sexes)

    def _day_texts(self, cells: Sequence[str]) -> Sequence[str | None]:
        if self._cohort.days is not None:
            return list(map(self._cohort.days.iso, cells))
        return cells if are_date_texts(cells) else (None,)

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
        if self._cohort.days is not None and (written := values.get("dob")):
            day = self._cohort.days.iso(written)
            values["dob"] = day or "2000-01-01"  # reported below, with its notation
            errors += [] if day else [_wrong_notation(self._cohort.days)]
        if isinstance(codes := values.get("codes"), str):
            values["codes"] = list(_names(codes))
        values.pop("mobile_user", None)  # it is the cohort's, and was validated there
        errors += row_findings(values, self._registry.context.capabilities.dialect)
        if not errors:
            patient = patient_of(values, self._table.file, line, self._cohort.name)
            self._registry.add(patient, self._locate(line))
            self._add_user(patient)
            return
        mrn = values.get("mrn")
        for finding in errors:
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
        label = self._table.label(name) if name else ""
        text = f"{message} ({label})" if label else message
        self._registry.context.row_problem(self._table.place(line, name), text, remedy, address_of(mrn))


_MOST_COMBINATIONS: Final = 1 << 12

_findings: dict[tuple[Dialect, tuple[str, ...], BrokenRules], Sequence[Finding]] = {}


def row_findings(values: Mapping[str, Any], dialect: Dialect = Dialect.V1) -> Sequence[Finding]:
    """Everything that is wrong with a row's values, by the schema.

    A finding depends on which attributes exist and which rules they break, never on a value. So
    jsonschema words each such combination once: a file with a million wrong rows takes seconds.
    """
    validator = patient_validator(dialect)
    if validator.accepts(values):
        return ()
    if (rules := validator.broken_rules(values)) is None:
        return validator.findings(values)
    combination = dialect, tuple(values), rules
    cached = _findings.get(combination)
    if cached is None:
        cached = validator.findings(values)
        if len(_findings) < _MOST_COMBINATIONS:
            _findings[combination] = cached
    return cached


def _are_mrns(cells: Sequence[str], *, printable: bool) -> bool:
    lengths = set(map(len, cells))
    return 0 not in lengths and max(lengths) <= MAX_LENGTH and (printable or "".join(cells).isprintable())


def _wrong_notation(days: DayForm) -> Finding:
    message = f"dob is not a valid {days.notation} date"
    return Finding(("dob",), message, "Correct the cell, or the format declared for the column")


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


def _texts(cells: Sequence[str]) -> Sequence[str | None]:
    right = min(map(len, cells)) > 0 and max(map(len, cells)) <= MAX_LENGTH and "".join(cells).isprintable()
    return cells if right else (None,)


def _sexes(cells: Sequence[str]) -> Sequence[str | None]:
    return list(map(kind.SEX_DIGITS.get, cells))


def _code_lists(cells: Sequence[str]) -> Sequence[tuple[str, ...] | None]:
    lists = list(map(_names, cells))
    return lists if all(map(are_plain_codes, lists)) else (None,)


def _names(cell: str) -> tuple[str, ...]:
    """The template names in a cell."""
    return tuple(name.strip() for name in cell.split(";"))
