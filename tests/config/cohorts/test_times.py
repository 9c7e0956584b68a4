"""A birth date with a time after it: midnight is dropped; cells that show less or more."""

from datetime import date
from io import BytesIO
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.styles import Font

from kardia_ctl.config.cohorts.dates import has_time, without_midnight
from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading

DAYS = ("1970-02-03", "03.02.1970", "2/3/1970", "03-Feb-1970", "3 Feb 1970")
MIDNIGHTS = (
    "T00:00:00",
    "T00:00",
    "t00:00:00.000",
    "T00:00:00Z",
    "T00:00:00+01:00",
    " 00:00:00",
    " 00:00:00.0000000",
    " 00:00:00,000",
    " 0:00",
    " 00:00:00+00",
    " 00:00:00 UTC",
    " 12:00:00 AM",
    " 12:00 a.m.",
    ", 12:00:00\u202fAM",
    " 00:00 am",
)
OTHERS = (
    "T23:00:00Z",
    "T00:00:01",
    "T00:00:00.001Z",
    "T24:00:00",
    " 19:30",
    " 12:00:00",
    " 12:00:00 PM",
    " 0:00 PM",
    " 1:00 AM",
    "T05:00:00-05:00",
)


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("time", MIDNIGHTS)
def test_midnight_is_dropped(day: str, time: str) -> None:
    assert without_midnight(day + time) == day
    assert not has_time(day + time)


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("time", OTHERS)
def test_another_time_stays_and_is_known(day: str, time: str) -> None:
    assert without_midnight(day + time) == day + time
    assert has_time(day + time)


@pytest.mark.parametrize(
    "written", [*DAYS, "", "T00:00:00", "00:00:00", "1970", "1970-02", "1970-02-03T", "x 1"]
)
def test_what_has_no_time_stays(written: str) -> None:
    assert without_midnight(written) == written
    assert not has_time(written)


@given(st.text(alphabet="0123456789-/.: TtZ+apmAPM\u202f\n", max_size=40))
def test_any_text_has_midnight_or_a_time_or_neither(written: str) -> None:
    day = without_midnight(written)
    assert written.startswith(day)
    assert not (has_time(written) and day != written)


@pytest.mark.parametrize("filler", [" ", "1 ", "1", "0:00 ", "T"])
def test_a_long_text_takes_no_long_time(filler: str) -> None:
    assert not has_time("1970-02-03 00:00" + filler * 200_000 + "x")


def workbook(column: str, value: Any, code: str = "", *, is_struck: bool = False) -> bytes:
    book = Workbook()
    sheet: Any = book.active
    sheet.append(["mrn", "dob", "email", "first\nname"])
    sheet.append(["W-1", date(1961, 4, 3), "w@example.com", "Anna"])
    cell = sheet[f"{column}2"]
    cell.value = value
    cell.number_format = code or cell.number_format
    cell.font = Font(strike=is_struck)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


NAMED: Final = "columns: {firstname: first name}"


@pytest.mark.parametrize("code", ["mmm-yy", "yyyy", "d-mmm", "dd.mm.;@"])
def test_a_birth_date_that_is_shown_in_part_is_a_warning(cohort: Loading, code: str) -> None:
    (warning,) = cohort("c.xlsx", workbook("B", date(1961, 4, 1), code), NAMED).warnings
    assert "dob is shown without its day or year in rows 2" in warning


@pytest.mark.parametrize(("column", "code", "name"), [("A", '"AC-"@', "mrn"), ("D", ";;;", "firstname")])
def test_a_text_that_its_format_changes_is_an_error(
    cohort: Loading, column: str, code: str, name: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.xlsx", workbook(column, "W-7", code), NAMED)
    (problem,) = caught.value.problems
    assert problem.message.startswith(f"{name} is shown otherwise than stored")


@pytest.mark.parametrize(
    "code",
    ["dd.mm.yyyy", "TT.MM.JJJJ", "[$-407]d. mmmm yyyy;@", "jj/mm/aaaa", 'yyyy"年"m"月"d"日"', "mm-dd-yy"],
)
def test_a_whole_date_is_read_in_any_format(cohort: Loading, code: str) -> None:
    found = cohort("c.xlsx", workbook("B", date(1961, 4, 3), code), NAMED)
    assert (found.desired.patients["W-1"].dob, found.warnings) == ("1961-04-03", ())


@pytest.mark.parametrize("code", ["@", "General", "_(* #,##0_);_(* (#,##0);_(@_)", "0;-0;0;@", "[Red]@"])
def test_a_text_that_is_shown_as_it_is_stored_is_read(cohort: Loading, code: str) -> None:
    assert "0123" in cohort("c.xlsx", workbook("A", "0123", code), NAMED).desired.patients


def test_a_row_that_is_struck_out_is_read_with_a_warning(cohort: Loading) -> None:
    found = cohort("c.xlsx", workbook("A", "W-1", is_struck=True), NAMED)
    assert list(found.desired.patients) == ["W-1"]
    assert found.warnings == ("c.xlsx:1:1: 1 struck-out row is read: 2. Delete what is not to be read",)
