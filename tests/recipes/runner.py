"""Runs the steps of a workflow on this machine: bash as GitHub starts it, and a ``gh`` that records."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_EXPRESSION = re.compile(r"\$\{\{ *([^}]+?) *\}\}")
_BIN = Path(sys.executable).parent

_GH = """\
#!{python}
import json, os, pathlib, sys
place = pathlib.Path(os.environ["FAKE_GH"])
words = sys.argv[1:]
body = None
for word in words:
    if word.startswith("body=@"):
        body = pathlib.Path(word[len("body=@"):]).read_text()
if "--body-file" in words:
    body = pathlib.Path(words[words.index("--body-file") + 1]).read_text()
with (place / "calls").open("a") as calls:
    calls.write(json.dumps({{"words": words, "body": body, "token": os.environ.get("GH_TOKEN")}}) + "\\n")
if words[:2] == ["api", "--paginate"]:
    print((place / "comments.json").read_text())
elif words[:2] == ["api", "graphql"]:
    print((place / "graphql.json").read_text())
elif words[:2] == ["issue", "list"] and (place / "open").exists():
    print((place / "open").read_text())
"""


@dataclass
class StepRun:
    """What a step did."""

    code: int
    out: str
    outputs: dict[str, str]
    summary: str


@dataclass
class StepRunner:
    """Runs steps in a repository.

    ``known`` has the values of the expressions that a step's environment may hold, by their text.
    """

    repository: Path
    place: Path
    environ: Mapping[str, str]
    known: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> "StepRunner":
        self.place.mkdir()
        gh = self.place / "gh"
        gh.write_text(_GH.format(python=sys.executable))
        gh.chmod(0o755)
        self.comments()
        return self

    def comments(self, *comments: Mapping[str, Any]) -> None:
        """The comments that the pull request has, each as the REST API shows it."""
        (self.place / "comments.json").write_text(json.dumps(comments))

    def graphql(self, answer: Mapping[str, Any]) -> None:
        (self.place / "graphql.json").write_text(json.dumps(answer))

    def open_issue(self, number: int) -> None:
        (self.place / "open").write_text(str(number))

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What was asked of ``gh``."""
        file = self.place / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def run(self, workflow: Mapping[str, Any], step: Mapping[str, Any], **github: str) -> StepRun:
        """Run one step. ``github`` are variables that GitHub sets, without their prefix."""
        output, summary = self.place / "output", self.place / "summary"
        output.write_text("")
        summary.write_text("")
        own = {
            name: self._value(str(text)) for name, text in {**workflow["env"], **step.get("env", {})}.items()
        }
        environ = {
            "HOME": str(self.place),
            "LANG": "C.UTF-8",
            **self.environ,
            **own,
            "PATH": os.pathsep.join((str(self.place), str(_BIN), os.environ["PATH"])),
            "FAKE_GH": str(self.place),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_REPOSITORY": "clinic/kardia",
            "RUNNER_TEMP": str(self.place),
            **{f"GITHUB_{name.upper()}": value for name, value in github.items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.repository,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return StepRun(done.returncode, done.stdout, _outputs(output.read_text()), summary.read_text())

    def _value(self, text: str) -> str:
        return _EXPRESSION.sub(lambda found: self.known[found[1]], text)


def _outputs(text: str) -> dict[str, str]:
    """What a step wrote to the file of its outputs, in both forms that GitHub reads."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, mark, end = line.partition("<<")
        if not mark:
            name, _, found[name] = line.partition("=")
            continue
        values = []
        for value in lines:
            if value == end:
                break
            values.append(value)
        found[name] = "\n".join(values)
    return found
