"""KARDIA_LOG and --log-file: each request is logged, and no value of it."""

import gc
import re
from pathlib import Path
from warnings import catch_warnings

import pytest

from kardia_ctl.cli.traffic_log import request_log
from kardia_ctl.model.errors import RunStopped
from tests.cli.conftest import Desk

LINE = re.compile(r"^\S+Z INFO GET /v1/\S+ 200 \d+\.\d{3}s attempt=1 sent=0 received=\d+$")


@pytest.fixture
def addresses_as_on_a_terminal() -> None:
    """A pipe is a pipe here."""


def lines_of(text: str, level: str = "INFO") -> list[str]:
    return [line for line in text.splitlines() if f" {level} " in line]


def test_each_request_is_a_line_on_stderr(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARDIA_LOG", "info")
    ran = desk.plan()
    assert len(lines_of(ran.err)) == len(ran.requests) > 0
    assert any(LINE.match(line) for line in lines_of(ran.err))
    assert "INFO" not in ran.out


def test_nothing_is_logged_where_nobody_asked(desk: Desk) -> None:
    assert not lines_of(desk.plan().err)


def test_a_file_is_private_appended_to_and_holds_no_value(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "requests.log"
    plan = desk.plan("--log-file", str(file))
    assert not lines_of(plan.err)
    ran = desk.apply("--log-file", str(file))
    assert ran.code == 0
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(lines_of(text)) == len(plan.requests) + len(ran.requests)
    assert not re.search(r"CL-00010|sandbox-key|@example.com|\d{4}-\d\d-\d\d(?!T)", text)


def test_debug_adds_names_and_ids_and_no_value(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARDIA_LOG", "debug")
    lines = lines_of(desk.apply().err, "DEBUG")
    assert any(" form=mrn,dob,email" in line or "form=" in line for line in lines)
    assert any(" ids=" in line for line in lines)
    assert not [line for line in lines if "CL-00010" in line or "@" in line]


def test_an_unknown_value_of_the_variable_is_an_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARDIA_LOG", "verbose")
    ran = desk.plan()
    assert (ran.code, ran.requests) == (1, [])
    assert "info or debug" in ran.err


def test_a_file_that_is_no_log_is_never_written_to(desk: Desk) -> None:
    file = desk.path / "kardia.yaml"
    before = file.read_bytes()
    ran = desk.plan("--log-file", str(file))
    assert (ran.code, ran.requests) == (1, [])
    assert file.read_bytes() == before


def test_no_log_becomes_the_key_or_the_state(desk: Desk) -> None:
    private = desk.path / ".kardia"
    private.mkdir(exist_ok=True)
    (desk.path / "elsewhere").symlink_to(private)
    for file in (private / "key", private / "deep" / "x", desk.path / "elsewhere" / "key"):
        ran = desk.plan("--log-file", str(file))
        assert (ran.code, ran.requests) == (1, [])
        assert ".kardia, which holds keys" in ran.err
    assert not (private / "key").exists()


@pytest.mark.parametrize("found", [b"somebody's file\n", b"\xff\xfe", b"# kardia-ctl lo"])
def test_a_file_that_is_refused_is_closed(found: bytes, tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_bytes(found)
    with catch_warnings(record=True, action="always", category=ResourceWarning) as warned:
        with pytest.raises(RunStopped, match="no log"), request_log(file):
            pass
        gc.collect()
    assert not warned
    assert file.read_bytes() == found
