"""A clinic whose account may be served with switches and faults, and what doctor found of it."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.cli.main import run
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.data.values import PatientFields
from kardia_ctl.sandbox.faults.faults import Faults
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.paths import CLINIC

OURS = (
    "KARDIA_STATE_KEY",
    "KARDIA_STATE_ENCRYPTION_KEY",
    "KARDIA_PLAN_KEY",
    "KARDIA_AGE_IDENTITY",
    "KARDIA_AGE_IDENTITY_FILE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "https_proxy",
    "http_proxy",
    "NO_COLOR",
    "CI",
)


@dataclass(frozen=True)
class Findings:
    """What one doctor said: its exit code, and the findings by their check."""

    code: int
    document: dict[str, Any]
    methods: tuple[str, ...]

    def of(self, check: str) -> list[dict[str, str]]:
        return [found for found in self.document["findings"] if found["check"] == check]

    def grade(self, check: str) -> str:
        """The worst grade of a check."""
        order = ["fine", "note", "skipped", "wrong"]
        return max((found["grade"] for found in self.of(check)), key=order.index)

    def text(self, check: str) -> str:
        return " | ".join(f"{found['text']}. {found['remedy']}" for found in self.of(check))

    @property
    def wrong(self) -> set[str]:
        return {found["check"] for found in self.document["findings"] if found["grade"] == "wrong"}


@dataclass
class Surgery:
    """A directory with a configuration, an account, and doctor."""

    path: Path
    account: Account
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    @contextmanager
    def served(self, quirks: Quirks | None = None, faults: Faults | None = None) -> Iterator[None]:
        with serving(create_app(self.account, quirks, faults)) as url:
            self.patch.setenv("KARDIA_ENDPOINT", url)
            yield

    def run(self, *words: str) -> tuple[int, str, str]:
        code = run([*words])
        captured = self.capture.readouterr()
        return code, captured.out, captured.err

    def doctor(self, *words: str) -> Findings:
        before = len(self.account.requests.all())
        code, out, _ = self.run("doctor", str(self.path), "--json", *words)
        methods = tuple(record.method for record in self.account.requests.all()[before:])
        return Findings(code, json.loads(out), methods)

    def examined(self, quirks: Quirks | None = None, faults: Faults | None = None, *words: str) -> Findings:
        with self.served(quirks, faults):
            return self.doctor(*words)

    def applied(self) -> None:
        with self.served():
            assert self.run("apply", str(self.path), "--auto-approve")[0] == 0

    def edit(self, change: Callable[[str], str]) -> None:
        file = self.path / "kardia.yaml"
        before = file.read_text()
        after = change(before)
        assert after != before
        file.write_text(after)

    def fill(self, count: int) -> None:
        for number in range(count):
            mail = f"n{number}@example.com"
            self.account.patients.add(PatientFields(f"N-{number}", "1961-04-30", mail, "Zor", "Vel", 0))


@pytest.fixture
def surgery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Surgery]:
    path = tmp_path / "clinic"
    shutil.copytree(CLINIC, path)
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KARDIA_API_KEY", API_KEY)
    with Account(seed=7) as account:
        yield Surgery(path, account, capsys, monkeypatch)
