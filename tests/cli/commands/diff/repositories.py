"""Git repositories with a configuration, for tests."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (
        ("NAME", "Nurse"), ("EMAIL", "nurse@example.com"),
    )},
}  # fmt: skip

START = """\
version: 1
callback: {url: https://hooks.example.com/kardia}
templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}
patients:
  - {mrn: CL-1, dob: 1958-03-14, email: ottoline@example.com, firstname: Ottoline, codes: [one-year]}
  - {mrn: CL-2, dob: 1971-11-02, email: barnabo@example.com}
"""


@dataclass(frozen=True)
class Repository:
    """A repository whose directory ``clinic`` holds the configuration."""

    top: Path

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.top), *words], env=_ENVIRONMENT, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, text: str | bytes, name: str = "clinic/kardia.yaml") -> None:
        file = self.top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "A change")
        return self.git("rev-parse", "HEAD")


def repository(top: Path) -> Repository:
    """A new repository with one commit."""
    top.mkdir(exist_ok=True)
    made = Repository(top)
    made.git("init", "-q", "-b", "main")
    made.write(START)
    made.commit()
    return made
