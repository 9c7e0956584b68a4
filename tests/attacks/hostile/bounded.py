"""Runs the command over a cohort with bounded memory and processor time."""

import resource
import subprocess
import sys
from pathlib import Path


def checked(path: Path, data: bytes, name: str = "c.xlsx", more: str = "") -> str:
    """The first problem of a cohort of these bytes, found with bounded memory and processor time."""
    (path / name).write_bytes(data)
    return refused(path, f"version: 1\ncohorts: {{c: {{source: {name}{more}}}}}\n")


def refused(path: Path, yaml: str) -> str:
    """The problems of a configuration, found with bounded memory and processor time."""
    (path / "kardia.yaml").write_text(yaml)

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    ran = subprocess.run(
        [sys.executable, "-m", "kardia_ctl", "validate", str(path)],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=bounded,
        timeout=600,
    )
    assert ran.returncode == 1, ran
    return ran.stderr
