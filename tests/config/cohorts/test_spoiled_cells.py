"""What a program has spoiled is found in every source and every attribute, and no default takes its place."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from kardia_ctl.config import load
from kardia_ctl.config.loader import FILE
from kardia_ctl.instant import Instant
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError

SYSTEM = "https://clinic.example.com/mrn"
RIGHT = {"mrn": "A-1", "dob": "1970-02-03", "email": "a1@example.com", "firstname": "Ann", "lastname": "Lee"}
NOW = Instant(datetime(2026, 11, 29, tzinfo=UTC).timestamp())

Row = dict[str, str]


def delimited(mark: str) -> Callable[[Row], bytes]:
    def written(row: Row) -> bytes:
        quoted = (f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row.values())
        return f"{mark.join(row)}\n{mark.join(quoted)}\n".encode()

    return written


def workbook(row: Row) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(row))
    for column, text in enumerate(row.values(), start=1):
        cell = sheet.cell(2, column)
        cell.value, cell.data_type = text, "s"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def fhir(row: Row) -> bytes:
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": row["mrn"]}],
        "birthDate": row["dob"],
        "telecom": [{"system": "email", "value": row["email"]}],
        "name": [{"given": [row["firstname"]], "family": row["lastname"]}],
    }
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": patient}]}).encode()


def yaml(row: Row) -> bytes:
    return f"version: 1\npatients:\n  - {json.dumps(row)}\n".encode()


SOURCES: dict[str, tuple[Callable[[Row], bytes], str]] = {
    "c.csv": (delimited(","), ""),
    "c.tsv": (delimited("\t"), ""),
    "c.xlsx": (workbook, ""),
    "c.ndjson": (lambda row: json.dumps(row).encode() + b"\n", ""),
    "c.json": (fhir, f"identifier: '{SYSTEM}'"),
    FILE: (yaml, ""),
}


def loaded(folder: Path, source: str, row: Row, said: str = "") -> Configuration:
    write, needed = SOURCES[source]
    declared = ", ".join(filter(None, (f"source: {source}", needed, said)))
    (folder / FILE).write_text(f"version: 1\ncohorts: {{c: {{{declared}}}}}\n", encoding="utf-8")
    (folder / source).write_bytes(write(row))
    return load(folder, {}, NOW)


def refused(folder: Path, source: str, row: Row, said: str = "") -> str:
    with pytest.raises(ConfigurationError) as caught:
        loaded(folder, source, row, said)
    return "\n".join(f"{problem.source}: {problem.message}" for problem in caught.value.problems)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("=A1", "is the text of a spreadsheet's formula"),
        ("#REF!", "is a spreadsheet's error value (#REF!)"),
        ("Err:502", "is what a spreadsheet shows in place of a value"),
        ("1.23457E+11", "is a number in scientific notation"),
        ("A_x000D_", "has _xHHHH_"),
        ("A&amp;B", "has an entity"),
        ("A\ufffdB", "has U+FFFD REPLACEMENT CHARACTER at character 2"),
        ("\\N", "is a word that programs write in place of a value"),
        (' "A"', "has quotes"),
        ("A\u00a0B", "U+00A0 NO-BREAK SPACE at character 2"),
        ("A ", "ends with a blank: U+0020 SPACE at character 2"),
        ("  ", "has nothing but blanks"),
    ],
    ids=ascii,
)
def test_a_spoiled_value_is_an_error_in_every_source_and_attribute(
    tmp_path: Path, source: str, name: str, value: str, words: str
) -> None:
    said = refused(tmp_path, source, {**RIGHT, name: value})
    assert f"{name} {words}" in said or f"{name} has a character that cannot be printed: {words}" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("lastname", "NULL", "lastname is a word that programs write in place of a value (NULL)"),
        ("firstname", "JosÃ©", "firstname looks like UTF-8 that was read with another encoding"),
        ("email", "ann@example", "email has a host that no mail from elsewhere reaches"),
        ("dob", "1899-12-30", "dob is before 1905: 1899-12-30 is a spreadsheet's day 0"),
        ("mrn", "12345.0", "mrn ends with .0"),
    ],
)
def test_an_odd_value_is_a_warning_in_every_source(
    tmp_path: Path, source: str, name: str, value: str, words: str
) -> None:
    found = loaded(tmp_path, source, {**RIGHT, name: value})
    assert [warning for warning in found.warnings if words in warning]
    assert [getattr(patient, name) for patient in found.desired.patients.values()] == [value]


@pytest.mark.parametrize("source", SOURCES)
def test_a_birth_date_in_the_future_is_an_error_in_every_source(tmp_path: Path, source: str) -> None:
    assert "dob is in the future" in refused(tmp_path, source, {**RIGHT, "dob": "2068-07-16"})
    assert not loaded(tmp_path, source, {**RIGHT, "dob": "2026-11-30"}).warnings or source != FILE


@pytest.mark.parametrize("source", [name for name in SOURCES if name != FILE])
def test_a_default_never_fills_a_spoiled_cell(tmp_path: Path, source: str) -> None:
    default = "defaults: {lastname: Ek, email: other@example.com}"
    for name, value in (("lastname", "\\N"), ("lastname", "  "), ("email", "#N/A"), ("email", "NULL")):
        assert name in refused(tmp_path, source, {**RIGHT, name: value}, default)


@pytest.mark.parametrize("source", ["c.csv", "c.xlsx", "c.ndjson", "c.json"])
@pytest.mark.parametrize("mrn", ['="0012345"', "'0012345", "1.23457E+11", "#N/A", "A-1 ", "NULL"])
def test_a_spoiled_mrn_that_is_set_aside_says_of_nobody_that_he_is_gone(
    tmp_path: Path, source: str, mrn: str
) -> None:
    """Whose row it was is lost, so that everybody who is managed may be in it."""
    found = loaded(tmp_path, source, {**RIGHT, "mrn": mrn}, "on_bad_row: quarantine")
    assert (found.desired.quarantined_without_mrn, dict(found.desired.quarantined)) == (1, {})


@pytest.mark.parametrize("key", ["defaults", "constants"])
def test_what_a_cohort_declares_for_all_is_judged_where_it_stands(tmp_path: Path, key: str) -> None:
    row = {**RIGHT, "lastname": ""}
    said = refused(tmp_path, "c.csv", row, f'{key}: {{lastname: "#N/A"}}')
    assert "lastname is a spreadsheet's error value (#N/A)" in said
    warnings = loaded(tmp_path, "c.csv", row, f"{key}: {{lastname: NULL}}").warnings
    assert [warning for warning in warnings if "(NULL)" in warning and f"{FILE}:2:" in warning]
    assert not [warning for warning in warnings if "c.csv:2" in warning and "NULL" in warning]


def test_a_departures_mrn_is_judged_as_a_patients(tmp_path: Path) -> None:
    leaving = "departures: [{mrn: '1.2E+11', action: delete, reason: moved}]"
    (tmp_path / FILE).write_text(f"version: 1\n{leaving}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="mrn is a number in scientific"):
        load(tmp_path, {})


def test_names_with_joiners_stay_on_the_fast_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kardia_ctl.config.cohorts import row_patients

    monkeypatch.setattr(row_patients, "row_findings", None)
    text = "mrn,dob,email,lastname\n" + "".join(
        f"J-{number},1970-02-03,j{number}@example.com,{name}\n"
        for number, name in enumerate(["می\u200cرضایی", "ශ්\u200dරී", "'t Hooft", "KŘÍŽ"], start=1)
    )
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    (tmp_path / FILE).write_text("version: 1\ncohorts: {c: {source: c.csv}}\n", encoding="utf-8")
    assert len(load(tmp_path, {}).desired.patients) == 4
    (tmp_path / "c.csv").write_text(text.replace("می\u200c", "A\u200c"), encoding="utf-8")
    with pytest.raises(TypeError):
        load(tmp_path, {})


def test_a_million_wrong_rows_are_worded_each_for_itself(tmp_path: Path) -> None:
    rows = "".join(f"A-{number},1970-02-03,a@example.com,{'x' * number} \n" for number in range(1, 4))
    (tmp_path / "c.csv").write_text(f"mrn,dob,email,lastname\n{rows}", encoding="utf-8")
    (tmp_path / FILE).write_text("version: 1\ncohorts: {c: {source: c.csv}}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    words = [problem.message for problem in caught.value.problems]
    assert words == [f"lastname ends with a blank: U+0020 SPACE at character {at}" for at in (2, 3, 4)]
