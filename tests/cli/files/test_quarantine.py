"""Rows that were set aside, under the installed command: the file, the words and the exit code."""

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Desk

KARDIA = "version: 1\ncohorts: {spring: {source: c.csv, on_bad_row: quarantine}}\n"
HEAD = "mrn,dob,email,lastname\n"
GOOD = "A-1,2000-07-21,a@example.com,Quist\n"
BAD = "=cmd(),1999-13-01,b@example.com,Fernquist\n"


@pytest.fixture
def bulk(desk: Desk) -> Desk:
    desk.write(KARDIA)
    desk.write(HEAD + GOOD + BAD, "c.csv")
    return desk


def aside(desk: Desk) -> Path:
    return desk.path / "spring.rejected.csv"


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
def test_the_others_proceed_and_the_exit_code_says_so(bulk: Desk, command: str) -> None:
    more = ["--auto-approve"] if command == "apply" else []
    ran = bulk.run(command, str(bulk.path), *more)
    assert ran.code == 1
    assert "1 row of the cohort spring cannot be used and was quarantined" in ran.err
    assert "see spring.rejected.csv beside it" in ran.err
    assert "Fernquist" not in ran.out + ran.err
    assert ("POST /v1/patients" in ran.requests) == (command == "apply")
    assert bulk.plan("--detailed-exitcode").code == 1


def test_the_file_is_private_formula_safe_and_holds_the_cells(bulk: Desk) -> None:
    bulk.run("validate", str(bulk.path))
    assert stat.S_IMODE(aside(bulk).stat().st_mode) == 0o600
    assert aside(bulk).read_text() == (
        "rejected file,rejected line,rejected because,mrn,dob,email,lastname\n"
        f"{bulk.path / 'c.csv'},3,"
        "mrn is the text of a spreadsheet's formula; dob is not a valid YYYY-MM-DD date,"
        "'=cmd(),1999-13-01,b@example.com,Fernquist\n"
    )


def test_a_file_that_is_out_of_date_is_removed(bulk: Desk) -> None:
    bulk.plan()
    assert aside(bulk).exists()
    bulk.edit(lambda text: text.replace("1999-13-01", "1999-12-01").replace("=cmd()", "B-1"), "c.csv")
    ran = bulk.plan()
    assert ran.code == 0
    assert not aside(bulk).exists()


@pytest.mark.parametrize("content", [HEAD + GOOD, HEAD + GOOD + BAD])
def test_a_file_of_somebody_else_is_left_alone(bulk: Desk, content: str) -> None:
    bulk.write(content, "c.csv")
    aside(bulk).write_text("mine")
    ran = bulk.plan()
    assert aside(bulk).read_text() == "mine"
    assert "is not a quarantine file" in ran.err
    assert ran.code == int(BAD in content)


def test_a_link_in_its_place_is_not_followed(bulk: Desk) -> None:
    other = bulk.path / "other.csv"
    other.write_text("rejected file,rejected line,rejected because\n")
    aside(bulk).symlink_to(other)
    bulk.plan()
    assert other.read_text() == "rejected file,rejected line,rejected because\n"


def test_validate_json_has_every_row_as_a_diagnostic(bulk: Desk) -> None:
    ran = bulk.run("validate", str(bulk.path), "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["valid"], told["error_count"]) == (1, False, 2)
    assert [found["range"]["start"]["line"] for found in told["diagnostics"]] == [3, 3]


def test_whoever_is_managed_is_held_while_the_row_is_bad(bulk: Desk) -> None:
    bulk.write(HEAD + GOOD, "c.csv")
    assert bulk.apply().code == 0
    bulk.write(HEAD + GOOD.replace("2000", "20O0"), "c.csv")
    ran = bulk.apply()
    assert ran.code == 1
    assert "its row is quarantined" in ran.out
    bulk.write(HEAD + GOOD, "c.csv")
    ran = bulk.plan("--detailed-exitcode")
    assert (ran.code, "No changes." in ran.out) == (0, True)


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_whoever_reads_the_stream_alone_sees_why_the_exit_code_is_1(bulk: Desk, command: str) -> None:
    more = ["--auto-approve"] if command == "apply" else []
    ran = bulk.run(command, str(bulk.path), "--json", *more)
    errors = [line for line in map(json.loads, ran.out.splitlines()) if line["@level"] == "error"]
    assert ran.code == 1
    assert len(errors) == 1
    assert "1 row of the cohort spring cannot be used" in errors[0]["@message"]
    assert ran.err.count("Error:") == 1


def test_status_says_whom_its_counts_leave_out(bulk: Desk) -> None:
    ran = bulk.run("status", str(bulk.path))
    assert "Warning:" in ran.err
    assert "1 row of the cohort spring cannot be used and will not be counted" in ran.err
    assert not aside(bulk).exists()
