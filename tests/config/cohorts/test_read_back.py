"""What kardia-ctl writes for people comes back as it was: its values, in the form that the source had."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kardia_ctl.config.cohorts.formats.table import is_blank
from kardia_ctl.csv_guard import REJECTED_COLUMNS, guarded, is_guarded, unguarded
from kardia_ctl.model.configuration import Configuration, TextForm
from kardia_ctl.render.files.code_rows import CODE_COLUMNS
from kardia_ctl.render.files.csv import csv_text
from kardia_ctl.render.files.run_files import PLACE_COLUMNS, quarantine_csv
from kardia_ctl.render.records.record_columns import PATIENTS, PATIENTS_WITH_FIELDS
from tests.config.cohorts.conftest import Loading

HEAD = ("mrn", "dob", "email", "lastname")
ASIDE = "on_bad_row: quarantine"
SIGNS = [
    "-0042",
    "+49 30 5550100",
    "=1+1",
    "@home",
    "'t Hooft",
    "'s-Gravenhage",
    "-",
    "::x",
    "a;-b",
    "0x1F",
    "219E01",
]
CELLS = st.sampled_from(SIGNS) | st.text(
    st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20
)


def written(found: Configuration) -> bytes:
    """The file of quarantined rows, as the command line writes it."""
    (only,) = found.quarantines
    return (("\ufeff" if only.form.has_mark else "") + quarantine_csv(only)).encode(only.form.encoding)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4), mark=st.sampled_from(",;\t"))
def test_the_cells_of_a_quarantined_row_come_back_as_they_were(
    cohort: Loading, rows: list[tuple[str, str]], mark: str
) -> None:
    target = io.StringIO()
    cells = [(mrn, "x", "a@example.com", name) for mrn, name in rows if not is_blank(mrn)]
    csv.writer(target, delimiter=mark, lineterminator="\n").writerows([HEAD, *cells])
    first = cohort("c.csv", target.getvalue(), ASIDE)
    assert [row for _, _, row in first.quarantines[0].rows] == cells
    again = cohort("c.csv", written(first), ASIDE)
    assert [row for _, _, row in again.quarantines[0].rows] == cells
    assert again.quarantines[0].header == HEAD


@pytest.mark.parametrize("mrn", ["-0042", "AC-1", "0x1F"])
@pytest.mark.parametrize(
    ("form", "said"),
    [
        (TextForm(), ""),
        (TextForm(delimiter=";", line_end="\r\n", has_mark=True), ""),
        (TextForm(delimiter=";", encoding="cp1252", line_end="\r\n"), ", encoding: cp1252"),
        (TextForm(delimiter="\t", encoding="utf-16"), ", encoding: utf-16"),
        (TextForm(delimiter="^"), ", delimiter: ^"),
    ],
)
def test_a_corrected_file_is_written_in_the_form_of_its_source_and_is_a_source(
    cohort: Loading, form: TextForm, said: str, mrn: str
) -> None:
    rows = ((*HEAD,), (mrn, "1970-13-03", "a@example.com", "Quöist"))
    text = "".join(form.delimiter.join(row) + form.line_end for row in rows)
    data = (("\ufeff" if form.has_mark else "") + text).encode(form.encoding)
    found = cohort("c.csv", data, ASIDE + said)
    assert found.quarantines[0].form == form
    corrected = written(found).decode(form.encoding).replace("1970-13", "1970-12").encode(form.encoding)
    patient = cohort("c.csv", corrected, said.removeprefix(", ")).desired.patients[mrn]
    assert (patient.dob, patient.lastname) == ("1970-12-03", "Quöist")


@pytest.mark.parametrize(
    "columns",
    [PATIENTS.columns, PATIENTS_WITH_FIELDS.columns, CODE_COLUMNS, PLACE_COLUMNS, REJECTED_COLUMNS],
)
def test_a_file_for_people_is_known_by_its_header(columns: tuple[str, ...]) -> None:
    assert is_guarded(columns)


def test_nobody_elses_file_is_taken_for_one(cohort: Loading) -> None:
    assert not is_guarded(("mrn", "dob", "email", "firstname", "lastname", "sex", "id", "codes"))


def test_the_list_of_patients_is_a_source(cohort: Loading) -> None:
    row = ("", "-0042", "connected", "1", "1970-02-03", "a@example.com", "Ann", "'t Hooft")
    found = cohort("c.csv", csv_text([PATIENTS.columns, row]))
    assert (found.desired.patients["-0042"].lastname, found.warnings) == ("'t Hooft", ())


@given(st.sampled_from(SIGNS) | st.text())
def test_what_guards_a_text_is_taken_away_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text
