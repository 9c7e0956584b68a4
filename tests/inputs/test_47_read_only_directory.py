"""A directory that nobody may write: the run says why a row is bad, and the good rows proceed."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.cli.main import run
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving

HERE = Path(__file__).parent / "47-read-only-directory"


def read_only(directory: Path, open_file: Callable[..., int]) -> Callable[..., int]:
    """Refuse to make files in a directory; the rights of a directory do not bind who runs as root."""

    def opened(path: Any, flags: int, *more: Any, **others: Any) -> int:
        if flags & os.O_CREAT and Path(os.fsdecode(path)).resolve().parent == directory:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return open_file(path, flags, *more, **others)

    return opened


def test_the_reasons_are_on_stderr_and_the_good_rows_proceed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "clinic"
    shutil.copytree(HERE, here)
    before = sorted(path.name for path in here.iterdir())
    monkeypatch.chdir(here)
    monkeypatch.setenv("KARDIA_STATE", f"sqlite:///{tmp_path}/state.db")
    monkeypatch.setenv("KARDIA_STATE_KEY", "a key of the state's fingerprints, long enough")
    monkeypatch.setenv("KARDIA_API_KEY", API_KEY)
    monkeypatch.setattr(os, "open", read_only(here.resolve(), os.open))
    with Account() as account, serving(create_app(account, Quirks())) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        for command in (["validate"], ["plan"], ["apply", "--auto-approve"]):
            assert run(command) == 1
            error = capsys.readouterr().err
            assert error.count("dob is not a valid YYYY-MM-DD date") == 1, error
            assert error.count("c.rejected.csv could not be written") == 1, error
            assert "see c.rejected.csv" not in error
        assert [patient.mrn for patient in account.patients.all()] == ["O-1"]
    assert sorted(path.name for path in here.iterdir()) == before
