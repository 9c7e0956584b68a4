"""What a table may look like that hospitals write, and what is said of one that is not plain."""

import io
import json
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config.cohorts.formats.layout import LOOK, layout
from kardia_ctl.config.cohorts.formats.table import is_blank
from kardia_ctl.config.source_files import InvalidContent
from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading

WANTED = ("mrn", "dob", "email", "firstname", "lastname", "sex", "codes", "id")
HEAD = ("mrn", "dob", "email")
ANN, BO = ("T-1", "1970-02-03", "t1@example.com"), ("T-2", "1971-02-03", "t2@example.com")
BLANKS = ["", " ", "\t", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2003", "\u3164"]
PRO = "api: {dialect: pro}\n"


def table(*rows: tuple[str, ...], mark: str = ",", end: str = "\n") -> str:
    return end.join((*map(mark.join, (HEAD, *rows)), ""))


def workbook(*rows: tuple[Any, ...]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def told(caught: pytest.ExceptionInfo[ConfigurationError]) -> list[str]:
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("blank", [blank for blank in BLANKS if blank not in ("\t", "\ufeff")])
@pytest.mark.parametrize("form", ["csv", "tsv", "xlsx", "ndjson"])
def test_a_row_of_blanks_is_nothing(cohort: Loading, form: str, blank: str) -> None:
    rows = (ANN, (blank,) * 3, ("", blank, ""), BO)
    match form:
        case "xlsx":
            content: str | bytes = workbook(HEAD, *rows)
        case "ndjson":
            objects = [dict(zip(HEAD, row, strict=True)) for row in rows]
            content = "".join(json.dumps(one) + "\n" for one in (*objects, {}, {"mrn": None}, {"codes": []}))
        case _:
            content = table(*rows, mark="\t" if form == "tsv" else ",")
    found = cohort(f"c.{form}", content, "on_bad_row: quarantine")
    assert list(found.desired.patients) == ["T-1", "T-2"]
    assert not found.quarantines[0].rows
    assert found.desired.quarantined_without_mrn == 0


def test_a_row_with_something_in_a_column_that_is_not_read_is_a_row(cohort: Loading) -> None:
    with pytest.raises(ConfigurationError, match=r"c\.csv:3:1: mrn is missing"):
        cohort("c.csv", "mrn,dob,email,note\nT-1,1970-02-03,t1@example.com,\n,,,Total: 1\n")


def test_false_and_zero_are_something(cohort: Loading) -> None:
    for value in ("0", "false"):
        with pytest.raises(ConfigurationError):
            cohort("c.ndjson", f'{{"mrn": {value}}}\n')


@pytest.mark.parametrize("surplus", [",", ",,", ", ,\u00a0"])
def test_surplus_cells_of_blanks_are_nothing(cohort: Loading, surplus: str) -> None:
    text = f"mrn,dob,email\n{','.join(ANN)}{surplus}\n{','.join(BO)}\n"
    assert list(cohort("c.csv", text).desired.patients) == ["T-1", "T-2"]
    text = f"mrn,dob,email{surplus}\n{','.join(ANN)}\n{','.join(BO)}{surplus}\n"
    assert list(cohort("c.csv", text).desired.patients) == ["T-1", "T-2"]


@pytest.mark.parametrize(("row", "cells"), [("T-1,1970-02-03", 2), ("T-1,1970-02-03,t1@example.com,x", 4)])
def test_a_short_row_and_one_with_more_in_it_stay_errors(cohort: Loading, row: str, cells: int) -> None:
    with pytest.raises(ConfigurationError, match=f"c.csv:2:1: the row has {cells} cells"):
        cohort("c.csv", f"mrn,dob,email\n{row}\n")


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_what_stands_between_the_cells_is_found_out_from_the_header_and_said(
    cohort: Loading, mark: str
) -> None:
    written = "tab" if mark == "\t" else f"'{mark}'"
    found = cohort("c.csv", table(ANN, BO, mark=mark))
    assert list(found.desired.patients) == ["T-1", "T-2"]
    (warning,) = found.warnings
    assert warning.endswith(f"as the header shows: to declare it, set delimiter: {written}")
    assert not cohort("c.csv", table(ANN, BO, mark=mark), f"delimiter: {written}").warnings
    assert list(cohort("c.csv", table(ANN), "delimiter: auto").desired.patients) == ["T-1"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("sep=;\nmrn;dob;email\nT-1;1970-02-03;t1@example.com\n", ""),
        ('"sep=;"\r\nmrn;dob;email\r\nT-1;1970-02-03;t1@example.com\r\n', "delimiter: ';'"),
        ("SEP=,\n\n,,\nmrn,dob,email\nT-1,1970-02-03,t1@example.com\n", ""),
        ("\n \n,,\nmrn,dob,email\nT-1,1970-02-03,t1@example.com\n", ""),
        ('mrn,dob,email,"a;b",c;d\nT-1,1970-02-03,t1@example.com,x,y\n', ""),
        ("mrn^dob^email\nT-1^1970-02-03^t1@example.com\n", "delimiter: ^"),
        ("mrn\nT-1\n", "constants: {dob: 1970-02-03, email: t1@example.com}"),
    ],
)
def test_lines_above_the_header_that_say_nothing_are_no_header(
    cohort: Loading, content: str, said: str
) -> None:
    if "constants: {dob" in said:
        with pytest.raises(ConfigurationError, match="unknown key"):
            cohort("c.csv", content, said)
        return
    found = cohort("c.csv", content, said)
    assert list(found.desired.patients) == ["T-1"]
    assert next(iter(found.desired.patients.values())).line == len(content.splitlines())


@pytest.mark.parametrize(
    ("content", "said", "message"),
    [
        (
            "Ward list\nmrn,dob,email\n",
            "",
            "c.csv:1:1: line 1 is no header: it seems to be in line 2. Delete",
        ),
        ("Ward;list\n\nmrn;dob;email\n", "", "c.csv:1:1: line 1 is no header: it seems to be in line 3"),
        (
            "Ward list\nmrn;dob;email\n",
            "delimiter: ;",
            "c.csv:1:1: line 1 is no header: it seems to be in line 2",
        ),
        (
            "mrn,dob,email\n",
            "delimiter: ';'",
            "c.csv:1:1: a comma (,) seems to stand between the cells, not a semi",
        ),
        (
            "sep=,\nmrn,dob,email\n",
            "delimiter: ';'",
            "c.csv:1:1: the first line says that a comma (,) stands",
        ),
        ("mrn,dob;email\n", "", "c.csv:1:1: it is not plain whether a comma (,) or a semicolon (;) stands"),
        ("MRN;DOB;email\n", "", 'c.csv:1:1: there is no column "mrn": did you mean "MRN"?'),
        ("", "", "c.csv:1:1: the file has no header row"),
        ("\n,,\n", "", "c.csv:1:1: the file has no header row"),
    ],
)
def test_a_header_that_is_not_plain_is_an_error_that_says_what_it_seems(
    cohort: Loading, content: str, said: str, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", content, said)
    assert any(line.startswith(message) for line in told(caught)), told(caught)


def test_commas_in_a_tsv_are_named(cohort: Loading) -> None:
    with pytest.raises(
        ConfigurationError, match=r"a comma \(,\) seems to stand between the cells, not a tab"
    ):
        cohort("c.tsv", table(ANN))


def test_a_workbook_may_begin_with_rows_of_nothing_and_a_title_is_named(cohort: Loading) -> None:
    found = cohort("c.xlsx", workbook((), ("", " "), HEAD, ANN))
    assert [(one.mrn, one.line) for one in found.desired.patients.values()] == [("T-1", 4)]
    with pytest.raises(
        ConfigurationError, match=r"c.xlsx:1:1: line 1 is no header: it seems to be in line 3"
    ):
        cohort("c.xlsx", workbook(("Ward list",), (), HEAD, ANN))


def test_a_repeated_header_far_below_is_no_title(cohort: Loading) -> None:
    with pytest.raises(ConfigurationError, match=r"c.csv:3:\d+: the row is the header again"):
        cohort("c.csv", table(ANN, HEAD))


@given(
    st.lists(st.text(max_size=30).filter(lambda text: "\n" not in text and "\r" not in text), max_size=LOOK)
)
def test_a_layout_is_found_or_refused_whatever_the_lines(lines: list[str]) -> None:
    for declared in ("", ";"):
        try:
            found = layout(lines, WANTED, declared)
        except InvalidContent:
            continue
        assert len(found.delimiter) == 1
        assert 0 <= found.above <= len(lines)


@given(st.lists(st.sampled_from(WANTED), min_size=2, unique=True), st.sampled_from(",;\t|"))
def test_a_header_of_attributes_shows_its_delimiter(names: list[str], mark: str) -> None:
    assert layout([mark.join(names)], WANTED, "").delimiter == mark


@pytest.mark.parametrize("blank", BLANKS)
def test_blanks_of_every_script_are_blank(blank: str) -> None:
    assert is_blank(blank * 2)


@pytest.mark.parametrize(
    "text", ["'t Hooft", "0", "-", "'", "O\u2019Brien", "می‌رضایی", "ශ්‍රී", "Nguyễn", "x\u200b", "null"]
)
def test_names_and_signs_are_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Žoë O\u2019Brien"), ("iso-8859-1", "Jürgen"), ("utf-16", "Nguyễn"), ("utf-16-le", "Zoë"),
        ("mac-roman", "Zoë"), ("cp437", "Ñuñez"), ("utf-8-sig", "Ørsted"), ("gb18030", "李"),
        ("cp1251", "Юлия"), ("iso-8859-2", "Łukasz"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_declared_encoding_is_read(cohort: Loading, encoding: str, name: str, end: str) -> None:
    text = end.join(("mrn,dob,email,lastname", f"T-1,1970-02-03,t1@example.com,{name}", ""))
    found = cohort("c.csv", text.encode(encoding), f"encoding: {encoding}")
    assert found.desired.patients["T-1"].lastname == name
    line = json.dumps({**dict(zip(HEAD, ANN, strict=True)), "lastname": name}, ensure_ascii=False) + end
    found = cohort("c.ndjson", line.encode(encoding), f"encoding: {encoding}")
    assert found.desired.patients["T-1"].lastname == name


@pytest.mark.parametrize(
    ("content", "said", "message"),
    [
        (
            b"mrn,dob,email\nZo\xeb,,\n",
            "",
            "byte 0xeb is not valid UTF-8. Declare its encoding in",
        ),
        (
            "mrn,dob\n".encode("utf-16"),
            "",
            "Declare its encoding in the cohort, e.g. encoding: utf-16",
        ),
        (
            b"mrn,dob,email\n\x81,,\n",
            "encoding: cp1252",
            "c.csv:2:1: byte 0x81 is not valid cp1252.",
        ),
        (
            b"\xef\xbb\xbfmrn,dob\n",
            "encoding: cp1252",
            "the file begins as UTF-8 does. Remove encoding",
        ),
        ("mrn,dob\n".encode("utf-16-le")[:-1], "encoding: utf-16-le", "is not valid utf-16-le"),
        (b"", "encoding: klingon", "encoding is not the name of an encoding of text"),
        (b"", "encoding: rot13", "encoding is not the name of an encoding of text"),
        (b"", "encoding: base64", "encoding is not the name of an encoding of text"),
        (b"", "encoding: unicode_escape", "encoding is not the name of an encoding of text"),
    ],
)
def test_an_encoding_is_never_guessed_and_the_message_names_it(
    cohort: Loading, content: bytes, said: str, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", content, said)
    assert message in "\n".join(told(caught))


def test_encoding_does_not_apply_to_a_workbook(cohort: Loading) -> None:
    with pytest.raises(ConfigurationError, match="encoding does not apply to the format xlsx"):
        cohort("c.xlsx", workbook(HEAD, ANN), "encoding: cp1252")


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_pro_cohort_has_a_phone_and_no_id(cohort: Loading, form: str) -> None:
    head, row = ("mrn", "firstname", "lastname", "Mobile"), ("T-1", "Ann", "Lee", "+49 30 5550100")
    lines = (
        [json.dumps(dict(zip(head, row, strict=True)))] if form == "ndjson" else map(",".join, (head, row))
    )
    content = "".join(f"{line}\n" for line in lines)
    found = cohort(f"c.{form}", content, "columns: {phone: Mobile}", PRO)
    assert found.desired.patients["T-1"].phone == "+49 30 5550100"
    found = cohort(f"c.{form}", content.replace("Mobile", "phone"), "", PRO)
    assert (found.desired.patients["T-1"].phone, found.warnings) == ("+49 30 5550100", ())
    with pytest.raises(ConfigurationError, match="a patient of the pro API has no id"):
        cohort(f"c.{form}", content, "columns: {id: Mobile}", PRO)
    with pytest.raises(ConfigurationError, match="a patient of the v1 API has no phone"):
        cohort(f"c.{form}", content, "columns: {phone: Mobile}")


@pytest.mark.parametrize(
    ("header", "said", "why"),
    [
        ("phone", "", "a patient of the v1 API has no phone"),
        ("Phone", "", "a patient of the v1 API has no phone"),
        ("ignore_changes", "", "set ignore_changes for the whole cohort, in its defaults"),
        ("mobile_user", "", "set mobile_user for the whole cohort, in its defaults"),
        ("sex", "constants: {sex: 1}", "constants gives every patient its sex"),
        ("sex", "columns: {sex: Gender}", "to read it, set columns: {sex: sex}"),
        ("LASTNAME", "", "to read it, set columns: {lastname: LASTNAME}"),
    ],
)
def test_a_column_with_an_attributes_name_is_never_left_unread_in_silence(
    cohort: Loading, header: str, said: str, why: str
) -> None:
    text = f"mrn,dob,email,Gender,{header}\n{','.join(ANN)},1,x\n"
    assert cohort("c.csv", text, said).warnings == (f'c.csv:1: the column "{header}" is not read; {why}',)
