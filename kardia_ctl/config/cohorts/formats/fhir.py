"""Cohorts in FHIR R4: Patient resources of a Bundle, or of a bulk export (NDJSON).

What a patient declares is read from https://hl7.org/fhir/R4/patient.html: the identifier of the named system
is the mrn; the official name, else the usual one, else one without a use; the e-mail address of the lowest
rank. Elements marked as old are ignored.

Inactive and deceased patients are left out and counted in a warning: neither may be created, and a row that
fails every run would teach people to ignore failures. Those that are managed are forgotten, not deleted.

ISO/IEC 5218 has no code for other. It becomes 0 (not known): 9 (not applicable) is for those who have no sex,
such as companies, and the API does not document how it treats a 9. ``constants: {sex: …}`` overrides it.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.formats.blocks import SIZE, blocks
from kardia_ctl.config.cohorts.formats.fhir_bundle import entries
from kardia_ctl.config.cohorts.formats.ndjson import lines_of, parsed
from kardia_ctl.config.cohorts.formats.table import ROW_ATTRIBUTES, BadRow, Batch, RowError, batch_of
from kardia_ctl.config.context import LoadContext
from kardia_ctl.model.configuration import TextForm
from kardia_ctl.model.source import Source

_SEXES: Final = {"male": "1", "female": "2", "other": "0", "unknown": "0"}
"""http://hl7.org/fhir/administrative-gender → ISO/IEC 5218."""

_PATHS: Final = {
    "mrn": "Patient.identifier",
    "dob": "Patient.birthDate",
    "email": "Patient.telecom",
    "firstname": "Patient.name",
    "lastname": "Patient.name",
    "sex": "Patient.gender",
}
_NAME_USES: Final = ("official", "usual", None)
_BATCH: Final = 1000


class Fhir:
    """Patients of a FHIR server. In a Bundle, which often is one line, the number is that of the entry."""

    def __init__(self, cohort: Cohort, context: LoadContext) -> None:
        self._cohort = cohort
        self._context = context
        self._left_out: Counter[str] = Counter()
        self._is_bundle = cohort.source.suffix.lower() not in (".ndjson", ".jsonl")
        self.file = context.name(cohort.source)

    def batches(self) -> Iterator[Batch]:
        """All patients, in the order of the file.

        Raises:
            UnusableFile: the file cannot be read.
        """
        resources = self._resources()
        while resource_batch := list(islice(resources, _BATCH)):
            rows = [row for number, value in resource_batch if (row := self._row(number, value))]
            yield batch_of(rows)
        for what, count in sorted(self._left_out.items()):
            self._context.warnings.append(f"{self.file}: {what} left out: {count:,}")

    def _resources(self) -> Iterator[tuple[int, Any]]:
        stream = blocks(self._context.chunks(self._cohort.source, SIZE))
        if not self._is_bundle:
            return ((line, parsed(text)) for block in stream for line, text in lines_of(block))
        return entries(stream, self._paged)

    def _paged(self) -> None:
        self._context.warn("the Bundle has a next page, which is not in this file", Source(self.file, 1))

    def _row(self, number: int, resource: Any) -> tuple[int, Mapping[str, str]] | BadRow | None:
        if not isinstance(resource, dict) or not isinstance(kind := resource.get("resourceType"), str):
            return BadRow(number, (RowError("", "this is not a FHIR resource", "Export the patients again"),))
        if kind != "Patient":
            self._left_out["resources other than patients"] += 1
            return None
        if reason := _absent(resource):
            self._left_out[reason] += 1
            return None
        try:
            return number, {**_NOTHING, **cells(resource, self._cohort.identifier)}
        except _InvalidPatient as error:
            return BadRow(number, error.errors, error.mrn)

    def place(self, line: int, _name: str) -> Source:
        """The line, or the number of the entry."""
        return Source(self.file, line)

    def label(self, name: str) -> str:
        """The element, and for a Bundle that the number is an entry's."""
        path = _PATHS.get(name, name)
        return f"entry, {path}" if self._is_bundle else path

    @property
    def form(self) -> TextForm:
        """As CSV usually is: this file is none."""
        return TextForm()

    def originals(self, lines: Collection[int]) -> tuple[Sequence[str], Iterator[tuple[int, Sequence[str]]]]:
        """The resources, from a second reading of the file."""
        wanted = ((number, value) for number, value in self._resources() if number in lines)
        return ("record",), ((number, (json.dumps(value, ensure_ascii=False),)) for number, value in wanted)


