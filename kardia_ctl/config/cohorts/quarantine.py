"""Rows that were set aside, as they stand in their file, with the reasons."""

from collections.abc import Sequence
from pathlib import Path

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.formats.table import Table
from kardia_ctl.config.context import LoadContext
from kardia_ctl.model.configuration import Quarantine
from kardia_ctl.model.source import Problem


def target_of(cohort: Cohort, context: LoadContext) -> Path:
    """The file for a cohort's bad rows: beside its source, by the cohort's name."""
    return context.root / cohort.source.parent / f"{cohort.name}.rejected.csv"


def rejected_of(cohort: Cohort, table: Table, context: LoadContext) -> Quarantine:
    """The bad rows of a cohort. Its file is read once more when there are any.

    Raises:
        UnusableFile: the file was changed since it was read.
    """
    target, lines = target_of(cohort, context), context.rejections[table.file]
    if not lines:
        return Quarantine(cohort.name, table.file, target)
    header, rows = table.originals(lines)
    found = tuple((line, _reasons(lines[line]), tuple(cells)) for line, cells in rows)
    problems = tuple(context.sorted([problem for several in lines.values() for problem in several]))
    return Quarantine(cohort.name, table.file, target, tuple(header), found, problems)


def _reasons(problems: Sequence[Problem]) -> str:
    return "; ".join(problem.message for problem in problems)
