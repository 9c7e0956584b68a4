"""Loads a configuration from a path, or reports everything that is wrong with it."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from kardia_ctl.config import sections
from kardia_ctl.config.cohorts.cohort import Cohort, OnBadRow, check
from kardia_ctl.config.cohorts.formats.table import Table
from kardia_ctl.config.cohorts.quarantine import quarantined_patients, quarantined_rows
from kardia_ctl.config.cohorts.row_patients import Rows
from kardia_ctl.config.cohorts.table_of import table_of
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.document import YamlFile, cohorts, departures, enter_patients, read_yaml_file
from kardia_ctl.config.encryption.plain_texts import PlainTexts, Unlocking
from kardia_ctl.config.entries.decision_entries import decisions
from kardia_ctl.config.entries.departure_checks import check_departures
from kardia_ctl.config.entries.moved_entries import moved
from kardia_ctl.config.patient_registry import PatientRegistry
from kardia_ctl.config.source_files import InvalidContent, UnusableFile, lexical, matches
from kardia_ctl.instant import Instant
from kardia_ctl.kinds.texts.births import latest_birth
from kardia_ctl.model.configuration import Configuration, Desired, MobileUser
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.model.source import Problem, Source

FILE = "kardia.yaml"


def load(
    path: Path,
    environ: Mapping[str, str],
    now: Instant | None = None,
    edited: Mapping[str, bytes] = MappingProxyType({}),
    unlocking: Unlocking | None = None,
) -> Configuration:
    """Read a configuration: a file, or the kardia.yaml of a directory, and all files that it names.

    File names in sources begin with ``path`` as given. ``environ`` supplies the values of ``${VAR}``. ``now``
    bounds the birth dates, and decides which periods of a FHIR export have ended; None for no bound.
    ``edited`` has, by its path from the configuration's directory, what is read in place of a file.
    ``unlocking`` opens encrypted files; None when there is no identity.

    Raises:
        ConfigurationError: with every problem of all files, in the order of files, lines and columns.
    """
    main, texts = main_file(path), PlainTexts(unlocking)
    context = LoadContext(main.parent.resolve(), main.parent, environ, edited=edited, texts=texts)
    return load_in(context, PurePosixPath(main.name), now)


def load_in(context: LoadContext, main: PurePosixPath, now: Instant | None) -> Configuration:
    """Read the file ``main`` and what it names, in a new context. ``now`` and errors as for ``load``."""
    if now is not None:
        context.latest_birth, context.now = latest_birth(now.day), now.wall
    with collector_paused():
        configuration = _load(main, context)
    context.check_unchanged()
    if configuration is None or context.problems:
        raise ConfigurationError(context.all_problems(), context.sorted_warnings())
    return replace(
        configuration,
        digest=context.digests.total(),
        parts=context.digests.parts(),
        warnings=context.sorted_warnings(),
        sources=context.files(),
        plain_people=context.plain_people(),
    )


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector: the trees have no cycles, and searching for them would double the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def main_file(path: Path) -> Path:
    """The file that a path names, or the kardia.yaml of a directory. Raises ``ConfigurationError``."""
    try:
        main = path / FILE if path.is_dir() else path
        if main.is_file():
            return (
                main.resolve() if main.is_symlink() else main
            )  # a link is its target: paths, state and keys
        message = f"no {FILE} in this directory" if main is not path else "no such file"
        other = main.with_suffix(".yml")
        remedy = f"Rename {other.name} to {FILE}" if other.is_file() else "Create one with kardia-ctl init"
    except (OSError, ValueError):
        message, remedy = "the path cannot be used", "Give a file, or a directory that contains kardia.yaml"
    raise ConfigurationError([Problem(Source(str(path), 1), message, remedy)])


def _load(main: PurePosixPath, context: LoadContext) -> Configuration | None:
    here = Source(context.name(main), 1, 1)
    try:
        context.begin(main, here)
        yaml_file = read_yaml_file(main, context, included=False)
    except UnusableFile as error:
        context.unusable(here, error)
        return None
    if yaml_file is None:
        return None
    context.capabilities = sections.capabilities(yaml_file)
    yaml_files = [yaml_file, *included_files(yaml_file, context)]
    templates = sections.templates(yaml_file)
    registry = PatientRegistry(context, templates)
    tables = _enter(yaml_files, context, registry)
    leaving = tuple(departures(yaml_files))
    check_departures(leaving, registry)
    corrected = moved(yaml_files, context, registry, leaving)
    decided = decisions(yaml_files, context, templates)
    quarantined, without_mrn = quarantined_patients(context)
    registry.remove_quarantined()
    sections.check_dialect(yaml_file, templates, leaving, context)
    others = sections.settings(yaml_file, context)
    sections.check_state(yaml_file, context)
    sections.check_recipients(yaml_file, context)
    sealed = bool(yaml_file.value("recipients"))
    quarantines = quarantined_rows(tables, context, sealed=sealed)
    if context.problems:
        return None
    desired = Desired(
        yaml_file.document.tree.get("team", ""),
        registry.patients,
        others,
        templates,
        leaving,
        sections.limits(yaml_file),
        quarantined,
        without_mrn,
        _users(registry),
        corrected,
        decided,
    )
    return replace(sections.configuration(yaml_file, context.root, desired), quarantines=quarantines)


def _users(registry: PatientRegistry) -> dict[str, MobileUser]:
    """The mobile users of the valid patients."""
    return {mrn: user for mrn, user in registry.users.items() if mrn in registry.patients}


def included_files(main: YamlFile, context: LoadContext) -> Iterator[YamlFile]:
    """The files that kardia.yaml includes, in the order of its patterns and of their names."""
    for index, pattern in enumerate(main.value("include") or ()):
        by = main.source("include", index)
        try:
            files = list(matches(context.root, lexical(main.relative.parent, pattern)))
        except UnusableFile as error:
            context.unusable(by, error)
            continue
        if not files:
            context.problem(
                by, "no file matches this name or pattern", "Check it: it is relative to this file"
            )
        for relative in files:
            try:
                yaml_file = (
                    read_yaml_file(relative, context, included=True)
                    if context.first_use(relative, by)
                    else None
                )
            except UnusableFile as error:
                context.unusable(by, error)
                continue
            if yaml_file:
                yield yaml_file


def _enter(
    yaml_files: list[YamlFile], context: LoadContext, registry: PatientRegistry
) -> list[tuple[Cohort, Table]]:
    """Register all patients. Returns the cohorts that quarantine bad rows, with their tables."""
    quarantining = []
    for yaml_file in yaml_files:
        if yaml_file.value("patients") or yaml_file.value("departures"):
            context.people.add(yaml_file.relative)
        enter_patients(yaml_file, context, registry)
    for yaml_file in yaml_files:
        for cohort in cohorts(yaml_file, context):
            try:
                if context.first_use(cohort.source, cohort.declared):
                    table = _read_cohort(cohort, context, registry)
                    if cohort.on_bad_row is OnBadRow.QUARANTINE:
                        quarantining.append((cohort, table))
            except UnusableFile as error:
                context.unusable(cohort.declared, error)
    return quarantining


def _read_cohort(cohort: Cohort, context: LoadContext, registry: PatientRegistry) -> Table:
    """Register every row of a cohort's file.

    Raises:
        UnusableFile: the file cannot be read, or its format is unknown.
    """
    check(cohort, context.capabilities.dialect)
    context.people.add(cohort.source)
    table = table_of(cohort, context)
    if cohort.on_bad_row is OnBadRow.QUARANTINE:
        context.quarantined[table.file] = {}
    rows = Rows(cohort, table, registry)
    try:
        for batch in table.batches():
            rows.enter(batch)
        rows.end()
    except InvalidContent as error:
        context.unusable(Source(table.file, error.line, error.column), error)
    return table
