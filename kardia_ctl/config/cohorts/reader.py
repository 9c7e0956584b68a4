"""Entering a cohort: its file through its format's table into the registry."""

from typing import assert_never

from kardia_ctl.config.cohorts.cohort import Cohort, Format, OnBadRow, check
from kardia_ctl.config.cohorts.formats.csv import Delimited
from kardia_ctl.config.cohorts.formats.fhir import Fhir
from kardia_ctl.config.cohorts.formats.ndjson import Ndjson
from kardia_ctl.config.cohorts.formats.table import Table
from kardia_ctl.config.cohorts.formats.xlsx import Xlsx
from kardia_ctl.config.cohorts.row_patients import Rows
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.patient_registry import PatientRegistry
from kardia_ctl.config.source_files import InvalidContent
from kardia_ctl.model.source import Source


def read_cohort(cohort: Cohort, context: LoadContext, registry: PatientRegistry) -> Table:
    """Enter every row of a cohort's file.

    Raises:
        UnusableFile: the file cannot be had at all, or its format is not known.
    """
    check(cohort)
    table = _table(cohort, context)
    if cohort.on_bad_row is OnBadRow.QUARANTINE:
        context.rejections[table.file] = {}
    rows = Rows(cohort, table, registry)
    try:
        for batch in table.batches():
            rows.enter(batch)
    except InvalidContent as error:
        context.unreadable(Source(table.file, error.line, error.column), error)
    return table


def _table(cohort: Cohort, context: LoadContext) -> Table:
    match form := cohort.form:
        case Format.CSV:
            return Delimited(cohort, cohort.delimiter, context)
        case Format.TSV:
            return Delimited(cohort, "\t", context)
        case Format.NDJSON:
            return Ndjson(cohort, context)
        case Format.XLSX:
            return Xlsx(cohort, context)
        case Format.FHIR:
            return Fhir(cohort, context)
        case _:
            assert_never(form)
