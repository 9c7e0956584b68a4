"""What ``init`` writes, read back: the workflows and their steps."""

from pathlib import Path
from typing import Any, Final

import yaml

from kardia_ctl.cli.main import run
from tests.paths import ROOT

WORKFLOWS: Final = ("review", "apply", "drift")
RECIPES: Final = ROOT / "kardia_ctl" / "cli" / "commands" / "init" / "recipes"


def write_recipes(directory: Path) -> None:
    """Let ``init`` write every recipe."""
    assert run(["init", str(directory), "--github", "--gitlab", "--pre-commit"]) == 0


def read(file: Path) -> Any:
    """A YAML file; ``"on"`` is a key in quotation marks and stays text."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def workflow(directory: Path, name: str) -> Any:
    """One of the workflows of GitHub."""
    return read(directory / ".github" / "workflows" / f"kardia-{name}.yml")


def step(jobs: Any, job: str, name: str) -> Any:
    """A step by its name."""
    (found,) = [one for one in jobs["jobs"][job]["steps"] if one.get("name") == name]
    return found
