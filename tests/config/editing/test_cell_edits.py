"""CSV, TSV and NDJSON: one cell gets another text, in every encoding, and no other byte changes."""

import csv
import io
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.config.editing.worlds import World, facts, live, texts
from tests.paths import EXAMPLES

DELIMITERS: Final = (",", ";", "\t", "|")
ENCODINGS: Final = (
    "",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "cp1252",
    "iso-8859-2",
    "utf-7",
)

notes = st.text(st.sampled_from('ab ",;\t|é\n\r='), max_size=12)
"""What stands in a column that nobody reads: quotes, delimiters and line ends too."""


def quoted(cell: str, *, always: bool) -> str:
    needs = always or any(mark in cell for mark in ',;\t|"\n\r')
    return '"' + cell.replace('"', '""') + '"' if needs else cell


@given(
    st.sampled_from(DELIMITERS),
    st.sampled_from(ENCODINGS),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.lists(notes, min_size=4, max_size=4),
    st.sampled_from(["Ann", "", "Ann, Mary", 'Ann "Nan"']),
    texts,
    st.booleans(),
)
@example(",", "", "\n", False, ["", "", "", ""], "Ann", 'Ann "Nan", Lee', True)
def test_a_cell_is_replaced_alone(
    delimiter: str, encoding: str, end: str, always: bool, note: list[str], old: str, new: str, last_end: bool
) -> None:
    def row(*cells: str) -> str:
        return delimiter.join(quoted(cell, always=always) for cell in cells) + end

    head = row("mrn", "note", "firstname", "dob", "email")
    head += row("A-0", note[0], "Eve", "1970-02-03", "a0@example.com") + end
    head += delimiter.join((quoted("A-1", always=always), quoted(note[1], always=always), ""))
    tail = delimiter + delimiter.join(("1970-02-03", "a1@example.com")) + end
    tail += row("A-2", note[2], "Eve", "1970-02-03", "a2@example.com")
    text = (head + quoted(old, always=always) + tail).removesuffix("" if last_end else end)
    tail = tail.removesuffix("" if last_end else end)
    try:
        data = text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return
    declared = f"encoding: {encoding}" if encoding else ""
    yaml = f"version: 1\ncohorts:\n  c: {{source: c.csv, delimiter: {json.dumps(delimiter)}, {declared}}}\n"
    with TemporaryDirectory() as folder:
        world = World(Path(folder), {"kardia.yaml": yaml.replace('"\\t"', "tab").encode(), "c.csv": data})
        before = world.load().desired.patients
        found = world.take(live("A-1", "firstname", new))
        if found.not_taken:
            assert not found.files
            return
        (file,) = found.files
        after = file.after.decode(encoding or "utf-8")
        assert after.startswith(head)
        assert after.endswith(tail)
        written = after[len(head) : len(after) - len(tail)]
        assert next(csv.reader(io.StringIO(written), delimiter=delimiter, strict=True)) == [
            found.taken[0].written
        ]
        file.path.write_bytes(file.after)
        read = world.load().desired.patients
        assert read["A-1"].firstname == found.taken[0].written
        assert [facts(patient) for patient in read.values()] == [
            facts(patient) for patient in before.values()
        ]


def cohort(tmp_path: Path, data: bytes, keys: str = "", name: str = "c.csv") -> World:
    yaml = f"version: 1\ncohorts:\n  c: {{source: {name}{keys and ', '}{keys}}}\n".encode()
    return World(tmp_path, {"kardia.yaml": yaml, name: data})


ROW: Final = b"mrn,dob,email,firstname\nA-1,1970-02-03,a@example.com,Ann\n"


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("", b""),
        ("", b"\xef\xbb\xbf"),
        ("utf-16", b"\xff\xfe"),
        ("utf-16-be", b""),
        ("cp1252", b""),
    ],
)
@pytest.mark.parametrize("new", ["Zoë", "O'Hara", "null", "Ann-Marie"])
def test_a_name_is_taken_in_every_encoding(tmp_path: Path, encoding: str, mark: bytes, new: str) -> None:
    plain = "utf-16-le" if encoding == "utf-16" else encoding or "utf-8"
    keys = f"encoding: {encoding}" if encoding else ""
    world = cohort(tmp_path, mark + ROW.decode().encode(plain), keys)
    after = world.taken(live("A-1", "firstname", new))["c.csv"]
    assert after == mark + ROW.decode().replace("Ann", new).encode(plain)
    assert world.load().desired.patients["A-1"].firstname == new


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("c.csv", ROW.replace(b"\n", b"\r")),
        ("c.csv", b"sep=;\r\n\r\n" + ROW.replace(b",", b";").replace(b"\n", b"\r\n")),
        ("c.csv", b"\n,,,\n" + ROW.removesuffix(b"\n")),
        ("c.csv", b'mrn,note,dob,email,firstname\nA-1,"a\nb",1970-02-03,a@example.com,Ann\n'),
        ("c.tsv", ROW.replace(b",", b"\t")),
        ("c.txt", ROW.replace(b",", b"|")),
        (
            "c.ndjson",
            b'\xef\xbb\xbf{"mrn":"A-1","dob":"1970-02-03","email":"a@example.com","firstname":"Ann"}',
        ),
        ("c.jsonl", b'\r\n\r{"firstname": "Ann", "mrn":"A-1","dob":"1970-02-03","email":"a@example.com"}\r'),
    ],
    ids=["CR", "sep", "blank rows above", "a line end in a cell", "TSV", "bars", "BOM", "CR in NDJSON"],
)
def test_files_of_every_shape_are_edited(tmp_path: Path, name: str, data: bytes) -> None:
    world = cohort(tmp_path, data, "", name)
    after = world.taken(live("A-1", "firstname", "Zoë"))[name]
    assert after == data.replace(b"Ann", "Zoë".encode())
    assert world.load().desired.patients["A-1"].firstname == "Zoë"


