"""The file of the codes: whole after a crash, without a row twice, of any size."""

import csv
import json
import stat
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.cli.files.code_file import CodeFile
from kardia_ctl.cli.files.existing_codes import read_existing
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.render.files.code_rows import CodeFormat
from tests.cli.conftest import Desk

NOW = 1_772_445_600
ONE = IssuedCode("JS-1", "ABCD-EFGH-IJKL", "one-year", "pending", NOW)
TWO = IssuedCode("JS-2", "MNOP-QRST-UVWX", "one-year", "connected", NOW)
NEWER = IssuedCode("JS-1", "ZZZZ-ZZZZ-ZZZZ", "one-year", "pending", NOW + 60)
CODE = "GET /v1/patients/{id}/code"


def write(file: Path, *codes: IssuedCode) -> CodeFile:
    with CodeFile(file) as opened:
        for code in codes:
            opened.add(code)
    assert not opened.error
    return opened


def rows(file: Path) -> list[dict[str, Any]]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".csv":
        return list(csv.DictReader(text.splitlines()))
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(params=["codes.csv", "codes.ndjson"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def test_a_row_says_whose_code_it_is_for_what_since_when_and_whether_it_is_used(file: Path) -> None:
    write(file, ONE, TWO)
    assert rows(file) == [
        {
            "mrn": "JS-1",
            "code": "ABCD-EFGH-IJKL",
            "template": "one-year",
            "issued": "2026-03-02T10:00:00Z",
            "status": "pending",
        },
        {
            "mrn": "JS-2",
            "code": "MNOP-QRST-UVWX",
            "template": "one-year",
            "issued": "2026-03-02T10:00:00Z",
            "status": "connected",
        },
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_same_code_is_no_second_row_and_another_code_is(file: Path) -> None:
    write(file, ONE)
    again = write(file, ONE, TWO, NEWER, TWO)
    assert (again.count, again.again) == (4, 2)
    assert [row["code"] for row in rows(file)] == [ONE.code, TWO.code, NEWER.code]


@given(
    st.lists(st.sampled_from([ONE, TWO, NEWER]), max_size=6),
    st.integers(0, 400),
    st.lists(st.sampled_from([ONE, TWO, NEWER]), max_size=6),
    st.sampled_from(["codes.csv", "codes.ndjson"]),
)
@settings(deadline=None)
def test_after_a_crash_at_any_byte_no_row_is_torn_lost_or_twice(
    tmp_path_factory: pytest.TempPathFactory,
    before: Sequence[IssuedCode],
    cut: int,
    after: Sequence[IssuedCode],
    name: str,
) -> None:
    file = tmp_path_factory.mktemp("codes") / name
    write(file, *before)
    whole = file.read_bytes()[:cut]
    file.write_bytes(whole)
    file.write_bytes(whole[: whole.rfind(b"\n") + 1])
    survived = {row["code"] for row in rows(file)}
    complete, _, torn = whole.rpartition(b"\n")
    file.write_bytes(whole)
    if name == "codes.csv" and complete and torn and b"," not in torn:  # an mrn alone may be anybody's note
        with pytest.raises(RunStopped, match="It has no line end"):
            write(file, *after)
        assert file.read_bytes() == whole
        file.write_bytes(complete + b"\n")
    write(file, *after)
    found = [row["code"] for row in rows(file)]
    assert len(found) == len(set(found))
    assert set(found) >= {code.code for code in after}
    assert set(found) >= survived
    assert set(found) <= {one.code for one in (ONE, TWO, NEWER)}


def test_what_a_spreadsheet_takes_for_a_formula_is_no_second_row_either(tmp_path: Path) -> None:
    file, odd = tmp_path / "codes.csv", IssuedCode("-1+2", "=cmd()", "one-year", "@x", NOW)
    write(file, odd)
    assert write(file, odd).again == 1
    assert rows(file)[0]["mrn"] == "'-1+2"
    assert rows(file)[0]["code"] == "'=cmd()"


def test_a_file_of_an_earlier_version_keeps_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("mrn,code,template,status\nJS-1,ABCD-EFGH-IJKL,one-year,pending")
    write(file, ONE, TWO)
    assert file.read_text() == (
        "mrn,code,template,status\nJS-1,ABCD-EFGH-IJKL,one-year,pending\n"
        "JS-2,MNOP-QRST-UVWX,one-year,connected\n"
    )


@pytest.mark.parametrize("text", ["name,phone\nJoe,1\n", "mrn,code,template\na\n", '{"mrn": 1}\n', "\xff\n"])
def test_what_is_no_file_of_codes_is_left_alone(file: Path, text: str) -> None:
    file.write_text(text, encoding="latin-1")
    with pytest.raises(RunStopped, match="not a row of codes"):
        CodeFile(file)
    assert file.read_text(encoding="latin-1") == text


def test_a_json_array_is_refused_with_the_name_that_will_do(desk: Desk, tmp_path: Path) -> None:
    ran = desk.apply("--codes-out", str(tmp_path / "codes.json"))
    assert (ran.code, ran.requests) == (1, [])
    assert "codes.ndjson" in ran.err
    assert not (tmp_path / "codes.json").exists()


def test_codes_on_stdout_come_as_csv_ndjson_or_an_array(desk: Desk) -> None:
    desk.apply()
    issued = {code.code for code in desk.account.connections.codes()}

    def shown(form: str) -> str:
        return desk.run("codes", str(desk.path), "--auto-approve", "--format", form).out

    assert {row["code"] for row in csv.DictReader(shown("csv").splitlines())} == issued
    assert {json.loads(line)["code"] for line in shown("ndjson").splitlines()} == issued
    assert {row["code"] for row in json.loads(shown("json"))} == issued
    assert json.loads(desk.run("codes", str(desk.path), "--auto-approve", "--format", "json").out)


def test_codes_takes_up_a_stopped_run_and_asks_for_the_rest_alone(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    desk.apply("--codes-out", str(file))
    whole = file.read_text()
    file.write_text("".join(whole.splitlines(keepends=True)[:-1]))
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--missing", "--codes-out", str(file))
    assert (ran.code, ran.requests.count(CODE)) == (0, 1)
    assert sorted(file.read_text().splitlines()) == sorted(whole.splitlines())
    done = desk.run("codes", str(desk.path), "--auto-approve", "--missing", "--codes-out", str(file))
    assert (done.code, done.requests.count(CODE)) == (0, 0)
    assert desk.run("codes", str(desk.path), "--auto-approve", "--missing").code == 1


def test_codes_asked_for_again_have_the_day_on_which_they_were_issued(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    desk.apply("--codes-out", str(file))
    issued = file.read_text()
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--codes-out", str(file))
    assert "2 of them already in the file" in ran.err
    assert file.read_text() == issued


def test_codes_of_one_cohort(desk: Desk) -> None:
    desk.write("mrn,dob,email,codes\nSP-1,2000-01-01,sp1@example.com,one-year\n", "spring.csv")
    desk.edit(lambda text: text + "cohorts: {spring: {source: spring.csv}}\n")
    desk.apply()
    ran = desk.run("codes", str(desk.path), "--auto-approve", "--cohort", "spring", "--format", "ndjson")
    assert (ran.requests.count(CODE), json.loads(ran.out)["mrn"]) == (1, "SP-1")
    assert desk.run("codes", str(desk.path), "--auto-approve", "--cohort", "autumn").code == 1


def test_what_a_file_holds_takes_little_memory(tmp_path: Path) -> None:
    file, number = tmp_path / "codes.csv", 20_000
    with file.open("w") as opened:
        opened.write("mrn,code,template,issued,status\n")
        opened.writelines(
            f"MRN-{n:08},CODE-{n:08},one-year,2026-03-02T10:00:00Z,pending\n" for n in range(number)
        )
    tracemalloc.start()
    try:
        found = read_existing(file, CodeFormat.CSV)
        size, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.complete_bytes == file.stat().st_size
    assert size / number < 400
    assert peak / number < 500
