"""The same patients from every format, and what each format refuses, with the place."""

import io
import json
import math
from datetime import date, datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest

from kardia_ctl.config.cohorts.formats import blocks
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading

HEADER = ("mrn", "dob", "email", "firstname", "lastname", "sex", "id", "codes")
PEOPLE = (
    ("0012345", "2000-07-21", "a@example.com", "Ottoline", "Fernquist", "2", "", "a;b"),
    ("NO", "1949-02-11", "b@example.com", "Corvin", "Quöist", "male", "", ""),
    ("1e5", "1960-01-05", "c@example.com", "", "", "", "pin-3", "a"),
)
SYSTEM = "https://clinic.example.com/mrn"


def told(error: pytest.ExceptionInfo[ConfigurationError]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


def seen(found: Configuration) -> list[tuple[Any, ...]]:
    return [
        (one.mrn, one.dob, one.email, one.firstname, one.lastname, one.sex, one.id, one.codes)
        for one in found.desired.patients.values()
    ]


EXPECTED = [
    ("0012345", "2000-07-21", "a@example.com", "Ottoline", "Fernquist", "2", "", ("a", "b")),
    ("NO", "1949-02-11", "b@example.com", "Corvin", "Quöist", "1", "", ()),
    ("1e5", "1960-01-05", "c@example.com", "", "", "", "pin-3", ("a",)),
]


def separated(delimiter: str, end: str = "\n", quote: str = "") -> str:
    rows = (delimiter.join(f"{quote}{cell}{quote}" for cell in row) for row in (HEADER, *PEOPLE))
    return end.join(rows) + end


def workbook(*rows: tuple[Any, ...], title: str = "Patients", **sheets: tuple[tuple[Any, ...], ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for name, others in sheets.items():
        other: Any = book.create_sheet(name)
        for row in others:
            other.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("c.csv", separated(","), ""),
        ("c.csv", separated(",", "\r\n"), ""),
        ("c.csv", separated(",", "\r"), ""),
        ("c.csv", separated(",").rstrip("\n"), ""),
        ("c.csv", "\ufeff" + separated(",", quote='"'), ""),
        ("c.csv", separated("^"), "delimiter: ^"),
        ("c.csv", separated("\t"), "delimiter: tab"),
        ("c.tsv", separated("\t"), ""),
        ("c.export", separated(","), "format: csv"),
        ("c.ndjson", "\n".join(json.dumps(dict(zip(HEADER, row, strict=True))) for row in PEOPLE), ""),
        ("c.xlsx", workbook(HEADER, *PEOPLE), ""),
        ("c.xlsx", workbook(("?",), title="Notes", People=(HEADER, *PEOPLE)), "sheet: People"),
    ],
)
def test_every_format_gives_the_same_texts(
    cohort: Loading, name: str, content: str | bytes, said: str
) -> None:
    found = cohort(name, content, said)
    assert seen(found) == EXPECTED
    cut = isinstance(content, str) and not content.endswith(("\n", "\r"))
    assert ["no line end" in warning for warning in found.warnings] == [True] * cut


@pytest.mark.parametrize(
    ("name", "said", "message"),
    [
        ("c.xls", "", "save it as .xlsx"),
        ("c.dat", "", "the file's extension does not say its format"),
        ("c.csv", "sheet: x", "sheet does not apply to the format csv"),
        ("c.ndjson", "delimiter: ;", "delimiter does not apply to the format ndjson"),
        ("c.json", "", "needs identifier, to find the mrn"),
        ("c.csv", "columns: {sex: S}, constants: {sex: male}", "sex is in columns and in constants"),
        ("c.csv", "defaults: {sex: 1}, constants: {sex: male}", "sex is in defaults and in constants"),
        ("c.csv", "columns: {dob: {column: x, format: DD.MM.YY}}", "format is not valid"),
        ("c.csv", "columns: {dob: {column: x, format: DD.DD.YYYY}}", "format is not valid"),
    ],
)
def test_what_does_not_go_together_is_refused(cohort: Loading, name: str, said: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort(name, separated(","), said)
    assert message in "\n".join(told(caught))


def test_defaults_fill_and_constants_hold(cohort: Loading) -> None:
    text = "mrn,dob,email,sex,lastname\nA,2000-07-21,a@example.com,,\nB,2000-07-21,b@example.com,1,Quist\n"
    found = cohort("c.csv", text, "defaults: {sex: female}, constants: {lastname: Rowe, codes: [a]}")
    assert [(one.sex, one.lastname, one.codes) for one in found.desired.patients.values()] == [
        ("2", "Rowe", ("a",)),
        ("1", "Rowe", ("a",)),
    ]


@pytest.mark.parametrize(
    ("notation", "written"),
    [
        ("DD.MM.YYYY", "29.02.2000"),
        ("MM/DD/YYYY", "02/29/2000"),
        ("M/D/YYYY", "2/29/2000"),
        ("YYYYMMDD", "20000229"),
        ("DD-MMM-YYYY", "29-feb-2000"),
        ("DDMMMYYYY", "29FEB2000"),
    ],
)
def test_a_date_is_read_as_its_mapping_says(cohort: Loading, notation: str, written: str) -> None:
    text = f"mrn,Birth date,email\nA,{written},a@example.com\n"
    found = cohort("c.csv", text, f"columns: {{dob: {{column: Birth date, format: {notation}}}}}")
    assert found.desired.patients["A"].dob == "2000-02-29"


@pytest.mark.parametrize("written", ["29.02.2001", "1.2.2000", "29.02.00", "2000-02-29", "29.02.2000 "])
def test_a_date_that_is_written_otherwise_is_an_error(cohort: Loading, written: str) -> None:
    text = f"mrn,Birth date,email\nA,{written},a@example.com\n"
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", text, "columns: {dob: {column: Birth date, format: DD.MM.YYYY}}")
    (line,) = told(caught)
    assert line == (
        'c.csv:2:3: patient/A: dob is not a valid DD.MM.YYYY date (column "Birth date"). '
        "Correct the cell, or the format declared for the column"
    )


def test_a_header_that_nearly_is_an_attribute_is_warned_of(cohort: Loading) -> None:
    found = cohort("c.csv", "mrn,dob,email,First Name\nA,2000-07-21,a@example.com,Joe\n")
    assert found.warnings == (
        'c.csv:1: the column "First Name" is not read; to read it, set columns: {firstname: First Name}',
    )


def test_places_hold_far_into_a_file_and_behind_quoted_newlines(
    cohort: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kardia_ctl.config.cohorts.formats.csv.SIZE", 64)
    rows = "".join(f'P-{n},2000-07-21,p{n}@example.com,"x{chr(10) * (n % 3)}"\n' for n in range(100))
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", f"mrn,dob,email,note\n{rows}P-100,2000-07-21,wrong,\n")
    (line,) = told(caught)
    assert line.startswith("c.csv:201:18: patient/P-100: email is not an e-mail address")


def test_a_row_longer_than_a_block_is_one_row(cohort: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kardia_ctl.config.cohorts.formats.csv.SIZE", 16)
    note = '"' + "line\n" * 50 + '"'
    found = cohort(
        "c.csv", f"mrn,dob,email,note\nA,2000-07-21,a@example.com,{note}\nB,2000-07-21,b@example.com,\n"
    )
    assert [(one.mrn, one.line) for one in found.desired.patients.values()] == [("A", 2), ("B", 53)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"mrn": 12345}', "c.ndjson:1:9: mrn is not a string. Put it in quotes"),
        ('{"mrn": "A", "dob": 20000721}', "c.ndjson:1:21: patient/A: dob is not a string"),
        ('{"mrn": "A", "mrn": "B"}', "c.ndjson:1:1: the line is not a JSON object"),
        ("[1]", "c.ndjson:1:1: the line is not a JSON object"),
        ('{"mrn": NaN}', "c.ndjson:1:1: the line is not a JSON object"),
        ('{"a":' * 100 + "1" + "}" * 100, "c.ndjson:1:1: dob is missing"),
        ("[" * 100_000, "c.ndjson:1:1: the line is not a JSON object"),
        (
            '{"mrn": "A", "dob": "2000-07-21", "email": "\\ud800@example.com"}',
            "c.ndjson:1:44: patient/A: email",
        ),
        ('{"mrn": "A", "codes": ["a;b"]}', "c.ndjson:1:23: patient/A: codes is not a list of names"),
    ],
)
def test_an_object_that_is_wrong_is_told_with_its_place(cohort: Loading, line: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.ndjson", line + "\n")
    assert told(caught)[0].startswith(message)


def test_a_key_that_no_object_has_is_told_once(cohort: Loading) -> None:
    text = '{"mrn": "A", "dob": "2000-07-21", "email": "a@example.com", "fullName": "Quist"}\n'
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.ndjson", text, "columns: {lastname: fulName}")
    assert told(caught) == ['c.ndjson:1:1: there is no key "fulName" for lastname: did you mean "fullName"?']


@pytest.mark.parametrize(
    ("name", "cell", "message"),
    [
        ("mrn", 12345, 'c.xlsx:2:1: mrn is a number cell, not text (column A, "mrn")'),
        ("mrn", 12345.0, "c.xlsx:2:1: mrn is a number cell"),
        ("mrn", date(2000, 7, 21), "c.xlsx:2:1: mrn is a date cell"),
        ("mrn", True, "c.xlsx:2:1: mrn is a TRUE or FALSE cell"),
        ("mrn", "#N/A", "c.xlsx:2:1: mrn is a spreadsheet error"),
        ("dob", 36728, "c.xlsx:2:2: patient/A: dob is a number cell"),
        ("dob", datetime.fromisoformat("2000-07-21T09:30"), "c.xlsx:2:2: patient/A: dob has a time of day"),
        ("sex", 1.5, "c.xlsx:2:4: patient/A: sex is a number cell"),
    ],
)
def test_a_cell_that_may_have_lost_something_is_an_error(
    cohort: Loading, name: str, cell: object, message: str
) -> None:
    row = {"mrn": "A", "dob": "2000-07-21", "email": "a@example.com", "sex": "1"} | {name: cell}
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.xlsx", workbook(tuple(row), tuple(row.values())))
    assert told(caught)[0].startswith(message)


@pytest.mark.parametrize("said", ["", "columns: {dob: {column: dob, format: DD.MM.YYYY}}"])
def test_a_date_cell_is_a_birth_date(cohort: Loading, said: str) -> None:
    head, row = ("mrn", "dob", "email", "sex"), ("A", date(1931, 5, 17), "a@example.com", 2)
    patient = cohort("c.xlsx", workbook(head, row), said).desired.patients["A"]
    assert (patient.dob, patient.sex) == ("1931-05-17", "2")


def test_a_wrong_dimension_loses_no_cell(cohort: Loading) -> None:
    data = workbook(HEADER, *PEOPLE)
    target = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for part in old.infolist():
            text = old.read(part)
            assert part.filename != "xl/worksheets/sheet1.xml" or b'ref="A1:H4"' in text
            new.writestr(part, text.replace(b'<dimension ref="A1:H4"', b'<dimension ref="A1:A2"'))
    assert seen(cohort("c.xlsx", target.getvalue())) == EXPECTED


def test_an_unknown_sheet_is_told_with_those_that_there_are(cohort: Loading) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.xlsx", workbook(HEADER), "sheet: Peeple")
    assert told(caught)[0].endswith('the workbook has no sheet "Peeple". Its sheets: "Patients"')


def test_a_workbook_that_unpacks_to_too_much_is_refused(cohort: Loading) -> None:
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b" " * (9 << 20))
    assert len(target.getvalue()) < 10_000
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.xlsx", target.getvalue())
    assert told(caught)[0].startswith("c.xlsx:1:1: the file comes to too many bytes unpacked for its size. ")


def test_a_missing_extra_is_told_with_the_command(cohort: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.xlsx", workbook(HEADER))
    assert "pip install 'kardia-ctl[xlsx]'" in told(caught)[0]


JOE: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:other", "value": "X"}, {"system": SYSTEM, "value": "0012345"}],
    "name": [
        {"use": "nickname", "given": ["Jojo"], "family": "S"},
        {"use": "official", "given": ["Joseph", "Peter"], "family": "Smithson"},
    ],
    "birthDate": "2000-07-21",
    "gender": "male",
    "telecom": [
        {"system": "phone", "value": "555"},
        {"system": "email", "value": "second@example.com", "rank": 2},
        {"system": "email", "value": "joe@example.com", "rank": 1},
        {"system": "email", "value": "old@example.com", "use": "old"},
    ],
}


def bundle(*patients: Any, indent: int | None = None, **more: Any) -> str:
    entries = [{"fullUrl": "urn:uuid:1", "resource": one} for one in patients]
    return json.dumps(
        {"resourceType": "Bundle", "type": "searchset", "entry": entries, **more}, indent=indent
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("c.json", bundle(JOE), ""),
        ("c.json", "\ufeff\n" + bundle(JOE, indent=2) + "\n", ""),
        ("c.ndjson", json.dumps(JOE) + "\n", "format: fhir, "),
    ],
)
def test_a_fhir_patient_declares_what_its_elements_say(
    cohort: Loading, name: str, content: str, said: str
) -> None:
    (one,) = cohort(name, content, f"{said}identifier: '{SYSTEM}'").desired.patients.values()
    assert (one.mrn, one.dob, one.email) == ("0012345", "2000-07-21", "joe@example.com")
    assert (one.firstname, one.lastname, one.sex) == ("Joseph Peter", "Smithson", "1")


@pytest.mark.parametrize(
    ("gender", "digit"), [("male", "1"), ("female", "2"), ("other", "0"), ("unknown", "0")]
)
def test_gender_becomes_a_digit_of_iso_5218(cohort: Loading, gender: str, digit: str) -> None:
    found = cohort("c.json", bundle({**JOE, "gender": gender}), f"identifier: '{SYSTEM}'")
    assert found.desired.patients["0012345"].sex == digit


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"birthDate": "2000"}, "the birth date is a year, or a year and a month, without a day"),
        ({"birthDate": "2000-07"}, "the birth date is a year, or a year and a month, without a day"),
        (
            {"identifier": []},
            "no identifier has the system that gives the mrn (entry, ",
        ),
        (
            {"identifier": JOE["identifier"] + [{"system": SYSTEM, "value": "B"}]},
            "2 identifiers have the system",
        ),
        ({"identifier": [{"system": SYSTEM, "value": ["A-1"]}]}, "the identifier's value is not a string"),
        ({"identifier": [{"system": SYSTEM, "value": 12}]}, "the identifier's value is not a string"),
        ({"active": "false"}, "active is not true or false"),
        ({"gender": "m"}, "gender is not male, female, other or unknown"),
        ({"name": "Joe"}, "name is not a list of objects"),
        ({"telecom": [{"system": "email", "value": 5}]}, "value is not a string"),
        ({"telecom": []}, "email is missing"),
        ({"resourceType": 5}, "this is not a FHIR resource"),
    ],
)
def test_an_element_that_is_wrong_is_told_with_the_entry(
    cohort: Loading, change: dict[str, Any], message: str
) -> None:
    right = {**JOE, "identifier": [{"system": SYSTEM, "value": "A"}]}
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.json", bundle(right, {**JOE, **change}), f"identifier: '{SYSTEM}'")
    (line,) = told(caught)
    assert line.startswith("c.json:2: ")
    assert message in line