def test_a_character_that_the_encoding_lacks_is_refused(tmp_path: Path) -> None:
    world = cohort(tmp_path, ROW, "encoding: cp1252")
    (reason,) = world.refused(live("A-1", "firstname", "Łucja"))
    assert "c.csv:2: patient/A-1: firstname was not taken: the live firstname has a character that" in reason
    assert reason.endswith("Save the file as UTF-8, and remove encoding from the cohort")
    assert "ucja" not in reason


def test_bytes_that_their_encoding_would_write_otherwise_are_refused(tmp_path: Path) -> None:
    world = cohort(tmp_path, ROW.replace(b"Ann", b"+AEE-nn"), "encoding: utf-7")  # A needs no escape in UTF-7
    (reason,) = world.refused(live("A-1", "email", "new@example.com"))
    assert "the file does not have the form in which its encoding is written" in reason


@pytest.mark.parametrize(
    ("keys", "column", "attribute", "old", "new", "written"),
    [
        (
            "columns: {dob: {column: born, format: DD.MM.YYYY}}",
            "born",
            "dob",
            "03.02.1970",
            "1971-12-31",
            "31.12.1971",
        ),
        (
            "columns: {dob: {column: born, format: D-MMM-YYYY}}",
            "born",
            "dob",
            "3-Feb-1970",
            "1971-12-31",
            "31-dec-1971",
        ),
        ("", "dob", "dob", "1970-02-03T00:00:00", "1971-12-31T00:00:00", "1971-12-31"),
        ("", "sex", "sex", "1", "2", "2"),
        ("", "sex", "sex", "M", "2", "F"),
        ("", "sex", "sex", "Male", "2", "Female"),
        ("", "sex", "sex", "m", "9", "not applicable"),
        ("values: {sex: {mann: male, frau: female}}", "sex", "sex", "Mann", "2", "Frau"),
        ("values: {sex: {mann: male, '2': male}}", "sex", "sex", "mann", "0", "0"),
        ("defaults: {sex: male}", "sex", "sex", "", "2", "2"),
    ],
)
def test_a_cell_keeps_the_words_and_the_notation_of_its_file(
    tmp_path: Path, keys: str, column: str, attribute: str, old: str, new: str, written: str
) -> None:
    rows = {"mrn": "A-1", "dob": "1970-02-03", "email": "a@example.com"}
    rows = {name: cell for name, cell in rows.items() if column != "born" or name != "dob"} | {column: old}
    text = "\n".join(",".join(cells) for cells in (rows, rows.values())) + "\n"
    world = cohort(tmp_path, text.encode(), keys)
    after = world.taken(live("A-1", attribute, new))["c.csv"].decode()
    assert after == "\n".join(",".join(cells) for cells in (rows, (rows | {column: written}).values())) + "\n"
    assert getattr(world.load().desired.patients["A-1"], attribute) == new[:10]


def test_a_text_that_the_cohort_reads_as_another_is_refused(tmp_path: Path) -> None:
    world = cohort(tmp_path, ROW, "values: {firstname: {eve: Eva}}")
    (reason,) = world.refused(live("A-1", "firstname", "Eve"))
    assert "values in the cohort c read this text of firstname as another" in reason


@pytest.mark.parametrize("where", ["defaults", "constants"])
@pytest.mark.parametrize("name", ["c.csv", "c.ndjson"])
def test_a_value_of_many_patients_is_not_edited_for_one(tmp_path: Path, where: str, name: str) -> None:
    data = b"mrn,dob,email\nA-1,1970-02-03,a@example.com\n"
    if name == "c.ndjson":
        data = b'{"mrn": "A-1", "dob": "1970-02-03", "email": "a@example.com"}\n'
    world = cohort(tmp_path, data, f"{where}: {{firstname: Ann}}", name)
    (reason,) = world.refused(live("A-1", "firstname", "Eve"))
    assert f"firstname stands in the {where} of the cohort c, for many patients" in reason
    assert reason.endswith("Set firstname for this patient alone, under overrides of the cohort")


