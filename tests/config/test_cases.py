"""Configurations as data: cases/NAME/kardia.yaml (and what it names) in, expected.txt out.

expected.txt holds the problems, or who is declared where, and the warnings. ``--update-golden`` rewrites it.
"""

from pathlib import Path

import pytest

from kardia_ctl.config import load
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError

CASES = Path(__file__).parent / "cases"
ENVIRON = {"KARDIA_TEAM": "Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah", "EMPTY": ""}


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_a_configuration_gives_what_its_case_says(
    case: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES / case)
    told = _told()
    expected = CASES / case / "expected.txt"
    if request.config.getoption("--update-golden", default=False):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")


def _told() -> str:
    try:
        found = load(Path(), ENVIRON)
    except ConfigurationError as error:
        return f"{error}\n"
    return "".join(f"{line}\n" for line in (*_declared(found), *found.warnings))


def _declared(found: Configuration) -> list[str]:
    return [
        f"{patient.file}:{patient.line}: {patient_address(patient.mrn)} firstname {patient.firstname or '-'} "
        f"lastname {patient.lastname or '-'} sex {patient.sex or '-'} "
        f"codes {','.join(patient.codes) or '-'} id {patient.id or '-'}"
        for patient in found.desired.patients.values()
    ]