_NOTHING: Final = dict.fromkeys(ROW_ATTRIBUTES, "")


class _InvalidPatient(Exception):  # noqa: N818  (named by what the patient is)
    """A patient whose elements violate FHIR, with the mrn as far as it could be read."""

    def __init__(self, errors: Sequence[RowError], mrn: str) -> None:
        super().__init__()
        self.errors = tuple(errors)
        self.mrn = mrn


def _absent(resource: Mapping[str, Any]) -> str:
    """Why a patient is not to be created; empty when there is no reason."""
    if resource.get("active") is False:
        return "inactive patients"
    deceased = resource.get("deceasedBoolean", False)
    is_dead = deceased not in (False, None) or resource.get("deceasedDateTime") is not None
    return "deceased patients" if is_dead else ""


def cells(resource: Mapping[str, Any], system: str) -> dict[str, str]:
    """The values of a Patient resource as cells.

    Raises:
        _InvalidPatient: an element violates FHIR, or a required value is missing or ambiguous.
    """
    errors: list[RowError] = []
    if not isinstance(resource.get("active"), bool | None):
        errors.append(RowError("", "active is not true or false", "Export the patients again"))
    mrn = _mrn(resource, system, errors)
    dob = _text(resource, "birthDate", "dob", errors)
    if len(dob) in (4, 7) and dob[:4].isdecimal():
        message = "the birth date is a year, or a year and a month, without a day"
        errors.append(
            RowError("dob", message, "Complete it in the source system: a patient needs a full date")
        )
    name = _name(resource, errors)
    gender = _text(resource, "gender", "sex", errors)
    if gender not in _SEXES and gender:
        errors.append(
            RowError("sex", "gender is not male, female, other or unknown", "Correct it in the source system")
        )
    values = {
        "mrn": mrn,
        "dob": dob,
        "email": _email(resource, errors),
        "firstname": name[0],
        "lastname": name[1],
        "sex": _SEXES.get(gender, ""),
    }
    if errors:
        raise _InvalidPatient(errors, mrn)
    return values


def _mrn(resource: Mapping[str, Any], system: str, errors: list[RowError]) -> str:
    values = [
        value
        for element in _objects(resource, "identifier", "mrn", errors)
        if element.get("system") == system and element.get("use") != "old" and (value := element.get("value"))
    ]
    if not all(isinstance(value, str) for value in values):
        errors.append(RowError("mrn", "the identifier's value is not a string", "Export the patients again"))
        return ""
    if len(set(values)) == 1:
        return str(values[0])
    message = "identifiers have the system" if values else "identifier has the system"
    remedy = "Compare identifier: in kardia.yaml with the export"
    errors.append(RowError("mrn", f"{len(set(values)) or 'no'} {message} that gives the mrn", remedy))
    return ""


def _name(resource: Mapping[str, Any], errors: list[RowError]) -> tuple[str, str]:
    names = _objects(resource, "name", "lastname", errors)
    for use in _NAME_USES:
        for name in names:
            if name.get("use") == use:
                given = name.get("given") or []
                if isinstance(given, list) and all(isinstance(part, str) for part in given):
                    return " ".join(given), _text(name, "family", "lastname", errors)
                errors.append(
                    RowError("firstname", "given is not a list of strings", "Export the patients again")
                )
                return "", ""
    return "", ""


def _email(resource: Mapping[str, Any], errors: list[RowError]) -> str:
    addresses = [
        element
        for element in _objects(resource, "telecom", "email", errors)
        if element.get("system") == "email" and element.get("use") != "old" and element.get("value")
    ]
    ranked = sorted(
        addresses, key=lambda element: rank if isinstance(rank := element.get("rank"), int) else 1 << 31
    )
    return _text(ranked[0], "value", "email", errors) if ranked else ""


def _objects(
    resource: Mapping[str, Any], element: str, name: str, errors: list[RowError]
) -> Sequence[Mapping[str, Any]]:
    elements = resource.get(element) or []
    if isinstance(elements, list) and all(isinstance(part, dict) for part in elements):
        return elements
    errors.append(RowError(name, f"{element} is not a list of objects", "Export the patients again"))
    return ()


def _text(element: Mapping[str, Any], key: str, name: str, errors: list[RowError]) -> str:
    value = element.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    errors.append(RowError(name, f"{key} is not a string", "Export the patients again"))
    return ""