def test_a_file_of_our_own_keeps_its_guard(tmp_path: Path) -> None:
    own = b"id,mrn,status,dob,email,firstname\nx,A-1,none,1970-02-03,a@example.com,Ann\n"
    world = cohort(tmp_path, own)
    after = world.taken(live("A-1", "email", "+a@example.com"))["c.csv"]
    assert after == own.replace(b"a@example.com", b"'+a@example.com")
    assert world.load().desired.patients["A-1"].email == "+a@example.com"


@pytest.mark.parametrize(
    ("cohort_name", "reason"),
    [
        ("ward", "a workbook cannot be edited byte for byte. Correct the cell in the spreadsheet, or set"),
        ("hospital", "a FHIR export belongs to the system that wrote it. Correct the patient there and"),
        ("outpatients", "a FHIR export belongs to the system that wrote it"),
    ],
)
def test_other_formats_are_refused_with_the_reason(tmp_path: Path, cohort_name: str, reason: str) -> None:
    shutil.copytree(EXAMPLES / "formats", tmp_path / "formats")
    world = World(tmp_path / "formats", {})
    patients = world.load().desired.patients.values()
    mrn = next(patient.mrn for patient in patients if patient.cohort == cohort_name)
    (said,) = world.refused(live(mrn, "lastname", "Live"))
    assert reason in said


@pytest.mark.parametrize(("cohort_name", "old"), [("laboratory", "lastname"), ("app", "email")])
def test_tsv_and_ndjson_of_the_examples_are_edited(tmp_path: Path, cohort_name: str, old: str) -> None:
    shutil.copytree(EXAMPLES / "formats", tmp_path / "formats")
    world = World(tmp_path / "formats", {})
    patient = next(one for one in world.load().desired.patients.values() if one.cohort == cohort_name)
    new = {"lastname": "O'Live", "email": "live@example.com"}[old]
    before = Path(patient.file).read_bytes()
    world.taken(live(patient.mrn, old, new))
    assert Path(patient.file).read_bytes() == before.replace(getattr(patient, old).encode(), new.encode(), 1)


# NDJSON


@given(
    texts,
    st.sampled_from([", ", ",", " ,\t"]),
    st.sampled_from(["Ann", "\\u0041nn", 'Ann \\"Nan\\" Lee']),
    st.booleans(),
)
def test_a_member_is_replaced_alone(new: str, comma: str, old: str, crlf: bool) -> None:
    end = "\r\n" if crlf else "\n"
    members = ['"mrn" :"A-1"', '"note": {"firstname": ["x", {}]}', '"dob":"1970-02-03"']
    head = f'{{"mrn": "A-0", "dob": "1970-02-03", "email": "a0@example.com"}}{end}{end}'
    head += f' {{{comma.join(members)}{comma}"firstname":  "'
    tail = f'"{comma}"email": "a1@example.com"}}{end}'
    with TemporaryDirectory() as folder:
        world = cohort(Path(folder), (head + old + tail).encode(), "", "c.ndjson")
        found = world.take(live("A-1", "firstname", new))
        if found.not_taken:
            return
        (file,) = found.files
        after = file.after.decode()
        assert after.startswith(head)
        assert after.endswith(tail)
        assert json.loads(f'"{after[len(head) : len(after) - len(tail)]}"') == found.taken[0].written
        file.path.write_bytes(file.after)
        assert world.load().desired.patients["A-1"].firstname == found.taken[0].written


@pytest.mark.parametrize(
    ("old", "attribute", "new", "written"),
    [
        ("1", "sex", "2", "2"),
        ('"male"', "sex", "2", '"female"'),
        ("null", "firstname", "Zoë", '"Zoë"'),
        ('"Zo\\u00eb"', "firstname", "Chloë", '"Chlo\\u00eb"'),
    ],
)
def test_a_member_keeps_its_form(tmp_path: Path, old: str, attribute: str, new: str, written: str) -> None:
    text = f'{{"mrn": "A-1", "dob": "1970-02-03", "email": "a@example.com", "{attribute}": %s}}\n'
    world = cohort(tmp_path, (text % old).encode(), "", "c.ndjson")
    assert world.taken(live("A-1", attribute, new))["c.ndjson"].decode() == text % written


@pytest.mark.parametrize("name", ["Eve", "Ann"], ids=["and this one", "alone"])
def test_an_edit_that_would_change_somebody_else_is_never_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A defect of an editor is found when the result is read, before anything is written."""
    from kardia_ctl.config.editing.encoded_text import TextEdit

    other = "A-2,1970-02-03,b@example.com,"
    world = cohort(tmp_path, ROW + f"{other}Bo\n".encode())
    edit = TextEdit(len(ROW) - len(b"Ann\n"), len(ROW) + len(other) + len("Bo"), f"{name}\n{other}Ed")
    monkeypatch.setattr("kardia_ctl.config.editing.file_editors.cell_edit", lambda *_: edit)
    (reason,) = world.refused(live("A-1", "firstname", "Eve"))
    assert "the edited file would not be read as this value, or as more than it" in reason
