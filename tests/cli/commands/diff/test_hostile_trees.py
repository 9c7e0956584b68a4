"""Commits that a stranger made: links, submodules, odd paths, and a repository that configures programs."""

import os
import subprocess
from pathlib import Path

import pytest

from kardia_ctl.cli.commands.diff.git_program import TreeEntry
from kardia_ctl.cli.commands.diff.tree_paths import resolved_path
from tests.cli.commands.diff.conftest import Diff
from tests.cli.commands.diff.repositories import START, Repository


def test_a_link_out_of_the_tree_is_not_followed(clinic: Repository, diff: Diff, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("patients:\n- {mrn: NO-1, dob: 1970-01-01, email: n@example.com}\n")
    clinic.write(START + "include: [more/*.yaml]\n")
    clinic.write("patients: []\n", "clinic/more/real.yaml")
    (clinic.top / "clinic/more/out.yaml").symlink_to(tmp_path / "secret.yaml")
    (clinic.top / "clinic/more/up.yaml").symlink_to("../../../secret.yaml")
    (clinic.top / "clinic/more/loop.yaml").symlink_to("loop.yaml")
    clinic.commit()
    code, out, _ = diff("HEAD^", "HEAD", "clinic")
    assert code == 0
    assert "No differences" in out
    assert "clinic/more/loop.yaml, clinic/more/out.yaml, clinic/more/up.yaml" in out


def test_links_inside_of_the_tree_are_followed(clinic: Repository, diff: Diff) -> None:
    clinic.write(START.replace("CL-2", "CL-3"), "shared/kardia.yaml")
    (clinic.top / "site").symlink_to("shared")
    (clinic.top / "linked").mkdir()
    (clinic.top / "linked/kardia.yaml").symlink_to("../site/kardia.yaml")
    clinic.commit()
    for path in ("site", "linked", "linked/kardia.yaml"):
        code, out, _ = diff("HEAD^", "HEAD", path)
        assert code == 0
        assert "2 patients added" in out
    assert "No differences" in diff("HEAD", "HEAD", "linked")[1]


def test_a_kardia_yaml_that_leads_out_is_none(clinic: Repository, diff: Diff) -> None:
    (clinic.top / "clinic/kardia.yaml").unlink()
    (clinic.top / "clinic/kardia.yaml").symlink_to("/etc/hostname")
    clinic.commit()
    code, out, err = diff("HEAD^", "HEAD", "clinic")
    assert (code, out) == (1, "")
    assert "there is no kardia.yaml at clinic" in err


def test_a_submodule_is_left_out_and_named(clinic: Repository, diff: Diff) -> None:
    head = clinic.git("rev-parse", "HEAD")
    clinic.git("update-index", "--add", "--cacheinfo", f"160000,{head},clinic/module")
    clinic.git("commit", "-qm", "A module")
    code, out, _ = diff("HEAD^", "HEAD", "clinic")
    assert code == 0
    assert "not read, because it leads out of the directory: clinic/module" in out


def test_a_path_that_leads_up_is_refused(clinic: Repository, diff: Diff) -> None:
    """git fsck refuses such a tree, but a fetch does not look unless it is told to."""
    blob = clinic.git("rev-parse", "HEAD:clinic/kardia.yaml")
    entry = b"100644 kardia.yaml\0" + bytes.fromhex(blob)
    inner = _object(clinic, b"tree", entry)
    middle = _object(clinic, b"tree", b"40000 ..\0" + bytes.fromhex(inner))
    outer = _object(clinic, b"tree", b"40000 clinic\0" + bytes.fromhex(middle))
    commit = clinic.git("commit-tree", outer, "-m", "Up")
    code, out, err = diff("HEAD", commit, "clinic")
    assert (code, out) == (1, "")
    assert "a path that no work tree has" in err


def _object(clinic: Repository, kind: bytes, data: bytes) -> str:
    command = ["git", "hash-object", "-w", "--literally", "-t", kind.decode(), "--stdin"]
    done = subprocess.run(command, cwd=clinic.top, input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_what_the_repository_configures_is_not_run(clinic: Repository, diff: Diff) -> None:
    trap = clinic.top / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {clinic.top}/sprung\n")
    trap.chmod(0o755)
    (clinic.top / ".git/hooks").mkdir(exist_ok=True)
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "filter.odd.smudge", "diff.odd.textconv"):
        clinic.git("config", key, str(trap))
    clinic.git("config", "remote.origin.url", "ssh://git@example.com/clinic")
    clinic.git("config", "remote.origin.promisor", "true")
    clinic.git("config", "core.repositoryFormatVersion", "1")
    clinic.git("config", "extensions.partialClone", "origin")
    clinic.write("*.yaml filter=odd diff=odd\n", ".gitattributes")
    blob = clinic.git("rev-parse", "HEAD:clinic/kardia.yaml")
    (clinic.top / ".git/objects" / blob[:2] / blob[2:]).unlink()
    code, _, err = diff("HEAD", "HEAD", "clinic")
    assert code == 1
    assert "git" in err
    assert not (clinic.top / "sprung").exists()
    assert not (clinic.top / "clinic/sprung").exists()


def test_a_hook_may_call_it(clinic: Repository, diff: Diff, monkeypatch: pytest.MonkeyPatch) -> None:
    """git sets its own variables for hooks, relative to another directory."""
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.lock")
    monkeypatch.chdir(clinic.top / "clinic")
    assert diff("HEAD")[0] == 0


def test_without_git_it_says_so(diff: Diff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    code, _, err = diff("HEAD", "HEAD", "clinic")
    assert code == 1
    assert "the program git" in err


def _resolved(paths: dict[str, str], path: str) -> str | None:
    """In a tree of files ('') and links (their targets)."""
    tree = {
        name: TreeEntry("120000" if target else "100644", name, len(target)) for name, target in paths.items()
    }
    return resolved_path(tree, path, lambda entry: paths[entry.object])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a/kardia.yaml", "b/c/kardia.yaml"),
        ("a/../b/c/kardia.yaml", "b/c/kardia.yaml"),
        ("out/x", None),
        ("absolute", None),
        ("round", None),
        ("../x", None),
    ],
)
def test_paths_are_resolved_as_a_file_system_would_but_never_out_of_the_tree(
    path: str, found: str | None
) -> None:
    tree = {
        "a": "b/link",
        "b/link": "c",
        "b/c/kardia.yaml": "",
        "out": "../../etc",
        "absolute": "/etc/passwd",
        "round": "round",
    }
    assert _resolved(tree, path) == found
