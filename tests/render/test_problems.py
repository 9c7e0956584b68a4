import re

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.source import Problem, Source
from kardia_ctl.render.problems import problems_text, validate_json
from kardia_ctl.render.view import View

JOE = patient_address("JS-1")
DATE = Problem(Source("kardia.yaml", 12, 7), "dob is not a date", "Write it as YYYY-MM-DD", JOE)
LINE = Problem(Source("cohorts/spring.csv", 3), "a cell is missing")


def test_each_problem_is_a_line_and_their_number_comes_last() -> None:
    assert problems_text([DATE, LINE], View()) == (
        "kardia.yaml:12:7: patient/JS-1: dob is not a date. Write it as YYYY-MM-DD\n"
        "cohorts/spring.csv:3: a cell is missing\n"
        "Error: 2 problems.\n"
    )


def test_one_problem_is_not_problems() -> None:
    assert problems_text([LINE], View()).endswith("\nError: 1 problem.\n")


@pytest.mark.parametrize(("number", "lines"), [(20, 21), (21, 22), (500, 22)])
def test_twenty_of_a_kind_are_shown_and_the_rest_is_counted(number: int, lines: int) -> None:
    text = problems_text([LINE] * number, View())
    assert len(text.splitlines()) == lines
    assert (f"\nand {number - 20} more: a cell is missing\n" in text) == (number > 20)
    assert text.endswith(f"\nError: {number} problems.\n")


def test_a_few_of_another_kind_are_not_lost_behind_a_flood() -> None:
    doubles = [Problem(LINE.source, f"two have it; the other is at c.csv:{n}:1") for n in range(1000)]
    text = problems_text([*doubles, DATE], View())
    assert "kardia.yaml:12:7: patient/JS-1: dob is not a date" in text
    assert "and 980 more: two have it; the other is …" in text


def test_a_thousand_kinds_are_bounded_too() -> None:
    kinds = [Problem(LINE.source, f"unknown key {'x' * n}") for n in range(1000)]
    lines = problems_text(kinds, View()).splitlines()
    assert len(lines) < 130
    assert lines[-2] == "and 880 more of other kinds"


def test_text_of_a_file_cannot_act_on_a_terminal_or_a_runner() -> None:
    hostile = Problem(Source("::set-env name=A::b\n", 1), "unknown key \x1b[2J", "\u202e")
    text = problems_text([hostile], View())
    assert text.replace("\n", "").isprintable()
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert len(text.splitlines()) == 2


def test_validate_json_has_terraforms_keys() -> None:
    place = {"line": 12, "column": 7, "byte": 0}
    assert validate_json([DATE]) == {
        "format_version": "1.0",
        "valid": False,
        "error_count": 1,
        "warning_count": 0,
        "diagnostics": [
            {
                "severity": "error",
                "summary": "dob is not a date",
                "detail": "Write it as YYYY-MM-DD",
                "range": {"filename": "kardia.yaml", "start": place, "end": place},
                "snippet": None,
                "address": "patient/JS-1",
            }
        ],
    }


def test_a_warning_alone_is_valid() -> None:
    document = validate_json([], ["a mark is unknown"])
    assert document["valid"] is True
    assert (document["error_count"], document["warning_count"]) == (0, 1)
    assert document["diagnostics"][0]["severity"] == "warning"


def test_a_whole_line_begins_at_its_first_column() -> None:
    [diagnostic] = validate_json([LINE])["diagnostics"]
    assert diagnostic["range"]["start"]["column"] == 1
    assert diagnostic["address"] is None
