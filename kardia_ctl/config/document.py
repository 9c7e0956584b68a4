"""One YAML file: reading, validation, and its patients, cohorts and departures."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Final

from kardia_ctl.config.cohorts.cohort import Cohort, declared_cohort
from kardia_ctl.config.cohorts.override import Override
from kardia_ctl.config.context import LoadContext, address_of
from kardia_ctl.config.interpolation import expand, substitute
from kardia_ctl.config.patient_registry import Locate, PatientRegistry, patient_of
from kardia_ctl.config.schema.messages import Finding, quoted_key
from kardia_ctl.config.schema.validator import document_validator, patient_validator
from kardia_ctl.config.source_files import YAML_LIMIT, UnusableFile, check_lines, lexical
from kardia_ctl.config.value_checks import birth_findings, odd_findings
from kardia_ctl.config.yaml.parser import read_yaml
from kardia_ctl.config.yaml.tree import Document, YamlList, YamlMapping
from kardia_ctl.kinds.mobile_user import user_of
from kardia_ctl.model.configuration import Departure, DepartureAction, MobileUser
from kardia_ctl.model.decided.departure_code import DepartureCode
from kardia_ctl.model.source import Source

_OVERRIDE: Final = re.compile(r"^cohorts\.[^.\s]+\.overrides\.[^.\s]+(\.)?")
"""How the message of a finding begins that is about one patient of a cohort."""


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed YAML file, and the paths at or below which a value is invalid."""

    document: Document
    relative: PurePosixPath
    _faulty: set[tuple[str | int, ...]] = field(default_factory=set)

    def fault(self, path: tuple[str | int, ...]) -> None:
        """Mark a path and all its parents as invalid, so that none of them is used."""
        self._faulty.update(path[:length] for length in range(len(path) + 1))

    def value(self, key: str) -> Any:
        """The value of a top-level key; None if it is missing or invalid."""
        tree = self.document.tree
        return tree.get(key) if self.is_sound(key) else None

    def is_sound(self, *path: str | int) -> bool:
        """Whether nothing is wrong at this path or below it."""
        return path not in self._faulty

    def source(self, *path: str | int) -> Source:
        """Where the value at a path begins."""
        return self.document.source(self.document.tree, *path)

    def key_source(self, *path: str | int) -> Source:
        """Where the key at a path begins."""
        return self.document.key_source(self.document.tree, *path)


def read_yaml_file(relative: PurePosixPath, context: LoadContext, *, included: bool) -> YamlFile | None:
    """Read and validate a file without its patients; None when nothing of it is usable.

    Raises:
        UnusableFile: the file cannot be read.
    """
    data_and_text = context.read(relative, YAML_LIMIT)
    document = _parsed(data_and_text, context.name(relative), context) if data_and_text else None
    if document is None:
        return None
    if document.tree == "":
        remedy = (
            "Declare patients in it, or remove it from include" if included else "Declare at least version: 1"
        )
        context.problem(Source(document.file, 1, 1), "the file is empty", remedy)
        return None
    yaml_file = YamlFile(document, relative)
    for path in substitute(document, context):
        yaml_file.fault(path)
    _check(yaml_file, context, included=included)
    return yaml_file if isinstance(document.tree, YamlMapping) else None


def _parsed(data_and_text: tuple[bytes, str], file: str, context: LoadContext) -> Document | None:
    data = data_and_text[1].encode() if data_and_text[0].startswith(b"\xef\xbb\xbf") else data_and_text[0]
    try:
        check_lines(data)
        document = read_yaml(data, file)
    except UnusableFile as error:
        context.unusable(Source(file, error.line, error.column), error)
        return None
    for repeated in document.repeated:
        first = document.key_source(repeated.mapping, repeated.key).line
        message = f"duplicate key{quoted_key(repeated.key)} (first defined on line {first})"
        context.problem(repeated.place, message, "Remove one of them")
    return document


def _check(yaml_file: YamlFile, context: LoadContext, *, included: bool) -> None:
    """Validate a file without its patients, which are validated individually."""
    document, tree = yaml_file.document, yaml_file.document.tree
    shallow = dict(tree) if isinstance(tree, YamlMapping) else tree
    if isinstance(tree, YamlMapping) and isinstance(tree.get("patients"), YamlList):
        shallow["patients"] = []
    for finding in document_validator(included=included).findings(shallow):
        yaml_file.fault(finding.path)
        place = document.key_source if finding.at_key else document.source
        mrn, message = _about(tree, finding)
        context.problem(place(tree, *finding.path), message, finding.remedy, address_of(mrn))


def _about(tree: Any, finding: Finding) -> tuple[Any, str]:
    """The mrn that a finding is about, None for none, and its message without that mrn."""
    match finding.path:
        case ("departures", index, *_):
            entry = tree["departures"][index]
            return (entry.get("mrn") if isinstance(entry, YamlMapping) else None), finding.message
        case ("cohorts", _, "overrides", mrn, *_):
            return mrn, _OVERRIDE.sub(lambda found: "" if found[1] else "this override", finding.message)
        case _:
            return None, finding.message


