"""How hospitals write it: words for a sex, values that a cohort declares, times after a birth date."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config.cohorts.dates import DayForm, without_midnight
from kardia_ctl.config.cohorts.meanings import read_day, sex_of
from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading

HEAD = "mrn,dob,email,sex,lastname\n"


def row(dob: str = "1970-02-03", sex: str = "", lastname: str = "Lee") -> str:
    return f"{HEAD}M-1,{dob},m1@example.com,{sex},{lastname}\n"


@pytest.mark.parametrize(
    ("cell", "digit"),
    [
        ("M", "1"), ("m", "1"), ("Male", "1"), ("MALE", "1"), ("F", "2"), ("f", "2"), ("Female", "2"),
        ("U", "0"), ("Unknown", "0"), ("UNKNOWN", "0"), ("Not-Applicable", "9"), ("1", "1"), ("", ""),
    ],
)  # fmt: skip
def test_a_usual_word_for_a_sex_is_understood_in_any_case(cohort: Loading, cell: str, digit: str) -> None:
    assert cohort("c.csv", row(sex=cell)).desired.patients["M-1"].sex == digit
    line = json.dumps({"mrn": "M-1", "dob": "1970-02-03", "email": "m1@example.com", "sex": cell})
    assert cohort("c.ndjson", f"{line}\n").desired.patients["M-1"].sex == digit


@pytest.mark.parametrize("cell", ["O", "Other", "W", "weiblich", "3", "MF"])
def test_another_word_is_an_error_that_shows_how_to_say_what_it_means(cohort: Loading, cell: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", row(sex=cell))
    (problem,) = caught.value.problems
    assert "values: {sex: {o: unknown}}" in problem.remedy
    assert sex_of(cell) is None


@pytest.mark.parametrize(("cell", "sex"), [("w", "2"), ("W", "2"), ("M", "1"), ("d", "0"), ("female", "2")])
@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_declared_values_stand_for_cells_in_any_case(cohort: Loading, form: str, cell: str, sex: str) -> None:
    said = "values: {sex: {m: male, w: female, d: unknown}, lastname: {Lee: Rowe}}"
    line = json.dumps(
        {"mrn": "M-1", "dob": "1970-02-03", "email": "m1@example.com", "sex": cell, "lastname": "lee"}
    )
    found = cohort(f"c.{form}", row(sex=cell) if form == "csv" else f"{line}\n", said)
    assert (found.desired.patients["M-1"].sex, found.desired.patients["M-1"].lastname) == (sex, "Rowe")


def test_what_differs_in_case_alone_means_what_is_declared_for_it_exactly(cohort: Loading) -> None:
    said = "values: {sex: {m: male, M: female}}"
    assert cohort("c.csv", row(sex="M"), said).desired.patients["M-1"].sex == "2"
    assert cohort("c.csv", row(sex="m"), said).desired.patients["M-1"].sex == "1"


def test_a_declared_value_is_checked_as_a_cell_is(cohort: Loading) -> None:
    with pytest.raises(ConfigurationError, match="sex is not 0, 1, 2, 9"):
        cohort("c.csv", row(sex="w"), "values: {sex: {w: woman}}")
    with pytest.raises(ConfigurationError, match="a patient of the v1 API has no phone"):
        cohort("c.csv", row(), "values: {phone: {x: y}}")


MIDNIGHTS = [
    "1970-02-03 00:00:00", "1970-02-03T00:00:00Z", "1970-02-03T00:00:00.000+01:00", "1970-02-03 00:00",
    "1970-02-03 00:00:00.0000000", "1970-02-03 12:00:00 AM",
]  # fmt: skip


@pytest.mark.parametrize("written", MIDNIGHTS)
def test_midnight_after_a_birth_date_is_dropped(cohort: Loading, written: str) -> None:
    both = row(written) + "M-2,1971-02-03,m2@example.com,,Ek\n"
    found = cohort("c.csv", both)
    assert [one.dob for one in found.desired.patients.values()] == ["1970-02-03", "1971-02-03"]


@pytest.mark.parametrize(
    "written", ["03.02.1970 00:00", "03.02.1970", "03.02.1970 00:00:00", "03.02.1970 12:00 AM"]
)
def test_midnight_is_dropped_in_another_notation_too(cohort: Loading, written: str) -> None:
    found = cohort("c.csv", row(written), "columns: {dob: {format: DD.MM.YYYY}}")
    assert found.desired.patients["M-1"].dob == "1970-02-03"


@pytest.mark.parametrize("said", ["", "columns: {dob: {format: YYYY-MM-DD}}"])
@pytest.mark.parametrize("written", ["1970-02-02T23:00:00Z", "1970-02-03 12:00", "1970-02-03 00:00:01"])
def test_another_time_is_refused_by_name(cohort: Loading, said: str, written: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", row(written), said)
    (problem,) = caught.value.problems
    assert str(problem).startswith("c.csv:2:5: patient/M-1: dob has a time of day that is not midnight")


@given(st.dates(), st.sampled_from(["", " 00:00", "T00:00:00Z", " 00:00:00.000"]))
def test_a_day_is_itself_whatever_midnight_follows(day: object, time: str) -> None:
    assert read_day(f"{day}{time}", None) == (str(day), None)
    assert read_day(f"{day}{time}", DayForm("YYYY-MM-DD")) == (str(day), None)


@given(st.text(max_size=20).filter(lambda text: ":" not in text))
def test_what_has_no_time_stays_as_it_is(text: str) -> None:
    assert without_midnight(text) == text
