"""No cell that is written is a formula, whatever separates the cells: kind 17."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kardia_ctl import csv_guard
from kardia_ctl.cli.main import run
from kardia_ctl.config import load
from kardia_ctl.csv_guard import REJECTED_COLUMNS, guarded, unguarded
from kardia_ctl.render.files.csv import csv_text
from tests.attacks.safeguards import removed

FORMULAS = [
    "=cmd()",
    "+1",
    "-1",
    "@x",
    "a;=cmd()",
    "a\t=cmd()",
    "a|=cmd()",
    "a\n=cmd()",
    "a\r@x",
    "a; =x",
    'a;"=x',
    ";=x",
    "\t=x",
    "\u00a0=x",
    "\u200b=x",
    "\ufeff=x",
    '"=x',
    "'=x",
    "a;'=x",
    "\uff1dx",
    "\uff0bx",
    "\uff0dx",
    "\uff20x",
    "\u2212x",
    "a;\u200e\uff1dx",
    "::set-env name=x::y",
    " ::x",
    "a\n::set-env::",
    "a;\u3000=x",
    "a;\x0b=x",
]
SEPARATORS = (",", ";", "\t", "|")
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\u2212"


def cells_of(line: str, separator: str) -> list[str]:
    """Every text that a program could take for a cell: split with quotes and without."""
    lines = re.split("[\r\n]", line)
    with_quotes = [cell for row in csv.reader(lines, delimiter=separator) for cell in row]
    return with_quotes + [cell for row in lines for cell in row.split(separator)]


def is_formula(cell: str) -> bool:
    plain = re.sub(r"^[\s\"\u200b-\u200f\ufeff\u00ad\u2060]+", "", cell)
    return plain.startswith((*SIGNS, "::"))


@given(
    st.lists(
        st.text(st.sampled_from(f"ab;|\t\n\r,'\" \u200b\ufeff:{SIGNS}"), max_size=9), min_size=1, max_size=4
    )
)
@example(FORMULAS)
def test_no_cell_is_a_formula_whatever_separates(row: list[str]) -> None:
    for cell in row:
        for separator in SEPARATORS[1:]:
            assert not any(map(is_formula, cells_of(guarded(cell), separator))), (cell, separator)
    assert [[unguarded(cell) for cell in read] for read in csv.reader([csv_text([["x"]])])] == [["x"]]


@given(st.text() | st.text(st.sampled_from("'=-;\t\n:a \"")))
@example("'-1")
@example("''=;'=")
def test_the_guard_is_taken_away_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_plain_cells_stay_as_they_are() -> None:
    for name in (
        "'t Hooft",
        "'s-Gravenhage",
        'Robert "Bob"',
        "O\u2019Brien",
        "a-b",
        "a=b",
        "219E01",
        "0x1F",
        "x;y",
        "1-2",
    ):
        assert guarded(name) == name


def test_a_quarantined_row_comes_back_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mrns = ["-0042", "+7", "a;=A;-1", "@ward", "+a\uff1d"]
    names = ["'t Hooft", "'s-Gravenhage", "-", "+", "a;'t"]
    bad = "".join(
        f'"{mrn}",not a date,x@example.com,"{name}"\n' for mrn, name in zip(mrns, names, strict=True)
    )
    (tmp_path / "c.csv").write_text(f"mrn,dob,email,lastname\n{bad}")
    (tmp_path / "kardia.yaml").write_text(
        "version: 1\ncohorts: {c: {source: c.csv, on_bad_row: quarantine}}\n"
    )
    assert run(["validate", str(tmp_path)]) == 1
    capsys.readouterr()
    file = tmp_path / "c.rejected.csv"
    assert file.read_text().startswith(",".join(REJECTED_COLUMNS))
    assert "'-0042" in file.read_text()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "again.csv").write_text(file.read_text().replace("not a date", "2000-01-01"))
    (tmp_path / "d" / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: again.csv}}\n")
    patients = load(tmp_path / "d", {}).desired.patients
    assert [(mrn, patient.lastname) for mrn, patient in patients.items()] == list(
        zip(mrns, names, strict=True)
    )


def test_without_the_guard_a_part_of_a_cell_is_a_formula() -> None:
    """Mutant: only the beginning of a cell is looked at."""
    only_first = re.compile(r"\A(?=[=+\-@])")
    with removed(csv_guard, "_UNSAFE", only_first), pytest.raises(AssertionError):
        test_no_cell_is_a_formula_whatever_separates.hypothesis.inner_test(["a;=cmd()"])  # type: ignore[attr-defined]