def enter_patients(yaml_file: YamlFile, context: LoadContext, registry: PatientRegistry) -> None:
    """Register the patients that a file lists."""
    document = yaml_file.document
    nodes = yaml_file.value("patients") or ()
    file, line = document.file, document.line
    for index, node in enumerate(nodes):
        locate = partial(document.source, node)
        if not isinstance(node, YamlMapping):
            _is_valid(yaml_file, index, context, registry)
            continue
        if "id" in node and isinstance(node["id"], str):
            node["id"] = expand(node["id"], document, ("patients", index, "id"), context)
        if _is_valid(yaml_file, index, context, registry):
            patient = patient_of(node, file, line(node))
            registry.add(patient, locate)
            for odd in odd_findings(node):
                text = f"{odd.message}. {odd.remedy}"
                context.warn(text, locate(*odd.path), address_of(patient.mrn))
            if "mobile_user" in node and (
                user := declared_user(node["mobile_user"], yaml_file, locate, context)
            ):
                registry.add_user(patient, user, locate)


def _is_valid(yaml_file: YamlFile, index: int, context: LoadContext, registry: PatientRegistry) -> bool:
    """Whether the schema accepts a patient; reports what is wrong."""
    document = yaml_file.document
    node = document.tree["patients"][index]
    errors = patient_validator(context.capabilities.dialect).findings(node)
    if isinstance(node, YamlMapping) and "${" in node.get("id", ""):  # an unset variable has been reported
        errors = [finding for finding in errors if finding.path != ("id",)]
    errors += birth_findings(node, context.latest_birth, errors)
    mrn = node.get("mrn") if isinstance(node, YamlMapping) else None
    for finding in errors:
        path = ("patients", index, *finding.path)
        place = yaml_file.key_source if finding.at_key else yaml_file.source
        context.problem(place(*path), finding.message, finding.remedy, address_of(mrn))
    if errors:
        codes = node.get("codes") if isinstance(node, YamlMapping) else None
        registry.add_faulty(mrn, codes, partial(document.source, node))
    return not errors


def declared_user(
    value: Mapping[str, Any], yaml_file: YamlFile, locate: Locate, context: LoadContext
) -> MobileUser | None:
    """A mobile user that the schema accepts; None, with a problem reported, when its file is not allowed."""
    paths = {}
    try:
        if name := value["password"].get("file"):
            paths[name] = str(lexical(yaml_file.relative.parent, name))
    except UnusableFile as error:
        context.unusable(locate("mobile_user"), error)
        return None
    return user_of(value, paths)


def cohorts(yaml_file: YamlFile, context: LoadContext) -> Iterator[Cohort]:
    """The valid cohorts that a file declares."""
    declared = yaml_file.document.tree.get("cohorts")
    for name in declared if isinstance(declared, YamlMapping) else ():
        if yaml_file.is_sound("cohorts", name):
            source = yaml_file.source("cohorts", name, "source")
            try:
                path = lexical(yaml_file.relative.parent, declared[name]["source"])
                cohort = declared_cohort(name, declared[name], path, source)
                locate = partial(yaml_file.source, "cohorts", name)
                for key in ("defaults", "constants"):
                    for odd in odd_findings(declared[name].get(key, {})):
                        context.warn(f"{odd.message}. {odd.remedy}", locate(key, *odd.path))
                shared = {**cohort.defaults, **cohort.constants}.get("mobile_user")
                user = declared_user(shared, yaml_file, locate, context) if shared else None
                yield replace(cohort, user=user, overrides=_overrides(yaml_file, name, context))
            except UnusableFile as error:
                context.unusable(source, error)


def _overrides(yaml_file: YamlFile, cohort: str, context: LoadContext) -> dict[str, Override]:
    """What a cohort declares for single patients; what the schema cannot say about it is reported."""
    path = ("cohorts", cohort, "overrides")
    declared = yaml_file.document.tree["cohorts"][cohort].get("overrides", {})
    found = {}
    for mrn, values in declared.items():
        place = partial(yaml_file.source, *path, mrn)
        for finding in birth_findings(values, context.latest_birth):
            context.problem(place(*finding.path), finding.message, finding.remedy, address_of(mrn))
        for odd in odd_findings(values):
            context.warn(f"{odd.message}. {odd.remedy}", place(*odd.path), address_of(mrn))
        found[mrn] = Override(values, yaml_file.key_source(*path, mrn), place)
    return found


def departures(yaml_files: Iterable[YamlFile]) -> Iterator[Departure]:
    """The valid departures that files declare."""
    for yaml_file in yaml_files:
        declared = yaml_file.document.tree.get("departures")
        for index, value in enumerate(declared if isinstance(declared, YamlList) else ()):
            if yaml_file.is_sound("departures", index):
                source = yaml_file.source("departures", index)
                action = DepartureAction(value["action"])
                yield Departure(
                    value["mrn"],
                    action,
                    value["reason"],
                    value.get("id", ""),
                    source,
                    export=value.get("export") == "true",
                    exported=value.get("exported", ""),
                    confirmed="confirm" in value,
                    done=value.get("done", ""),
                    code=DepartureCode(value.get("code", DepartureCode.OTHER)),
                )
