"""``codes`` for some patients alone, and never on the log of a CI job."""

import csv
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Desk

CODE = "GET /v1/patients/{id}/code"
PAGE = "GET /v1/patients"
TWO = "mrn,dob,email,codes\n"
TWO += "SP-1,2000-01-01,sp1@example.com,one-year\nSP-2,2000-01-02,sp2@example.com,one-year\n"


@pytest.fixture
def codes(desk: Desk, tmp_path: Path) -> Path:
    """The file of codes; two of the clinic's own and two of a cohort are issued."""
    desk.write(TWO, "spring.csv")
    desk.edit(lambda text: text + "cohorts: {spring: {source: spring.csv}}\n")
    assert desk.apply().code == 0
    return tmp_path / "codes.csv"


def mrns(file: Path) -> list[str]:
    return [row["mrn"] for row in csv.DictReader(file.read_text().splitlines())] if file.exists() else []


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--mrn", "SP-2"], ["SP-2"]),
        (["--mrn", "SP-2", "--mrn", "SP-1"], ["SP-1", "SP-2"]),
        (["--target", "patient/SP-1"], ["SP-1"]),
        (["--target", "connection_code/SP-1/one-year", "--mrn", "SP-2"], ["SP-1", "SP-2"]),
        (["--cohort", "spring", "--mrn", "SP-2"], ["SP-2"]),
    ],
)
def test_the_codes_of_some_patients(desk: Desk, codes: Path, options: list[str], wanted: list[str]) -> None:
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--codes-out", str(codes), *options)
    assert (ran.code, sorted(mrns(codes)), ran.requests.count(CODE)) == (0, wanted, len(wanted))
    assert f"{len(wanted)} code" in ran.err


def test_a_named_patient_is_read_by_id_and_nobody_else_is(desk: Desk, codes: Path) -> None:
    rows = "".join(f"SP-{number},2000-01-02,sp{number}@example.com,\n" for number in range(3, 603))
    desk.write(TWO + rows, "spring.csv")
    assert desk.apply().code == 0
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--codes-out", str(codes), "--mrn", "SP-2")
    assert ran.code == 0
    assert ran.requests.count(PAGE) == 0
    assert ran.requests.count(CODE) == 1


def test_a_pseudonym_names_a_patient_too(desk: Desk, codes: Path) -> None:
    shown = desk.run("audit", "export", str(desk.path)).out
    pseudonyms = sorted(set(re.findall(r"connection_code/(~[0-9a-z]{10})/", shown)))
    assert len(pseudonyms) == 4
    wanted = [word for name in pseudonyms[:2] for word in ("--target", f"patient/{name}")]
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--codes-out", str(codes), *wanted)
    assert (ran.code, ran.requests.count(CODE), len(mrns(codes))) == (0, 2, 2)


def test_missing_and_named_together_ask_for_what_the_file_lacks_of_them(desk: Desk, codes: Path) -> None:
    desk.run("codes", str(desk.path), "--auto-approve", "--codes-out", str(codes), "--mrn", "SP-1")
    ran = desk.run(
        "codes",
        str(desk.path),
        "--auto-approve",
        "--codes-out",
        str(codes),
        "--missing",
        "--cohort",
        "spring",
    )
    assert (ran.requests.count(CODE), mrns(codes)) == (1, ["SP-1", "SP-2"])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--mrn", "XX-1"], "Error: patient/XX-1 is not declared in the configuration"),
        (["--target", "connection_code/SP-1/other"], "connection_code/SP-1/other is not declared"),
        (["--target", "callback"], "--target callback: the address must be a patient or a connection_code"),
        (["--cohort", "autumn"], "--cohort autumn: no patient is declared in a cohort of this name"),
        (["--cohort", ""], "no patient is declared in a cohort of this name"),
        (["--target", "SP-1"], "is not an address"),
    ],
)
def test_what_is_not_declared_is_an_error_before_any_request(
    desk: Desk, codes: Path, options: list[str], reason: str
) -> None:
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--codes-out", str(codes), *options)
    assert (ran.code, ran.requests) == (1, [])
    assert reason in ran.err
    assert not codes.exists()


def test_a_patient_without_codes_and_a_code_that_was_not_issued_are_said(desk: Desk, codes: Path) -> None:
    desk.write(
        TWO.replace("sp2@example.com,one-year", "sp2@example.com,")
        + "SP-3,2000-01-03,sp3@example.com,one-year\n",
        "spring.csv",
    )
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--codes-out", str(codes), "--mrn", "SP-2")
    assert (ran.code, ran.err) == (
        1,
        "Error: patient/SP-2: no codes are declared for it. Add them under codes\n",
    )
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--codes-out", str(codes), "--mrn", "SP-3")
    assert ran.code == 0
    assert "Not fetched, because it was not issued: connection_code/SP-3/one-year" in ran.err
    assert "No codes to fetch." in ran.err
    assert ran.requests.count(CODE) == 0


@pytest.mark.parametrize("file", ["-", "/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/2"])
def test_in_ci_a_code_is_never_printed(
    desk: Desk, codes: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setenv("CI", "true")
    issued = [code.code for code in desk.account.connections.codes()]
    for command in (["codes", str(desk.path)], ["apply", str(desk.path)]):
        ran = desk.run(*command, "--auto-approve", "--codes-out", file)
        if command[0] == "codes" or file != "-":
            assert (ran.code, ran.requests) == (1, [])
            assert "in CI the output is a log, which others read" in ran.err or file == "-"
        assert not any(code in ran.out + ran.err for code in issued)
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--codes-out", str(codes))
    assert (ran.code, len(mrns(codes))) == (0, 4)
    assert not any(code in ran.out + ran.err for code in issued)
