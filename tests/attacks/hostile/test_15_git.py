"""Secrets that git tracks are warned of, and no repository gets anything executed by it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kardia_ctl.cli.account import workspace
from kardia_ctl.cli.account.git_index import tracked
from tests.attacks.safeguards import removed
from tests.canary.desk import InnerDesk, in_memory, inner_desk

TRACKED: Final = "git tracks"


@pytest.fixture
def desk() -> Iterator[InnerDesk]:
    """A configuration two directories below a repository, with a state."""
    with in_memory() as place:
        (place / "top").mkdir()
        with inner_desk(
            place / "top" / "clinic", "version: 1\ncallback: {url: https://hooks.example.com/k}\n"
        ) as opened:
            git(place / "top", "init", "-q")
            assert opened.apply().code == 0
            yield opened


def git(top: Path, *words: str) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *identity, "-C", str(top), *words], check=True, capture_output=True, env=clean)


def warned(desk: InnerDesk) -> bool:
    plans, validated = desk.plan(), desk.run("validate", str(desk.path))
    assert (TRACKED in plans.err) is (TRACKED in validated.err)
    return TRACKED in plans.err


@pytest.mark.parametrize("version", [2, 4])
@pytest.mark.parametrize("name", [".kardia", ".kardia/key", ".kardia/state.db"])
def test_what_is_tracked_is_warned_of(desk: InnerDesk, name: str, version: int) -> None:
    top = desk.path.parent
    git(top, "config", "index.version", str(version))
    git(top, "add", "clinic/kardia.yaml")
    assert not warned(desk)
    git(top, "add", "-f", f"clinic/{name}")
    assert warned(desk)
    assert desk.plan("--detailed-exitcode").code == 0, "a warning changes no exit code"
    git(top, "rm", "-q", "-r", "--cached", "clinic/.kardia")
    assert not warned(desk)


def test_what_is_committed_is_warned_of_also_when_it_is_ignored_since(desk: InnerDesk) -> None:
    top = desk.path.parent
    git(top, "add", "-f", ".")
    git(top, "commit", "-q", "-m", "x")
    (top / ".gitignore").write_text(".kardia/\n")
    assert warned(desk)


def test_a_name_that_only_looks_like_it_is_no_match(desk: InnerDesk) -> None:
    top = desk.path.parent
    for name in ("other/clinic/.kardia/key", "clinic/.kardia2", "xclinic/.kardia/key", "clinic/a.kardia/key"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("x")
        git(top, "add", "-f", name)
    assert not warned(desk)


@pytest.mark.parametrize("form", ["version 3", "many names", "long names", "worktree", "submodule"])
def test_every_form_of_an_index_is_read(desk: InnerDesk, form: str, tmp_path: Path) -> None:
    top, secret = desk.path.parent, desk.path / ".kardia"
    git(top, "add", "-f", "clinic")
    match form:
        case "version 3":
            (top / "new").write_text("x")
            git(top, "add", "-N", "new")  # needs flags that version 2 has not
        case "many names":
            for number in range(300):
                (top / f"{number}.txt").write_text("x")
            git(top, "add", "-f", ".")
        case "long names":
            deep = top.joinpath(*["d" * 200] * 15)
            deep.mkdir(parents=True)
            (deep / ("n" * 200)).write_text("x")
            git(top, "add", "-f", ".")
        case "worktree":
            git(top, "commit", "-q", "-m", "x")
            git(top, "worktree", "add", "-q", str(tmp_path / "tree"))
            secret = tmp_path / "tree" / "clinic" / ".kardia"
        case "submodule":
            git(top, "commit", "-q", "-m", "x")
            git(tmp_path, "init", "-q")
            git(tmp_path, "submodule", "add", "-q", str(top), "inner")
            secret = tmp_path / "inner" / "clinic" / ".kardia"
    assert list(tracked([secret])) == [secret]
    assert list(tracked([secret.with_name(".none")])) == []


def test_files_that_receive_secrets_are_warned_of(desk: InnerDesk) -> None:
    top, plan, codes, key = (
        desk.path.parent,
        desk.path / "saved.plan",
        desk.path / "codes.csv",
        desk.path / "api.key",
    )
    for file in (plan, codes, key):
        file.write_text("")
    key.write_text(os.environ["KARDIA_API_KEY"] + "x" * 16)
    git(top, "add", "-f", "clinic/saved.plan", "clinic/codes.csv", "clinic/api.key")
    assert f"{TRACKED} {plan}" in desk.plan("--out", str(plan)).err
    assert f"{TRACKED} {codes}" in desk.apply("--codes-out", str(codes)).err
    assert f"{TRACKED} {key}" in desk.plan("--api-key-file", str(key)).err


def test_a_state_elsewhere_is_warned_of(desk: InnerDesk) -> None:
    text = (desk.path / "kardia.yaml").read_text()
    (desk.path / "kardia.yaml").write_text(text + "state: sqlite:///records.db\n")
    desk.apply()
    git(desk.path.parent, "add", "-f", "clinic/records.db")
    assert "records.db: it is the state" in desk.plan().err


def test_a_repository_runs_nothing(desk: InnerDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it configures, and whatever the environment says."""
    top, mark = desk.path.parent, tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    git(top, "add", "-f", "clinic")
    for name in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "filter.x.clean",
        "alias.ls-files",
    ):
        git(top, "config", name, str(program))
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_SSH_COMMAND"):
        monkeypatch.setenv(name, str(program))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    shutil.copy(program, tmp_path / "git")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert warned(desk)
    assert not mark.exists()


@pytest.mark.parametrize("how", ["a pipe", "a directory", "nonsense", "half", "none", "a loop", "huge count"])
def test_an_index_that_cannot_be_read_is_no_error(desk: InnerDesk, how: str) -> None:
    index = desk.path.parent / ".git" / "index"
    git(desk.path.parent, "config", "index.version", "4")
    git(desk.path.parent, "add", "-f", "clinic")
    whole = index.read_bytes()
    index.unlink()
    match how:
        case "a pipe":
            os.mkfifo(index)
        case "a directory":
            index.mkdir()
        case "nonsense":
            index.write_bytes(b"clinic/.kardia/key\0" * 9)
        case "half":
            index.write_bytes(whole[:70])
        case "a loop":
            index.symlink_to(index)
        case "huge count":
            index.write_bytes(whole[:8] + b"\xff" * 4 + b"\x00" * 200)
    assert not warned(desk)
    assert "Traceback" not in desk.plan().told


@pytest.mark.parametrize("text", ["", "gitdir:", "gitdir: /nowhere\n", "gitdir: \0", "\xff"])
def test_a_git_file_that_leads_nowhere_is_no_error(desk: InnerDesk, text: str) -> None:
    shutil.rmtree(desk.path.parent / ".git")
    (desk.path.parent / ".git").write_bytes(text.encode("latin-1"))
    assert not warned(desk)


def test_without_the_look_nobody_is_warned(desk: InnerDesk) -> None:
    with removed(workspace, "tracked_secrets", lambda *_: ()), pytest.raises(AssertionError):
        test_what_is_committed_is_warned_of_also_when_it_is_ignored_since(desk)
