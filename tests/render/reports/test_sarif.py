"""SARIF: what Microsoft's own validator says of it, and what GitHub and Azure need."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kardia_ctl.render.reports.annotations import Annotation, collected
from kardia_ctl.render.reports.sarif import BEGINNING, sarif_text
from tests.paths import ROOT
from tests.render.reports.examples import MRN, annotations, of_everything

MAIN = "clinic/kardia.yaml"
ACCEPTED = {"SARIF2005"}
"""Warnings that stay: an informationUri would be the address of a repository."""


def validator() -> Path:
    """The program of @microsoft/sarif-multitool; without it a test is skipped, and fails in CI."""
    program = ROOT / "build/sarif/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    if program.is_file():
        program.chmod(0o755)
        return program
    message = "no sarif-multitool: npm install --prefix build/sarif @microsoft/sarif-multitool"
    if "TESTS_IN_CI" in os.environ:
        pytest.fail(message)
    pytest.skip(message)


def complaints(text: str, directory: Path) -> set[str]:
    """The rules of the validator that a document breaks, notes aside."""
    file, found = directory / "kardia.sarif", directory / "found.sarif"
    file.write_text(text, encoding="utf-8")
    command = [str(validator()), "validate", str(file), "--output", str(found), "--log", "ForceOverwrite"]
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    environ = {**os.environ, **nowhere, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    ran = subprocess.run(
        [*command, "--rule-kind", "Sarif;Ghas"], capture_output=True, check=False, env=environ, text=True
    )
    assert found.exists(), ran.stdout + ran.stderr
    log = json.loads(found.read_text(encoding="utf-8-sig"))["runs"][0]
    results = log.get("results", ())
    return {one["ruleId"] for one in results if one.get("level", "warning") in ("error", "warning")}


def document(found: Sequence[Annotation], more: int = 0) -> Mapping[str, Any]:
    return dict(json.loads(sarif_text(found, MAIN, more)))


@pytest.mark.parametrize("found", [[], of_everything()], ids=["nothing", "everything"])
def test_microsoft_s_validator_has_no_complaint(found: list[Annotation], tmp_path: Path) -> None:
    assert complaints(sarif_text(found, MAIN, more=len(found)), tmp_path) <= ACCEPTED


def test_the_validator_complains_of_what_is_wrong(tmp_path: Path) -> None:
    broken = sarif_text(of_everything(), MAIN).replace('"startLine":4', '"startLine":-4')
    assert complaints(broken, tmp_path) - ACCEPTED


def test_a_path_is_from_the_top_of_the_repository_and_a_url() -> None:
    results = document(of_everything())["runs"][0]["results"]
    places = [one["locations"][0]["physicalLocation"] for one in results]
    assert {place["artifactLocation"]["uri"] for place in places} == {
        "clinic/kardia.yaml",
        "clinic/rows%20of%20a%20cohort.csv",
    }
    assert {place["artifactLocation"]["uriBaseId"] for place in places} == {"SRCROOT"}
    assert places[0]["region"] == {"startLine": 4, "startColumn": 10}


def test_every_result_names_a_rule_with_help() -> None:
    run = document(of_everything())["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert all(rule["help"]["text"] for rule in rules)


def test_equal_texts_have_fingerprints_of_their_own_that_no_line_changes() -> None:
    found = of_everything()
    prints = [one.fingerprint for one in found]
    assert len(set(prints)) == len(prints)
    moved = [
        Annotation(one.rule, one.level, one.text, one.file, one.line + bool(one.line), one.column)
        for one in found
    ]
    assert [one.fingerprint for one in collected(moved)[0]] == prints


def test_no_service_makes_fingerprints_of_the_lines_of_patients() -> None:
    results = document(of_everything())["runs"][0]["results"]
    assert all(one["partialFingerprints"]["primaryLocationLineHash"] for one in results)


def test_no_mrn_is_in_it() -> None:
    assert MRN not in sarif_text(of_everything(), MAIN)
    assert "patient/~" in sarif_text(of_everything(), MAIN)


@given(some.lists(annotations, max_size=4))
def test_any_text_is_one_document_and_acts_on_nothing(found: list[Annotation]) -> None:
    text = sarif_text(found, MAIN)
    assert text.startswith(BEGINNING)
    assert len(json.loads(text)["runs"][0]["results"]) == len(found)
    assert "##" not in text
    assert text.rstrip("\n").isprintable()
