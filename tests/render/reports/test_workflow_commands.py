"""Annotations as commands: a runner reads back what was meant, and never a second command."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kardia_ctl.render.escape import escape, escape_lines
from kardia_ctl.render.reports.annotations import Annotation, Level
from kardia_ctl.render.reports.rules import OTHER
from kardia_ctl.render.reports.workflow_commands import (
    AZURE_MOST,
    GITHUB_MOST,
    azure_annotations,
    github_annotations,
)
from tests.render.reports.examples import COMMANDS, MRN, annotations, of_everything, texts

GITHUB = re.compile(r"\s*::(?P<command>[a-z-]+)(?: (?P<properties>.*?))?::(?P<text>.*)")
"""How the runner reads a line (ActionCommand.TryParseV2): the properties end at the first ``::``."""
AZURE = re.compile(r"##vso\[(?P<command>[a-z.]+) (?P<properties>[^\]]*)\](?P<text>.*)")


def github(line: str) -> tuple[str, dict[str, str], str]:
    found = GITHUB.fullmatch(line)
    assert found
    pairs = (pair.split("=", 1) for pair in (found["properties"] or "").split(","))
    return found["command"], {name: unquote(value) for name, value in pairs}, unquote(found["text"])


def azure(line: str) -> tuple[str, dict[str, str], str]:
    found = AZURE.fullmatch(line)
    assert found
    pairs = (pair.split("=", 1) for pair in found["properties"].split(";") if pair)
    read = {
        name: value.replace("%5D", "]").replace("%3B", ";").replace("%AZP25", "%") for name, value in pairs
    }
    return found["command"], read, found["text"].replace("%AZP25", "%")


def test_github_shows_an_annotation_at_its_line() -> None:
    command, properties, text = github(next(iter(github_annotations(of_everything()))))
    assert command == "error"
    assert properties == {"file": "clinic/kardia.yaml", "line": "4", "col": "10", "title": "invalid-value"}
    assert text.startswith("patient/~")
    assert text.endswith(": dob is not a valid YYYY-MM-DD date. Correct it")


def test_azure_shows_it_too() -> None:
    command, properties, _ = azure(next(iter(azure_annotations(of_everything()))))
    assert command == "task.logissue"
    assert properties["sourcepath"] == "clinic/kardia.yaml"
    assert properties["linenumber"] == "4"


@given(annotations)
def test_the_runner_reads_back_what_was_meant(one: Annotation) -> None:
    for read, lines in ((github, github_annotations([one])), (azure, azure_annotations([one]))):
        for line in lines:
            _, properties, text = read(line)
            assert text == one.text
            assert properties.get("file", properties.get("sourcepath", "")) == one.file


@given(some.lists(annotations, max_size=5))
def test_nothing_that_somebody_wrote_is_a_command(found: list[Annotation]) -> None:
    for lines in (list(github_annotations(found)), list(azure_annotations(found))):
        assert len(lines) <= len(found)
        assert all(line.isprintable() for line in lines)
    assert all("##" not in line for line in github_annotations(found))
    assert all(line.count("##") == 1 for line in azure_annotations(found))


@given(texts)
def test_no_line_that_is_printed_elsewhere_is_one(text: str) -> None:
    for line in (*escape_lines(text).split("\n"), escape(text)):
        assert not GITHUB.match(line)
        assert "##vso[" not in line
        assert "##[" not in line


@pytest.mark.parametrize("text", COMMANDS)
def test_the_hostile_examples_are_hostile(text: str) -> None:
    assert escape(text) != text or any(mark in text for mark in ("%", ",", "]", "&", "`"))


@pytest.mark.parametrize(
    ("made", "most"), [(github_annotations, GITHUB_MOST), (azure_annotations, AZURE_MOST)]
)
def test_of_many_the_last_says_how_many_more_there_are(made: object, most: int) -> None:
    many = [
        Annotation(OTHER, Level.ERROR, str(number), "kardia.yaml", number + 1) for number in range(most + 5)
    ]
    assert callable(made)
    lines = list(made(many))
    assert len(lines) == most
    assert "6 more" in lines[-1]
    assert len(list(made(many[:most]))) == most
    assert "more" not in list(made(many[:most]))[-1]


def test_no_mrn_is_in_them() -> None:
    found = of_everything()
    assert MRN not in "".join((*github_annotations(found), *azure_annotations(found)))
