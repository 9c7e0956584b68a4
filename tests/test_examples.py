"""Every example is valid, and plans against the embedded sandbox."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.benchmarks.processes import SCRIPT
from tests.paths import EXAMPLES

NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/kardia.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_valid_and_plans(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    shutil.copytree(EXAMPLES / name, path, ignore=shutil.ignore_patterns(".kardia"))
    for arguments in (("validate",), ("plan", "--sandbox")):
        command = [SCRIPT, *arguments, str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr + ran.stdout
        assert "Error" not in ran.stderr
    assert " to add, 0 to change, 0 to destroy." in ran.stdout
