"""A batch is judged as its rows are, rows as the schema does; what is no table is called so."""

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kardia_ctl.config.cohorts.row_findings import row_findings
from kardia_ctl.config.schema.validator import patient_validator
from kardia_ctl.kinds.texts.births import are_date_texts, is_date_text
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import are_sound, doubt, fault
from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading
from tests.config.schema.test_validator import DAYS, MAILS, NAMES, ODD, SEXES

CELLS = ODD.filter(lambda text: not set(text) & set("\n\r\0\x1c\x1d\x1e\x85\u2028\u2029"))
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "mrn": ODD,
        "dob": DAYS | ODD,
        "email": MAILS | ODD,
        "firstname": ODD,
        "lastname": ODD,
        "sex": SEXES | ODD,
        "id": ODD,
        "codes": NAMES,
    },
).map(lambda row: {name: cell for name, cell in row.items() if cell})


@given(ROWS)
@example({"mrn": "A", "dob": "2000-07-21", "email": "a@b.c"})
@example({})
def test_what_is_said_of_a_row_is_what_the_schema_says(row: dict[str, Any]) -> None:
    assert set(row_findings(row)) == set(patient_validator().findings(row))
    assert len(row_findings(row)) == len(patient_validator().findings(row))


@given(st.sampled_from(TextFormat), st.lists(MAILS | ODD, min_size=1, max_size=4))
@example(TextFormat.EMAIL, ["a@b.co\nd@e.fr"])
@example(TextFormat.EMAIL, ["a@b.co\n", ""])
@example(TextFormat.NAME, ["Lee\nEk"])
@example(TextFormat.IDENTIFIER, ["A1\nB2", "C3"])
def test_texts_together_are_sound_when_each_is(form: TextFormat, values: list[str]) -> None:
    expected = not any(fault(form, value) or doubt(form, value) for value in values)
    assert are_sound(form, values) == expected


@given(st.lists(DAYS | ODD, min_size=1, max_size=4))
@example(["2000-07-21\n2000-07-21", ""])
@example(["2000-07-21\n", "000-07-21"])
def test_days_together_are_right_when_each_is(values: list[str]) -> None:
    assert are_date_texts(values) == all(map(is_date_text, values))


LINES = st.lists(
    st.tuples(
        CELLS.filter(str.strip) | st.sampled_from(["A", "B", " C"]),
        DAYS.filter(str.isprintable),
        st.sampled_from(["a@b.c", "a@b", "a@", "", "a b@c"]),
        CELLS,
        SEXES.filter(str.isprintable) | st.just(""),
    ),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(rows=LINES)
@example(rows=[("A", "2000-07-21", "a@b.c", "Joe", "1"), ("B", "2000-07-22", "a@b.d", "", "")])
def test_a_file_is_judged_the_same_with_and_without_quotes(
    cohort: Loading, rows: list[tuple[str, ...]]
) -> None:
    """A quote sends a block through the csv module; the rules must not know."""
    if any(mark in cell for row in rows for cell in row for mark in '",'):
        return

    def judged(quote: str) -> Any:
        lines = (",".join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
        text = "mrn,dob,email,firstname,sex\n" + "".join(f"{line}\n" for line in lines)
        try:
            found = cohort("c.csv", text.encode("utf-8", "surrogatepass"))
        except ConfigurationError as error:
            return [(one.source.line, one.message) for one in error.problems]
        return list(found.desired.patients.values()), len(found.warnings)

    assert judged("") == judged('"')


@pytest.mark.parametrize("dialect", ["v1", "pro"])
def test_the_header_in_the_middle_of_joined_files_is_a_bad_row(cohort: Loading, dialect: str) -> None:
    header = "mrn,Birth,email,firstname,lastname\n"
    row = "{},1961-04-03,{}@example.com,Anna,Quist{}\n"
    text = header + row.format("J-1", "a", "a") + header + row.format("J-2", "b", "b")
    said, more = "columns: {dob: Birth}", f"api: {{dialect: {dialect}}}\n"
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", text, said, more)
    assert [str(problem) for problem in caught.value.problems] == [
        "c.csv:3:1: the row is the header again. Delete the row"
    ]
    found = cohort("c.csv", text, f"{said}, on_bad_row: quarantine", more)
    assert list(found.desired.patients) == ["J-1", "J-2"]


OTHERS = [
    *[(b"PK\x03\x04 ", "a workbook or a zip"), (b"\x1f\x8b\x08", "gzip"), (b"%PDF-1.7", "a PDF")],
    *[(b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"), (b"<!DOCTYPE html>\n", "a web page")],
    *[(b'<?xml version="1.0"?>', "XML"), (b"\xd0\xcf\x11\xe0", "with a password"), (b"PAR1", "Parquet")],
    *[("mrn,dob".encode("utf-16-le"), "UTF-16 without"), ("mrn,dob".encode("utf-16-be"), "UTF-16 without")],
]


@pytest.mark.parametrize(("content", "what"), OTHERS)
@pytest.mark.parametrize("name", ["c.csv", "c.tsv", "c.ndjson", "c.json"])
def test_a_file_of_another_kind_is_called_what_it_is(
    cohort: Loading, content: bytes, what: str, name: str
) -> None:
    said = "identifier: urn:x" if name == "c.json" else ""
    with pytest.raises(ConfigurationError) as caught:
        cohort(name, content, said)
    (problem,) = caught.value.problems
    assert what in problem.message


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"mrn,dob\n", "no workbook"), (b"\xd0\xcf\x11\xe0", "one with a password"), (b"<html>", "no workbook")],
)
def test_a_file_that_is_no_workbook_is_called_so(cohort: Loading, content: bytes, what: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.xlsx", content)
    (problem,) = caught.value.problems
    assert what in problem.message


def test_utf_16_without_a_mark_names_the_encodings(cohort: Loading) -> None:
    with pytest.raises(ConfigurationError, match="utf-16-le or utf-16-be"):
        cohort("c.csv", "mrn,dob\n".encode("utf-16-le"), "encoding: utf-16")
    text = "mrn,dob,email\nJ-1,1961-04-03,a@example.com\n"
    assert cohort("c.csv", text.encode("utf-16-le"), "encoding: utf-16-le").desired.patients