def test_who_is_inactive_or_deceased_is_left_out_and_counted(cohort: Loading) -> None:
    def other(number: int, **change: Any) -> dict[str, Any]:
        return {**JOE, "identifier": [{"system": SYSTEM, "value": f"P-{number}"}], **change}

    people = (
        other(1, active=False),
        other(2, deceasedBoolean=True),
        other(3, deceasedDateTime="2026-01-01"),
        other(4, deceasedBoolean=False, active=True),
        {"resourceType": "Practitioner"},
    )
    found = cohort("c.json", bundle(*people), f"identifier: '{SYSTEM}'")
    assert list(found.desired.patients) == ["P-4"]
    assert found.warnings == (
        "c.json: deceased patients left out: 2",
        "c.json: inactive patients left out: 1",
        "c.json: resources other than patients left out: 1",
    )


def test_a_bundle_with_a_next_page_is_warned_of(cohort: Loading) -> None:
    text = bundle(JOE, link=[{"relation": "next", "url": "https://example.com/2"}])
    assert cohort("c.json", text, f"identifier: '{SYSTEM}'").warnings == (
        "c.json:1: the Bundle has a next page, which is not in this file",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is not a FHIR Bundle"),
        (json.dumps(JOE), "the file is not a FHIR Bundle"),
        ("[]", "the file is not a FHIR Bundle"),
        ("[" + "1, " * 2_000_000, "the file is not a FHIR Bundle"),
        ("[" + "1,\n" * 2_000_000, "the file is not a FHIR Bundle"),
        (bundle(JOE)[:-20], "the file is not valid JSON"),
        (bundle(JOE, value=math.nan), "the file is not valid JSON"),
        (bundle(JOE, entry={"resource": JOE}), "entry is not a list"),
        (bundle(JOE, entry=None), "entry is not a list"),
        (bundle(JOE)[:-1] + ', "type": ""}', "the Bundle has a duplicate key"),
        (
            '{"resourceType": "Bundle", "meta": [' + '"x",\n' * 2_000_000 + "]}",
            "a value is longer than 4 MiB",
        ),
        (bundle(JOE) + "x", "there is text after the Bundle"),
        ('{"resourceType": "Bundle", "entry": ' + "[" * 100_000, "the JSON is nested too deeply"),
        ('{"resourceType": "Bundle", "entry": ["' + "x" * 5_000_000, "a value is longer than 4 MiB"),
    ],
)
def test_what_is_no_bundle_is_one_problem(cohort: Loading, content: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.json", content, f"identifier: '{SYSTEM}'")
    (line,) = told(caught)
    assert message in line


def test_a_bundle_is_read_as_a_stream(cohort: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kardia_ctl.config.cohorts.formats.fhir.fhir_file.SIZE", 16)
    people = ({**JOE, "identifier": [{"system": SYSTEM, "value": f"P-{n}"}]} for n in range(300))
    found = cohort("c.json", bundle(*people, indent=1), f"identifier: '{SYSTEM}'")
    assert [one.line for one in found.desired.patients.values()] == list(range(1, 301))


@pytest.mark.parametrize("name", ["c.json", "c.ndjson"])
def test_fhir_in_utf_16_is_told_no_key_that_does_not_apply(cohort: Loading, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort(name, bundle(JOE).encode("utf-16"), f"format: fhir, identifier: '{SYSTEM}'")
    assert told(caught) == [f"{name}:1:1: the file is UTF-16. Save it as UTF-8"]


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("c.csv", "", "Look for a quote that is never closed"),
        ("c.ndjson", "", "Write one object per line, each key once"),
        ("c.ndjson", f"format: fhir, identifier: '{SYSTEM}'", "Export the Patient resources alone"),
    ],
)
def test_a_line_that_is_too_long_has_a_remedy_of_its_format(
    cohort: Loading, name: str, said: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort(name, json.dumps(JOE)[:-1] + ', "photo": "' + "x" * 5_000_000, said)
    (line,) = told(caught)
    assert f"{name}:1:1: a line is longer than 4 MiB. {remedy}" in line


def test_a_mark_in_the_middle_is_no_beginning() -> None:
    from kardia_ctl.config.source_files import InvalidContent

    with pytest.raises(InvalidContent):
        list(blocks.blocks([b"a\n", b"\xef\xbb\xbfb\n"]))
