"""The table in README.md names tests and mutants that exist, and every test file here has a row."""

import re
from pathlib import Path

import pytest

from tests.simulation.mutants import Mutant

HERE = Path(__file__).parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (HERE / "README.md").read_text().splitlines()
    if re.match(r"\| \d+\. ", line)
]


def _names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_tests_and_mutants_that_exist(row: list[str]) -> None:
    _, instances, mutants, world = row
    assert _names(instances)
    assert _names(mutants) or _names(world), "an attack without a mutant proves nothing"
    for name in _names(instances) + _names(mutants):
        file, _, test = name.partition("::")
        text = (HERE / file).read_text()
        assert not test or f"def {test}(" in text, name
    for name in _names(world):
        assert name in Mutant.__members__, name


def test_every_test_file_has_a_row() -> None:
    named = {name.partition("::")[0] for row in ROWS for name in _names(row[1]) + _names(row[2])}
    assert {file.relative_to(HERE).as_posix() for file in HERE.rglob("test_[0-9]*.py")} <= named
