"""The command line against a sandbox on a loopback port, on a copy of the tests' clinic."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kardia_ctl.cli.main import run
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.server import serving
from tests.paths import CLINIC


@dataclass(frozen=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str
    requests: list[str]

    @property
    def last(self) -> str:
        return self.out.splitlines()[-1]

    @property
    def unwrapped(self) -> str:
        """Stdout as one line: the plan's text wraps its sentences."""
        return " ".join(self.out.split())


@dataclass
class Desk:
    """A directory with a configuration, an account on a server, and the command."""

    path: Path
    account: Account
    capture: pytest.CaptureFixture[str]
    seen: int = field(default=0)

    def run(self, *arguments: str) -> Ran:
        code = run([*arguments])
        captured = self.capture.readouterr()
        log = [f"{record.method} {record.route}" for record in self.account.requests.all()]
        new, self.seen = log[self.seen :], len(log)
        return Ran(code, captured.out, captured.err, new)

    def plan(self, *arguments: str) -> Ran:
        return self.run("plan", str(self.path), *arguments)

    def apply(self, *arguments: str) -> Ran:
        return self.run("apply", str(self.path), "--auto-approve", *arguments)

    def edit(self, change: Callable[[str], str], name: str = "kardia.yaml") -> None:
        file = self.path / name
        before = file.read_text()
        after = change(before)
        assert after != before
        file.write_text(after)

    def write(self, text: str, name: str = "kardia.yaml") -> None:
        (self.path / name).write_text(text)

    def lose_state(self) -> None:
        for file in (self.path / ".kardia").glob("state.db*"):
            file.unlink()


@pytest.fixture
def account() -> Iterator[Account]:
    with Account(seed=7) as opened:
        yield opened


@pytest.fixture
def desk(
    tmp_path: Path, account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    path = tmp_path / "clinic"
    shutil.copytree(CLINIC, path)
    for name in ("KARDIA_STATE_KEY", "KARDIA_STATE_ENCRYPTION_KEY", "KARDIA_PLAN_KEY", "NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    with serving(create_app(account)) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        monkeypatch.setenv("KARDIA_API_KEY", API_KEY)
        yield Desk(path, account, capsys)
