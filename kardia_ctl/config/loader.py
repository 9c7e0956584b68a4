"""From a path to a configuration, or to everything that is wrong with it."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from kardia_ctl.config import account
from kardia_ctl.config.cohorts.cohort import Cohort, OnBadRow
from kardia_ctl.config.cohorts.formats.table import Table
from kardia_ctl.config.cohorts.quarantine import rejected_of, target_of
from kardia_ctl.config.cohorts.reader import read_cohort
from kardia_ctl.config.context import Reading
from kardia_ctl.config.document import Sheet, cohorts, departures, enter_patients, read_sheet
from kardia_ctl.config.patient_registry import Register
from kardia_ctl.config.source_files import Unreadable, lexical, matches
from kardia_ctl.model.configuration import Configuration, Desired, MobileUser, Rejected
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.model.source import Problem, Source

FILE = "kardia.yaml"


def load(path: Path, environ: Mapping[str, str]) -> Configuration:
    """Read a configuration: a file, or the kardia.yaml of a directory, and all that it names.

    Sources carry the names of files as the path leads to them. ``environ`` is what ``${VAR}`` is taken from.

    Raises:
        ConfigurationError: with every problem of all files, in the order of files, lines and columns.
    """
    main = _main_file(path)
    reading = Reading(main.parent.resolve(), main.parent, environ)
    with _collector_paused():
        found = _load(PurePosixPath(main.name), reading)
    if found is None or reading.problems:
        raise ConfigurationError(reading.sorted_problems())
    return replace(found, digest=reading.digest(), warnings=reading.sorted_warnings())


def load_account(path: Path, environ: Mapping[str, str]) -> Configuration:
    """What a configuration says of the account: its region, dialect, state. No patients, cohorts, includes.

    Raises:
        ConfigurationError: with every problem of that one file.
    """
    main = _main_file(path)
    reading = Reading(main.parent.resolve(), main.parent, environ)
    relative = PurePosixPath(main.name)
    here = Source(reading.name(relative), 1, 1)
    sheet = None
    with _collector_paused():
        try:
            reading.begin(relative, here)
            sheet = read_sheet(relative, reading, included=False)
        except Unreadable as error:
            reading.unreadable(here, error)
    if sheet is not None:
        account.check_state(sheet, reading)
    if sheet is None or reading.problems:
        raise ConfigurationError(reading.sorted_problems())
    return account.configuration(sheet, reading.root, Desired(sheet.document.tree.get("team", "")))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A tree of a million nodes has no cycles; looking for them would double the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _main_file(path: Path) -> Path:
    try:
        main = path / FILE if path.is_dir() else path
        if main.is_file():
            return main
        message = f"there is no {FILE} here" if main is not path else "there is no such file"
        other = main.with_suffix(".yml")
        remedy = f"Rename {other.name} to {FILE}" if other.is_file() else "Create one with kardia-ctl init"
    except (OSError, ValueError):
        message, remedy = "the path cannot be used", "Name a file, or a directory that holds kardia.yaml"
    raise ConfigurationError([Problem(Source(str(path), 1), message, remedy)])


def _load(main: PurePosixPath, reading: Reading) -> Configuration | None:
    here = Source(reading.name(main), 1, 1)
    try:
        reading.begin(main, here)
        sheet = read_sheet(main, reading, included=False)
    except Unreadable as error:
        reading.unreadable(here, error)
        return None
    if sheet is None:
        return None
    reading.capabilities = account.capabilities(sheet)
    sheets = [sheet, *_included(sheet, reading)]
    templates = account.templates(sheet)
    register = Register(reading, templates)
    tables = _enter(sheets, reading, register)
    leaving = tuple(departures(sheets))
    register.check_departures(leaving)
    held, unnamed = register.set_aside()
    account.check_dialect(sheet, templates, leaving, reading)
    others = account.settings(sheet, reading)
    account.check_state(sheet, reading)
    rejected = _rejected(tables, reading)
    if reading.problems:
        return None
    team, limits, users = sheet.document.tree.get("team", ""), account.limits(sheet), _users(register)
    desired = Desired(team, register.patients, others, templates, leaving, limits, held, unnamed, users)
    return replace(account.configuration(sheet, reading.root, desired), rejected=rejected)


def _users(register: Register) -> dict[str, MobileUser]:
    """The users of those who are declared and whose rows are right."""
    return {mrn: user for mrn, user in register.users.items() if mrn in register.patients}


def _rejected(tables: list[tuple[Cohort, Table]], reading: Reading) -> tuple[Rejected, ...]:
    """The bad rows of every cohort that sets them aside. Two must not name one file for them."""
    found: dict[str, Rejected] = {}
    for cohort, table in tables:
        target = target_of(cohort, reading)
        if reading.is_used(target) or str(target).casefold() in found:
            message = f"the file for rows that are set aside, {target.name}, is used already"
            reading.problem(cohort.declared, message, "Give the cohort another name")
        elif not reading.problems:
            try:
                found[str(target).casefold()] = rejected_of(cohort, table, reading)
            except Unreadable as error:
                reading.unreadable(cohort.declared, error)
    return tuple(found.values())


def _included(main: Sheet, reading: Reading) -> Iterator[Sheet]:
    """The files that kardia.yaml includes, in the order of its patterns and of their names."""
    for index, pattern in enumerate(main.value("include") or ()):
        by = main.source("include", index)
        try:
            found = list(matches(reading.root, lexical(main.relative.parent, pattern)))
        except Unreadable as error:
            reading.unreadable(by, error)
            continue
        if not found:
            reading.problem(by, "no file matches this", "Check the name; it is relative to this file")
        for relative in found:
            try:
                sheet = (
                    read_sheet(relative, reading, included=True) if reading.first_use(relative, by) else None
                )
            except Unreadable as error:
                reading.unreadable(by, error)
                continue
            if sheet:
                yield sheet


def _enter(sheets: list[Sheet], reading: Reading, register: Register) -> list[tuple[Cohort, Table]]:
    """Enter everybody; the cohorts whose bad rows are to be set aside, with their tables."""
    quarantining = []
    for sheet in sheets:
        enter_patients(sheet, reading, register)
    for sheet in sheets:
        for cohort in cohorts(sheet, reading):
            try:
                if reading.first_use(cohort.source, cohort.declared):
                    table = read_cohort(cohort, reading, register)
                    if cohort.on_bad_row is OnBadRow.QUARANTINE:
                        quarantining.append((cohort, table))
            except Unreadable as error:
                reading.unreadable(cohort.declared, error)
    return quarantining
