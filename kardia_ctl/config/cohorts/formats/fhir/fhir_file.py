"""Cohorts in FHIR R4 or R5: Patient resources of a Bundle, or of a bulk export (NDJSON).

What a patient declares is read from https://hl7.org/fhir/R4/patient.html: the chosen identifier is the mrn;
the official name, else the usual one, else one without a use; the e-mail address of the lowest rank;
on pro also a phone number, a mobile one before others.
``element_rules.py`` says which of these count, and which resources.

Patients who are left out, such as inactive and deceased ones, are counted in a warning: none of them may be
created, and a row that fails every run would teach people to ignore failures. Those that are managed are
forgotten, not deleted.

ISO/IEC 5218 has no code for other. It becomes 0 (not known): 9 (not applicable) is for those who have no sex,
such as companies, and the API does not document how it treats a 9. ``constants: {sex: …}`` overrides it.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.formats.blocks import ALONE, SIZE, Block, blocks, json_blocks
from kardia_ctl.config.cohorts.formats.fhir.bundle import Bundle
from kardia_ctl.config.cohorts.formats.fhir.bundle_tree import BundleEntry
from kardia_ctl.config.cohorts.formats.fhir.cells import cells
from kardia_ctl.config.cohorts.formats.fhir.element_rules import AGAIN, ELEMENT_RULES
from kardia_ctl.config.cohorts.formats.fhir.elements import Elements
from kardia_ctl.config.cohorts.formats.fhir.facts import (
    contained_patients,
    entry_facts,
    left_out,
    patient_facts,
)
from kardia_ctl.config.cohorts.formats.ndjson import lines_of, parsed
from kardia_ctl.config.cohorts.formats.table import ROW_ATTRIBUTES, BadRow, Batch, RowError, batch_of
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.source_files import InvalidContent
from kardia_ctl.kinds import patient
from kardia_ctl.model.configuration import TextForm
from kardia_ctl.model.source import Source

_PATHS: Final = {
    "mrn": "Patient.identifier",
    "dob": "Patient.birthDate",
    "email": "Patient.telecom",
    "phone": "Patient.telecom",
    "firstname": "Patient.name",
    "lastname": "Patient.name",
    "sex": "Patient.gender",
}
_BATCH: Final = 1000
_NO_RESOURCE: Final = RowError("", "this is not a FHIR resource", AGAIN)
_NOTHING: Final = dict.fromkeys(ROW_ATTRIBUTES, "")
_DELETIONS: Final = ELEMENT_RULES["Bundle.entry.request.method"]["DELETE"].what
_CONTAINED: Final = ELEMENT_RULES["Patient.contained"]["Patient"].what


class Fhir:
    """Patients of a FHIR server. In a Bundle, which often is one line, the number is that of the entry."""

    def __init__(self, cohort: Cohort, context: LoadContext) -> None:
        self._cohort = cohort
        self._context = context
        self._left_out: Counter[str] = Counter()
        self._nameless = 0
        self._courses = bytearray()
        self._has_phone = "phone" in patient.COLUMNS[context.capabilities.dialect]
        self._gives_names = any(
            name in given
            for name in ("firstname", "lastname")
            for given in (cohort.defaults, cohort.constants)
        )
        self._is_bundle = cohort.suffix not in (".ndjson", ".jsonl")
        self.file = context.name(cohort.source)

    def batches(self) -> Iterator[Batch]:
        """All patients, in the order of the file.

        Raises:
            UnusableFile: the file cannot be read.
        """
        if self._is_bundle:
            self._check_bundle()
        entries = self._entries(warns=True)
        while some := list(islice(entries, _BATCH)):
            yield batch_of([row for entry in some if (row := self._row(entry))])
        self._context.digests.add_periods(self._cohort.source.as_posix(), bytes(self._courses))
        for what, count in sorted(self._left_out.items()):
            self._context.warnings.append(f"{self.file}: {what} left out: {count:,}")
        if self._nameless:
            what = "patients without a name that counts, declared without one"
            self._context.warnings.append(f"{self.file}: {what}: {self._nameless:,}")

    def _check_bundle(self) -> None:
        """Refuse a Bundle by its type before its first entry, wherever in the file the type stands."""
        bundle = Bundle()
        try:
            for _ in bundle.entries(self._blocks()):
                if "type" in bundle.top:
                    break
        except InvalidContent:
            return  # the second reading reports it
        bundle.check()

    def _blocks(self) -> Iterator[Block]:
        chunks = self._context.chunks(self._cohort.source, SIZE)
        return json_blocks(chunks) if self._is_bundle else blocks(chunks, None, ALONE)

    def _entries(self, *, warns: bool = False) -> Iterator[BundleEntry]:
        if not self._is_bundle:
            for block in self._blocks():
                for line, text in lines_of(block):
                    resource = parsed(text)
                    yield BundleEntry(line, {"resource": resource}, is_broken=resource is None)
            return
        bundle = Bundle()
        yield from bundle.entries(self._blocks())
        bundle.check()
        if warns and bundle.has_next:
            self._context.warn("the Bundle has a next page, which is not in this file", Source(self.file, 1))
        elif warns and bundle.missing:
            message = f"the search found {bundle.missing:,} more than are in this file (total)"
            self._context.warn(message, Source(self.file, 1))

    def _row(self, entry: BundleEntry) -> tuple[int, Mapping[str, Any]] | BadRow | None:
        content = {} if entry.content is None else entry.content
        if entry.is_broken or not _is_entry(content):
            return BadRow(entry.number, (_NO_RESOURCE,))
        elements = Elements(self._context.now)
        resource = content.get("resource") or {}
        if contained := contained_patients(resource):
            self._left_out[_CONTAINED] += contained
        match resource.get("resourceType"):
            case "Patient":
                what = left_out(
                    [*entry_facts(content, elements), *patient_facts(content, elements)], elements
                )
            case "Bundle":
                return self._nested(entry.number, resource)
            case kind:
                other = "resources other than patients" if kind else "entries without a resource"
                what = left_out(entry_facts(content, elements), elements) or other
        if what:
            self._left_out[what] += 1
            return None
        return self._patient(entry.number, resource, elements)

    def _patient(
        self, number: int, resource: Mapping[str, Any], elements: Elements
    ) -> tuple[int, Mapping[str, Any]] | BadRow:
        declared = cells(resource, self._cohort.identifier, elements, has_phone=self._has_phone)
        self._courses += elements.courses
        errors = [error for error in elements.errors if error.name not in self._cohort.constants]
        if errors:
            return BadRow(number, tuple(errors), declared["mrn"])
        self._nameless += not (declared["firstname"] or declared["lastname"] or self._gives_names)
        return number, {**_NOTHING, **declared}

    def _nested(self, number: int, bundle: Mapping[str, Any]) -> BadRow | None:
        """A Bundle in a line or an entry: a bulk export lists what was deleted so."""
        elements = Elements(None)
        entries = elements.objects(bundle, "entry")
        if elements.errors or any(entry.get("resource") is not None for entry in entries):
            message = "this is a Bundle inside the file, which is not read"
            return BadRow(number, (RowError("", message, "Make it a .json file and a cohort of its own"),))
        if entries:
            self._left_out[_DELETIONS] += len(entries)
        return None

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
        wanted = (entry for entry in self._entries() if entry.number in lines)
        return ("record",), ((entry.number, (_record(entry),)) for entry in wanted)


def _is_entry(content: Any) -> bool:
    """Whether this is an entry without a resource, or with one of FHIR."""
    if not isinstance(content, dict):
        return False
    resource = content.get("resource")
    return resource is None or (isinstance(resource, dict) and isinstance(resource.get("resourceType"), str))


def _record(entry: BundleEntry) -> str:
    """The resource as text; null where it cannot be read."""
    readable = isinstance(entry.content, dict) and not entry.is_broken
    return json.dumps(entry.content.get("resource") if readable else None, ensure_ascii=False)
