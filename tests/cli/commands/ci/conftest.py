"""A job: the command over a desk, with the variables of a CI system."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from kardia_ctl.cli.commands.ci.platforms import Platform
from tests.cli.conftest import Desk, Ran


class Job:
    """The command over a desk, and what it left behind."""

    def __init__(self, desk: Desk, out: Path, patch: pytest.MonkeyPatch) -> None:
        self.desk, self.out, self._patch = desk, out, patch
        for platform in Platform:
            if platform.value:
                patch.delenv(platform.value, raising=False)

    def on(self, platform: Platform, **variables: object) -> None:
        """Run as on a CI system, with further variables of it."""
        self._patch.setenv("CI", "true")
        if platform.value:
            self._patch.setenv(platform.value, "true")
        for name, value in variables.items():
            self._patch.setenv(name, str(value))

    def without_key(self) -> None:
        self._patch.delenv("KARDIA_API_KEY")

    def run(self, *arguments: str) -> Ran:
        return self.desk.run("ci", str(self.desk.path), "--out", str(self.out), *arguments)

    @property
    def outputs(self) -> Mapping[str, str]:
        lines = (self.out / "kardia-ci.env").read_text().splitlines()
        return dict(line.removeprefix("KARDIA_CI_").split("=", 1) for line in lines)


@pytest.fixture(autouse=True)
def addresses_as_on_a_terminal() -> None:
    """Nothing is shown as on a terminal."""


@pytest.fixture
def ci(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return Job(desk, tmp_path / "kardia-ci", monkeypatch)
