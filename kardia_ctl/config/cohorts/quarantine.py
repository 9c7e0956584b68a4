"""Quarantined rows: bad rows of cohorts, with the reasons, while the other rows proceed."""

from pathlib import Path

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.formats.table import Table
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.encryption.age_header import SUFFIX
from kardia_ctl.config.source_files import UnusableFile
from kardia_ctl.model.configuration import Quarantine
from kardia_ctl.model.source import Source


def quarantined_rows(
    tables: list[tuple[Cohort, Table]], context: LoadContext, *, sealed: bool = False
) -> tuple[Quarantine, ...]:
    """The quarantine of every cohort that has one. Reports two cohorts that would share a file for it.

    ``sealed`` is whether their files are encrypted.
    """
    ending = f".rejected.csv{SUFFIX if sealed else ''}"
    quarantines: dict[str, Quarantine] = {}
    for cohort, table in tables:
        target = context.root / cohort.source.parent / f"{cohort.name}{ending}"
        if context.is_used(target) or str(target).casefold() in quarantines:
            message = f"the file for quarantined rows, {target.name}, is already in use"
            context.problem(cohort.declared, message, "Rename the cohort")
        elif not context.problems:
            try:
                quarantines[str(target).casefold()] = _quarantine(cohort, table, target, context)
            except UnusableFile as error:
                context.unusable(cohort.declared, error)
    return tuple(quarantines.values())


def _quarantine(cohort: Cohort, table: Table, target: Path, context: LoadContext) -> Quarantine:
    """The bad rows of a cohort. Its file is read a second time if there are any."""
    lines = context.quarantined[table.file]
    if not lines:
        return Quarantine(cohort.name, table.file, target)
    header, rows = table.originals(lines)
    bad_rows = tuple(
        (line, "; ".join(problem.message for problem in lines[line]), tuple(cells)) for line, cells in rows
    )
    problems = tuple(context.sorted(problem for several in lines.values() for problem in several))
    return Quarantine(cohort.name, table.file, target, tuple(header), bad_rows, problems, table.form)


def quarantined_patients(context: LoadContext) -> tuple[dict[str, Source], int]:
    """The mrns of quarantined rows with their places, and the number of such rows without a usable mrn.

    An mrn is usable when every problem of its row agrees on it.
    """
    places: dict[str, Source] = {}
    without_mrn = 0
    for file, lines in context.quarantined.items():
        for line, problems in lines.items():
            address, *others = {problem.address for problem in problems}
            if address is None or others:
                without_mrn += 1
            else:
                places.setdefault(address.names[0], Source(file, line))
    return places, without_mrn
