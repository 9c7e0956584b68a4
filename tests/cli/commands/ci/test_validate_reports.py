"""validate --sarif, --junit, --code-quality: every problem, row and warning; only a report is replaced."""

import json
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from tests.cli.conftest import Desk, Ran


@pytest.fixture
def reports(tmp_path: Path) -> dict[str, Path]:
    return {name: tmp_path / name for name in ("sarif", "junit", "code-quality")}


def validate(desk: Desk, reports: dict[str, Path]) -> Ran:
    options = [word for name, file in reports.items() for word in (f"--{name}", str(file))]
    return desk.run("validate", str(desk.path), *options)


def results(reports: dict[str, Path]) -> list[Any]:
    return list(json.loads(reports["sarif"].read_text())["runs"][0]["results"])


def test_a_valid_configuration_has_empty_reports(desk: Desk, reports: dict[str, Path]) -> None:
    assert validate(desk, reports).code == 0
    assert results(reports) == []
    assert json.loads(reports["code-quality"].read_text()) == []
    assert JUnitXml.fromfile(str(reports["junit"])).failures == 0


def test_every_problem_stands_in_every_report(desk: Desk, reports: dict[str, Path]) -> None:
    desk.edit(lambda text: text.replace("sex: male", "sex: manly").replace("dob: 1971-11-02", "dob: 1971"))
    assert validate(desk, reports).code == 1
    assert [one["ruleId"] for one in results(reports)] == ["invalid-value", "invalid-value"]
    assert len(json.loads(reports["code-quality"].read_text())) == 2
    assert JUnitXml.fromfile(str(reports["junit"])).failures == 1


def test_quarantined_rows_are_errors_and_odd_values_warnings(desk: Desk, reports: dict[str, Path]) -> None:
    desk.write(
        "version: 1\ncohorts: {spring: {source: spring.csv, on_bad_row: quarantine}}\n"
        "decisions:\n  - {address: patient/S-1, decision: accept, reason: known, until: 2020-01-01}\n"
    )
    desk.write(
        "mrn,dob,email,firstname\nS-1,1971-11-02,ada@example.com,Ada\nS-2,1971,adb@example.com,Ada\n",
        "spring.csv",
    )
    assert validate(desk, reports).code == 1
    levels = {(one["ruleId"], one["level"]) for one in results(reports)}
    assert ("invalid-value", "error") in levels
    assert "warning" in {level for _, level in levels}
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results(reports)}
    assert any(uri.endswith("spring.csv") for uri in uris)


def test_a_report_replaces_a_report_and_nothing_else(desk: Desk, reports: dict[str, Path]) -> None:
    assert validate(desk, reports).code == 0
    assert validate(desk, reports).code == 0
    swapped = dict(zip(reports, (reports["junit"], reports["code-quality"], reports["sarif"]), strict=True))
    before = [file.read_bytes() for file in reports.values()]
    assert validate(desk, swapped).code == 1
    assert [file.read_bytes() for file in reports.values()] == before


@pytest.mark.parametrize("broken", [False, True])
def test_no_report_replaces_the_configuration(desk: Desk, reports: dict[str, Path], broken: bool) -> None:
    if broken:
        desk.edit(lambda text: text.replace("sex: male", "sex: manly"))
    reports["sarif"] = desk.path / "kardia.yaml"
    before = reports["sarif"].read_bytes()
    assert validate(desk, reports).code == 1
    assert reports["sarif"].read_bytes() == before


def test_the_file_of_a_result_is_from_the_top_of_the_repository(
    desk: Desk, reports: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.path.parent / ".git").mkdir()
    monkeypatch.chdir(desk.path)
    desk.edit(lambda text: text.replace("sex: male", "sex: manly"))
    options = ("--sarif", str(reports["sarif"]))
    for path in (".", "kardia.yaml", str(desk.path), "../clinic"):
        desk.run("validate", path, *options)
        (one,) = results(reports)
        place = one["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "clinic/kardia.yaml"
        assert place["region"]["startLine"] == 29


def test_the_name_of_a_file_moves_nothing_in_a_report(desk: Desk, reports: dict[str, Path]) -> None:
    desk.write("version: 1\ninclude: ['*/more.yaml']\n")
    folder = desk.path / b"odd\x1b[31m \xe2\x80\xae\x01 \xff".decode("utf-8", "surrogateescape")
    folder.mkdir()
    (folder / "more.yaml").write_text("patients: []\n")
    assert validate(desk, reports).code == 0
    for file in reports.values():
        assert file.read_text(encoding="utf-8").replace("\n", "").isprintable()
    names = [case.name for suite in JUnitXml.fromfile(str(reports["junit"])) for case in suite]
    assert any("odd" in name for name in names)
