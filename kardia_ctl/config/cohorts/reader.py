"""Entering a cohort: its file through its format's table into the register."""

from typing import assert_never

from kardia_ctl.config.cohorts.cohort import Cohort, Format, OnBadRow, check
from kardia_ctl.config.cohorts.formats.csv import Delimited
from kardia_ctl.config.cohorts.formats.fhir import Fhir
from kardia_ctl.config.cohorts.formats.ndjson import Ndjson
from kardia_ctl.config.cohorts.formats.table import Table
from kardia_ctl.config.cohorts.formats.xlsx import Xlsx
from kardia_ctl.config.cohorts.row_patients import Rows
from kardia_ctl.config.context import Reading
from kardia_ctl.config.patient_registry import Register
from kardia_ctl.config.source_files import Garbled
from kardia_ctl.model.source import Source


def read_cohort(cohort: Cohort, reading: Reading, register: Register) -> Table:
    """Enter every row of a cohort's file.

    Raises:
        Unreadable: the file cannot be had at all, or its format is not known.
    """
    check(cohort)
    table = _table(cohort, reading)
    if cohort.on_bad_row is OnBadRow.QUARANTINE:
        reading.rejections[table.file] = {}
    rows = Rows(cohort, table, register)
    try:
        for batch in table.batches():
            rows.enter(batch)
    except Garbled as error:
        reading.unreadable(Source(table.file, error.line, error.column), error)
    return table


def _table(cohort: Cohort, reading: Reading) -> Table:
    match form := cohort.form:
        case Format.CSV:
            return Delimited(cohort, cohort.delimiter, reading)
        case Format.TSV:
            return Delimited(cohort, "\t", reading)
        case Format.NDJSON:
            return Ndjson(cohort, reading)
        case Format.XLSX:
            return Xlsx(cohort, reading)
        case Format.FHIR:
            return Fhir(cohort, reading)
        case _:
            assert_never(form)
