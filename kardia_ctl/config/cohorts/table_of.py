"""The reader of a cohort's file, by its format."""

from typing import assert_never

from kardia_ctl.config.cohorts.cohort import Cohort, Format
from kardia_ctl.config.cohorts.formats.csv import Delimited
from kardia_ctl.config.cohorts.formats.fhir.fhir_file import Fhir
from kardia_ctl.config.cohorts.formats.ndjson import Ndjson
from kardia_ctl.config.cohorts.formats.table import Table
from kardia_ctl.config.cohorts.formats.xlsx import Xlsx
from kardia_ctl.config.context import LoadContext


def table_of(cohort: Cohort, context: LoadContext) -> Table:
    """The table in a cohort's file."""
    match form := cohort.form:
        case Format.CSV:
            return Delimited(cohort, context)
        case Format.TSV:
            return Delimited(cohort, context, is_tsv=True)
        case Format.NDJSON:
            return Ndjson(cohort, context)
        case Format.XLSX:
            return Xlsx(cohort, context)
        case Format.FHIR:
            return Fhir(cohort, context)
        case _:
            assert_never(form)
