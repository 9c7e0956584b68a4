"""``encrypt --edit`` where others read along: what the editor prints is the plain text."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kardia_ctl.cli.commands.encrypt import editor
from tests.config.encryption.sealing import OURS
from tests.terminals import read_to_end

TEXT = "patients:\n  - {mrn: 0012345, dob: 2000-07-21, email: a@example.com, lastname: Quist}\n"
MAIN = f"version: 1\nrecipients: [{OURS.recipient}]\ninclude: ['p*.yaml.age']\n"
WORDS = [sys.executable, "-m", "kardia_ctl", "encrypt", "--edit", "p.yaml.age"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose editor prints the file on both streams, and changes it."""
    (tmp_path / "kardia.yaml").write_text(MAIN)
    (tmp_path / "p.yaml.age").write_bytes(OURS.sealed(TEXT))
    script = tmp_path / "editor.sh"
    script.write_text('#!/bin/sh\ncat "$1"; cat "$1" >&2; sed -i s/Quist/Moor/ "$1"; exit ${ENDS:-0}\n')
    script.chmod(0o700)
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "VISUAL")}
    return kept | {"EDITOR": str(script), "KARDIA_AGE_IDENTITY": OURS.text}


def test_no_pipe_gets_what_the_editor_prints(tmp_path: Path, environ: dict[str, str]) -> None:
    ran = subprocess.run(WORDS, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "Wrote p.yaml.age\n")
    assert "Quist" not in ran.stderr
    assert b"Moor" in OURS.opened((tmp_path / "p.yaml.age").read_bytes())


def test_a_failed_editor_says_why_nothing_of_it_is_seen(tmp_path: Path, environ: dict[str, str]) -> None:
    environ["ENDS"] = "3"
    ran = subprocess.run(WORDS, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "exit code 3: nothing was changed. What it prints is hidden" in ran.stderr
    assert "Quist" not in ran.stderr


@pytest.mark.parametrize(("ci", "is_seen"), [("", True), ("1", False)])
def test_a_persons_own_terminal_gets_it(
    tmp_path: Path, environ: dict[str, str], ci: str, is_seen: bool
) -> None:
    master, slave = os.openpty()
    process = subprocess.Popen(
        WORDS, cwd=tmp_path, env=environ | {"CI": ci}, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    assert (b"Quist" in read_to_end(master)) is is_seen
    assert process.wait() == 0


def test_without_a_terminal_and_an_editor_none_is_started(tmp_path: Path, environ: dict[str, str]) -> None:
    del environ["EDITOR"]
    ran = subprocess.run(WORDS, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "the editor vi cannot be started: this is not your own terminal" in ran.stderr


def test_without_the_rule_a_pipe_gets_the_text(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: every stream counts as a person's own terminal."""
    monkeypatch.setattr(editor, "is_own_terminal", lambda _: True)
    monkeypatch.setenv("EDITOR", "cat")
    monkeypatch.delenv("VISUAL", raising=False)
    with editor.PrivateCopy("p.yaml") as copy:
        assert copy.edited(TEXT.encode()) == TEXT.encode()
    assert "Quist" in capfd.readouterr().out
