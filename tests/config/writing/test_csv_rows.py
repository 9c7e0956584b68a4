"""Rows of CSV come back as they were, and none that a spreadsheet would take for a formula is written."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kardia_ctl.config.writing.csv_rows import csv_rows, fit_csv
from kardia_ctl.csv_guard import guarded

_TEXTS = some.text(
    some.characters(exclude_categories=["Cs", "Cc"]) | some.sampled_from(";|=+-@'\" :"), min_size=1
)


@given(some.lists(some.dictionaries(some.sampled_from(["mrn", "email", "firstname"]), _TEXTS), max_size=3))
def test_rows_fit_exactly_when_no_cell_would_be_guarded(rows: list[dict[str, str]]) -> None:
    assert fit_csv(rows) == all(guarded(value) == value for values in rows for value in values.values())


@pytest.mark.parametrize(
    "text", ["-0042", "+12", "=1", "@x", "a;=1", "a|+1", "\u115f=1", "::set-env", "' =1"]
)
def test_a_formula_does_not_fit(text: str) -> None:
    assert not fit_csv([{"mrn": "B-1"}, {"mrn": "A-1", "lastname": text}])


@given(some.lists(some.dictionaries(some.sampled_from(["mrn", "email", "sex"]), _TEXTS), max_size=5))
def test_rows_come_back_as_they_were(rows: list[dict[str, str]]) -> None:
    columns = ("mrn", "email", "sex")
    read = csv.reader(StringIO(csv_rows(columns, rows), newline=""), strict=True)
    assert list(read) == [[row.get(name, "") for name in columns] for row in rows]
