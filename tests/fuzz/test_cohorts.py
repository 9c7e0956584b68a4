"""Cohorts that were cut, doubled, overwritten or repacked: problems or patients, in every format."""

import io
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError
from tests.fuzz.speech import bounded, patiently
from tests.fuzz.test_files import worn
from tests.paths import DATA

RANDOM = st.randoms(use_true_random=False)
SYSTEM = "https://hospital.example.com/mrn"
FORMATS = {
    "laboratory.tsv": "columns: {mrn: Lab No, dob: Born, email: Mail}",
    "app.ndjson": "columns: {mrn: userId, dob: birthday}",
    "ward.xlsx": "sheet: Patients, columns: {mrn: Case, dob: Date of birth, email: E-mail}",
    "hospital.json": f"identifier: '{SYSTEM}'",
    "outpatients.ndjson": f"format: fhir, identifier: '{SYSTEM}'",
}


def read(name: str, content: bytes, said: str) -> Configuration | None:
    """The configuration; None when there are problems."""
    with TemporaryDirectory() as directory, patiently():
        (Path(directory) / name).write_bytes(content)
        text = f"version: 1\ncohorts: {{c: {{source: {name}, {said}}}}}\n"
        (Path(directory) / "kardia.yaml").write_text(text)
        try:
            return load(Path(directory), {})
        except ConfigurationError:
            return None


def repacked(random: Random, content: bytes) -> bytes:
    """The workbook with one of its parts worn, so that the archive itself is whole."""
    target = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        parts = old.infolist()
        chosen = random.choice(parts)
        for part in parts:
            data = old.read(part)
            new.writestr(part, worn(random, data) if part is chosen else data)
    return target.getvalue()


@pytest.mark.parametrize("name", FORMATS)
@bounded(60)
@given(random=RANDOM, aside=st.booleans())
def test_a_worn_cohort_is_problems_or_patients(name: str, random: Random, aside: bool) -> None:
    content = (DATA / "formats" / "cohorts" / name).read_bytes()
    said = FORMATS[name] + (", on_bad_row: quarantine" if aside else "")
    read(name, worn(random, content), said)
    if name.endswith(".xlsx"):
        read(name, repacked(random, content), said)


@pytest.mark.parametrize("name", FORMATS)
@bounded(40)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_problems_or_patients(name: str, content: bytes) -> None:
    read(name, content, FORMATS[name])


@pytest.mark.parametrize(
    "sheet",
    [
        '<row r="99999999999"><c r="A1"><v>1</v></c></row>',
        '<row r="9"><c r="ZZZZZZ2"><v>1</v></c></row>',
        '<row r="2"><c r="A2" t="inlineStr"><is><t>A</t></is></c></row>',
        '<row r="0"><c r="A0"><v>1</v></c></row>',
        '<row r="-5"><c r="A1" t="s"><v>99999</v></c></row>',
        '<row r="9"><c r="A9" t="d"><v>not a date</v></c></row>',
        '<row r="9"><c r="A9"><v>1e999</v></c></row>',
        "<row>" * 5000,
    ],
)
def test_a_sheet_that_no_program_writes_is_refused_in_little_time(sheet: str) -> None:
    content = (DATA / "formats" / "cohorts" / "ward.xlsx").read_bytes()
    target = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename == "xl/worksheets/sheet2.xml":
                data = data.replace(b"</sheetData>", sheet.encode() + b"</sheetData>")
            new.writestr(part, data)
    assert read("ward.xlsx", target.getvalue(), FORMATS["ward.xlsx"]) is None


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet2.xml", "xl/styles.xml"])
def test_entities_do_not_expand(part: str) -> None:
    content = (DATA / "formats" / "cohorts" / "ward.xlsx").read_bytes()
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(12))
    target = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for one in old.infolist():
            data = old.read(one)
            if one.filename == part:
                body = data.partition(b"?>")[2] if data.startswith(b"<?xml") else data
                data = f"<!DOCTYPE x [{laughs}]>".encode() + body.replace(b"</", b"&l11;</", 1)
            new.writestr(one, data)
    assert read("ward.xlsx", target.getvalue(), FORMATS["ward.xlsx"]) is None


@bounded(100)
@given(RANDOM)
def test_no_line_of_ndjson_is_lost(random: Random) -> None:
    worn_out = worn(random, (DATA / "formats" / "cohorts" / "app.ndjson").read_bytes() * 3)
    found = read("app.ndjson", worn_out, FORMATS["app.ndjson"] + ", on_bad_row: quarantine")
    if found is not None:
        (aside,) = found.quarantines
        lines = [line for line in worn_out.decode("utf-8-sig").splitlines() if line and not line.isspace()]
        assert len(found.desired.patients) + len(aside.rows) == len(lines)
