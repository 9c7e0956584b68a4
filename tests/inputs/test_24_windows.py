"""Input 24: without fcntl the message says which systems are supported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent / "24-windows"
_WITHOUT = "import sys; sys.modules['fcntl'] = None; "


@pytest.mark.parametrize(
    "starts",
    [
        "from kardia_ctl.__main__ import main; main()",
        "from kardia_ctl.cli.main import run; sys.exit(run(['plan', '--sandbox']))",
    ],
)
def test_without_fcntl_the_supported_systems_are_named(starts: str, tmp_path: Path) -> None:
    (tmp_path / "kardia.yaml").write_bytes((_FOLDER / "kardia.yaml").read_bytes())
    ran = subprocess.run(
        [sys.executable, "-c", _WITHOUT + starts, "plan", "--sandbox"],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "Linux and macOS" in ran.stderr
    assert "WSL" in ran.stderr
    assert "report this" not in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_readme_says_so_too() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    assert "Linux and macOS" in text
    assert "WSL" in text
