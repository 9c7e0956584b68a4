"""Runs the jobs of .gitlab/kardia.yml on this machine: one bash for all lines, a ``curl`` that records."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.recipes.written import read

_BIN = Path(sys.executable).parent

_CURL = """\
#!{python}
import json, os, pathlib, sys
place, words = pathlib.Path(os.environ["FAKE_CURL"]), sys.argv[1:]
url, data = words[-1], {{}}
for flag, value in zip(words, words[1:]):
    if flag == "--data-urlencode":
        name, mark, file = value.partition("@")
        data.update({{name: pathlib.Path(file).read_text()}} if mark else [value.split("=", 1)])
method = words[words.index("--request") + 1] if "--request" in words else "GET"
with (place / "calls").open("a") as calls:
    calls.write(json.dumps({{"method": method, "url": url, "data": data, "words": words}}) + "\\n")
answers = json.loads((place / "answers.json").read_text())
print(json.dumps(next((answer for part, answer in answers.items() if part in url), {{}})))
"""


@dataclass
class JobRunner:
    """Runs jobs in a repository."""

    repository: Path
    place: Path
    environ: Mapping[str, str]

    def prepare(self) -> "JobRunner":
        self.place.mkdir()
        curl = self.place / "curl"
        curl.write_text(_CURL.format(python=sys.executable))
        curl.chmod(0o755)
        self.answers({"/user": {"id": 9}, "/notes": [], "/issues": []})
        return self

    def answers(self, answers: Mapping[str, Any]) -> None:
        """What GitLab answers, by a part of the URL."""
        (self.place / "answers.json").write_text(json.dumps(answers))

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What was asked of GitLab."""
        file = self.place / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def run(self, name: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a job's own lines, without what installs kardia-ctl."""
        jobs = read(self.repository / ".gitlab" / "kardia.yml")
        job = jobs[name]
        own = {**jobs[job["extends"]]["variables"], **job.get("variables", {})}
        environ = {
            "HOME": str(self.place),
            "LANG": "C.UTF-8",
            **self.environ,
            **own,
            "PATH": os.pathsep.join((str(self.place), str(_BIN), os.environ["PATH"])),
            "FAKE_CURL": str(self.place),
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
            "CI_PROJECT_ID": "4",
            "CI_MERGE_REQUEST_IID": "12",
            "CI_JOB_URL": "https://gitlab.example.com/job/1",
            **variables,
        }
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
            cwd=self.repository,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def dotenv(file: Path) -> dict[str, str]:
    """What GitLab passes on from one job to the next."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)
