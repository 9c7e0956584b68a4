"""What a workbook shows is what is read of it: anything else is an error at its cell, or a warning."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_REVERSE
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.formula import ArrayFormula

from kardia_ctl.config.cohorts.formats.sheet_marks import Area, SheetMarks, letters
from kardia_ctl.config.cohorts.formats.workbook_check import column_number
from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading

HEADER = ("mrn", "dob", "email", "lastname", "codes")
ANN = ("W-1", "1970-02-03", "w1@example.com", "Ek", "b")
BO = ("W-2", "1971-02-03", "w2@example.com", "Lee", "b")
DEFAULTS = "defaults: {codes: [a], lastname: Rowe}"
NOT_STORED = "is a formula whose result is not stored"

Edit = Callable[[Any], object]


def book(edit: Edit, *rows: tuple[Any, ...]) -> bytes:
    """A workbook with these rows below the header, after an edit of its sheet."""
    made = openpyxl.Workbook()
    sheet: Any = made.active
    for row in (HEADER, *rows):
        sheet.append(row)
    edit(sheet)
    return saved(made)


def saved(made: Any) -> bytes:
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def rewritten(content: bytes, before: str, after: str) -> bytes:
    """The workbook with another text in the XML of its sheet."""
    target = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as source, ZipFile(target, "w") as written:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                assert before.encode() in data
                data = data.replace(before.encode(), after.encode())
            written.writestr(name, data)
    return target.getvalue()


def put(**cells: Any) -> Edit:
    def edit(sheet: Any) -> None:
        for name, value in cells.items():
            sheet[name] = value

    return edit


def merge(*areas: str) -> Edit:
    return lambda sheet: [sheet.merge_cells(area) for area in areas]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (put(A2='="W-"&1'), f'c.xlsx:2:1: mrn {NOT_STORED} (column A, "mrn"). Open and save the workbook'),
        (put(B2="=TODAY()"), f"c.xlsx:2:2: patient/W-1: dob {NOT_STORED}"),
        (put(C2="=Z1"), f"c.xlsx:2:3: patient/W-1: email {NOT_STORED}"),
        (put(D2="=Z1"), f"c.xlsx:2:4: patient/W-1: lastname {NOT_STORED}"),
        (put(E2='=IF(1=1,"b","")'), f"c.xlsx:2:5: patient/W-1: codes {NOT_STORED}"),
        (put(D2=ArrayFormula("D2:D3", "=Z1:Z2"), D3=None), f"c.xlsx:3:4: patient/W-2: lastname {NOT_STORED}"),
        (put(**{f"{letter}4": "=Z1" for letter in "ABCDE"}), f"c.xlsx:4:1: mrn {NOT_STORED}"),
        (merge("D2:D3"), "c.xlsx:3:4: patient/W-2: lastname is under the merged cells D2:D3"),
        (merge("A2:A3"), "c.xlsx:3:1: mrn is under the merged cells A2:A3"),
        (merge("D2:E2"), "c.xlsx:2:5: patient/W-1: codes is under the merged cells D2:E2"),
        (merge("D2:D3", "E2:E3"), "c.xlsx:3:5: patient/W-2: codes is under the merged cells E2:E3"),
    ],
)
def test_a_cell_that_only_looks_empty_is_an_error_and_no_default_fills_it(
    cohort: Loading, edit: Edit, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.xlsx", book(edit, ANN, BO), DEFAULTS)
    assert any(str(problem).startswith(message) for problem in caught.value.problems), caught.value


def test_a_value_that_a_merge_hides_is_not_read(cohort: Loading) -> None:
    content = book(lambda _sheet: None, ANN, BO)
    area = '<mergeCells count="1"><mergeCell ref="D2:D3"/></mergeCells>'
    hidden = rewritten(content, "</sheetData>", f"</sheetData>{area}")
    with pytest.raises(ConfigurationError, match="lastname is under the merged cells D2:D3"):
        cohort("c.xlsx", hidden)


@pytest.mark.parametrize("area", ["F2:F3", "A9:E9", "F1:G1"])
def test_a_merge_beside_what_is_read_is_harmless(cohort: Loading, area: str) -> None:
    assert len(cohort("c.xlsx", book(merge(area), ANN, BO)).desired.patients) == 2


@pytest.mark.parametrize(
    ("cell", "lastname"),
    [
        ('<c r="D2" t="str"><f>"El"&amp;"m"</f><v>Elm</v></c>', "Elm"),
        ('<c r="D2" t="str"><f>""</f><v></v></c>', "Rowe"),
        ('<c r="D2" t="str"><f>""</f><v/></c>', "Rowe"),
        ('<c r="D2"/>', "Rowe"),
    ],
)
def test_a_computed_formula_is_its_result_an_empty_one_too(cohort: Loading, cell: str, lastname: str) -> None:
    content = rewritten(book(put(D2="=Z1"), ANN), '<c r="D2"><f>Z1</f><v /></c>', cell)
    assert cohort("c.xlsx", content, DEFAULTS).desired.patients["W-1"].lastname == lastname


def test_a_formula_in_a_column_that_is_not_read_is_nothing(cohort: Loading) -> None:
    content = book(put(F1="age", F2="=1", F3="=1", F4="=1"), ANN, BO)
    assert list(cohort("c.xlsx", content).desired.patients) == ["W-1", "W-2"]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_the_first_visible_sheet_is_read(cohort: Loading, state: str) -> None:
    made = openpyxl.Workbook()
    sheets = [made.active, made.create_sheet("Patients")]
    for sheet, row in zip(sheets, (ANN, BO), strict=True):
        sheet.append(HEADER)
        sheet.append(row)
    sheets[0].sheet_state = state
    made.active = 1
    found = cohort("c.xlsx", saved(made))
    assert list(found.desired.patients) == ["W-2"]
    assert not found.warnings
    assert list(cohort("c.xlsx", saved(made), "sheet: Sheet").desired.patients) == ["W-1"]


def test_a_second_visible_sheet_is_not_left_out_in_silence(cohort: Loading) -> None:
    content = book(lambda sheet: sheet.parent.create_sheet("Ward 2"), ANN)
    assert cohort("c.xlsx", content).warnings == (
        'c.xlsx:1:1: only the sheet "Sheet" is read, not "Ward 2". Set sheet to the one that is meant',
    )
    assert not cohort("c.xlsx", content, "sheet: Sheet").warnings


def hide(*, rows: tuple[int, ...] = (), columns: str = "") -> Edit:
    def edit(sheet: Any) -> None:
        for row in rows:
            sheet.row_dimensions[row].hidden = True
        for letter in columns:
            sheet.column_dimensions[letter].hidden = True

    return edit


@pytest.mark.parametrize(
    ("edit", "warning"),
    [
        (hide(rows=(3,)), "c.xlsx:1:1: 1 hidden row is read: 3. Delete what is not to be read"),
        (hide(rows=(2, 4)), "c.xlsx:1:1: 2 hidden rows are read: 2, 4. Delete what is not to be read"),
        (hide(columns="E"), 'c.xlsx:1:5: column E, "codes" is hidden, and is read'),
    ],
)
def test_hidden_rows_and_columns_are_read_and_said(cohort: Loading, edit: Edit, warning: str) -> None:
    third = ("W-3", "1972-02-03", "w3@example.com", "Moss", "a")
    found = cohort("c.xlsx", book(edit, ANN, BO, third))
    assert (len(found.desired.patients), found.warnings) == (3, (warning,))


def test_a_row_without_height_is_hidden(cohort: Loading) -> None:
    content = rewritten(
        book(lambda _sheet: None, ANN, BO), '<row r="3">', '<row r="3" ht="0" customHeight="1">'
    )
    (warning,) = cohort("c.xlsx", content).warnings
    assert "1 hidden row is read: 3" in warning


def test_hidden_rows_that_are_empty_or_columns_that_are_not_read_are_not_said(cohort: Loading) -> None:
    assert not cohort("c.xlsx", book(hide(rows=(3, 4), columns="G"), ANN)).warnings


@pytest.mark.parametrize("number", [14, 15, 16, 17, 22, *range(27, 37), *range(50, 59), 71, 72])
def test_a_date_in_any_built_in_format_is_the_date(
    cohort: Loading, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        # openpyxl writes the id of a built-in format only where it knows a format of that id.
        patch.setitem(BUILTIN_FORMATS_REVERSE, f"format {number}", number)
        patch.setitem(BUILTIN_FORMATS, number, BUILTIN_FORMATS.get(number, f"format {number}"))
        content = book(lambda sheet: _formatted(sheet, BUILTIN_FORMATS[number]), ("W-1", 25602, *ANN[2:]))
    assert cohort("c.xlsx", content).desired.patients["W-1"].dob == "1970-02-03"


def _formatted(sheet: Any, form: str) -> None:
    sheet["B2"].number_format = form


@pytest.mark.parametrize("form", ["yyyy-mm-dd", "General"])
def test_days_are_counted_from_the_beginning_that_the_workbook_says(cohort: Loading, form: str) -> None:
    made = openpyxl.Workbook()
    made.epoch = CALENDAR_MAC_1904
    sheet: Any = made.active
    sheet.append(HEADER)
    sheet.append(("W-1", date(1970, 2, 3), *ANN[2:]))
    sheet["B2"].number_format = form
    if form == "General":
        with pytest.raises(ConfigurationError, match="dob is a number cell, not a date"):
            cohort("c.xlsx", saved(made))
    else:
        assert cohort("c.xlsx", saved(made)).desired.patients["W-1"].dob == "1970-02-03"


def test_a_number_under_a_text_format_says_what_helps(cohort: Loading) -> None:
    def edit(sheet: Any) -> None:
        sheet["A2"].number_format = "@"

    with pytest.raises(ConfigurationError) as caught:
        cohort("c.xlsx", book(edit, (12345, *ANN[1:])))
    (problem,) = caught.value.problems
    assert "mrn is a number that was entered before its cell was formatted as text" in str(problem)
    assert "Text to Columns" in problem.remedy


@given(st.lists(st.tuples(*[st.integers(1, 6)] * 4), max_size=6), st.integers(1, 6), st.integers(1, 6))
def test_an_area_is_found_from_each_of_its_cells(
    corners: list[tuple[int, int, int, int]], row: int, column: int
) -> None:
    marks = SheetMarks()
    marks.arrays = [Area(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners]
    around = any(one.top <= row <= one.bottom and one.left <= column <= one.right for one in marks.arrays)
    found = marks.of_columns([column]).get(column)
    assert (found is not None and found.is_uncomputed(row)) == around


@given(st.integers(1, 16_384))
def test_letters_name_a_column(number: int) -> None:
    assert column_number(letters(number)) == number
