"""A git repository with a configuration, and the command in it, in an environment without any key."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kardia_ctl.cli.main import run
from tests.cli.commands.diff.repositories import Repository, repository

Diff = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def addresses_as_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses as in a pipe: who reads a comparison may be anybody."""
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = repository(tmp_path / "repository")
    monkeypatch.chdir(made.top)
    for name in ("KARDIA_API_KEY", "KARDIA_REVIEW_KEY", "KARDIA_STATE_KEY", "KARDIA_AGE_IDENTITY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return made


@pytest.fixture
def diff(clinic: Repository, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Diff:
    def run_it(*words: str) -> tuple[int, str, str]:
        code = run(["diff", *words])
        captured = capsys.readouterr()
        assert [*(tmp_path / "temporary").iterdir()] == [], "what was extracted is still there"
        return code, captured.out, captured.err

    return run_it
