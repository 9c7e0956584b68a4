"""``encrypt``: a file becomes another beside it, whole or not at all, and what is left is said."""

import json
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.config.encryption import age
from tests.cli.conftest import Desk
from tests.config.encryption.sealing import OURS, THEIRS

ONE = "patients:\n  - {mrn: 0012345, dob: 2000-07-21, email: a@example.com, lastname: Quist}\n"
MAIN = f"version: 1\nrecipients: [{OURS.recipient}]\ninclude: [p.yaml]\n"


@pytest.fixture
def clinic(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk.write(MAIN)
    desk.write(ONE, "p.yaml")
    monkeypatch.chdir(desk.path)
    monkeypatch.setenv("KARDIA_AGE_IDENTITY", OURS.text)
    monkeypatch.delenv("KARDIA_AGE_IDENTITY_FILE", raising=False)
    return desk


def test_a_file_is_encrypted_beside_itself_for_the_declared_recipients(clinic: Desk) -> None:
    ran = clinic.run("encrypt", "p.yaml")
    assert ran.code == 0
    sealed = Path("p.yaml.age")
    assert OURS.opened(sealed.read_bytes()) == ONE.encode()
    assert sealed.read_bytes().startswith(b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert Path("p.yaml").read_text() == ONE
    assert "Wrote p.yaml.age. Name it in kardia.yaml in place of p.yaml" in ran.out
    assert "p.yaml is still there in plain text" in ran.err


def test_remove_removes_the_plain_file_once_the_other_is_there(clinic: Desk) -> None:
    assert clinic.run("encrypt", "p.yaml", "--remove").code == 0
    assert not Path("p.yaml").exists()
    clinic.write(MAIN.replace("p.yaml", "p.yaml.age"))
    assert "patient/0012345" in clinic.plan().out


def test_a_large_file_comes_back_byte_for_byte(clinic: Desk) -> None:
    content = bytes(range(256)) * 20_000
    Path("c.xlsx").write_bytes(content)
    assert clinic.run("encrypt", "c.xlsx").code == 0
    assert OURS.opened(Path("c.xlsx.age").read_bytes()) == content


def test_another_recipient_may_be_named(clinic: Desk) -> None:
    assert clinic.run("encrypt", "p.yaml", "--recipient", THEIRS.recipient).code == 0
    assert THEIRS.opened(Path("p.yaml.age").read_bytes()) == ONE.encode()


def test_without_recipients_it_says_how_to_make_one(clinic: Desk) -> None:
    clinic.write("version: 1\n")
    ran = clinic.run("encrypt", "p.yaml")
    assert ran.code == 1
    assert "declare recipients: [age1…]" in ran.err
    assert "age-keygen" in ran.err
    assert not Path("p.yaml.age").exists()


@pytest.mark.parametrize(
    "recipient", ["age1qq", OURS.identity, "ssh-ed25519 AAAA"], ids=["short", "identity", "ssh"]
)
def test_what_is_no_recipient_is_refused_and_nothing_is_written(recipient: str, clinic: Desk) -> None:
    ran = clinic.run("encrypt", "p.yaml", "--recipient", recipient)
    assert ran.code == 1
    assert "a recipient is not valid" in ran.err
    assert OURS.identity not in ran.err
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(("p.", ".p"))) == ["p.yaml"]


@pytest.mark.parametrize("name", ["p.yaml.age", "kardia.yaml.age"])
def test_no_file_is_replaced(name: str, clinic: Desk) -> None:
    Path(name).write_bytes(b"mine")
    ran = clinic.run("encrypt", name.removesuffix(".age"))
    assert ran.code == 1
    assert Path(name).read_bytes() == b"mine"


def test_kardia_yaml_itself_stays_readable(clinic: Desk) -> None:
    ran = clinic.run("encrypt", "kardia.yaml")
    assert ran.code == 1
    assert "Move its patients into a file of their own" in ran.err


@pytest.mark.parametrize("name", ["q.yaml", "q.yaml.age"])
def test_what_is_encrypted_is_not_encrypted_again(name: str, clinic: Desk) -> None:
    Path(name).write_bytes(OURS.sealed(ONE))
    ran = clinic.run("encrypt", name, "--remove")
    assert ran.code == 1
    assert "already" in ran.err
    assert Path(name).exists()
    assert not Path(f"{name}.age").exists()


def test_of_several_files_none_is_written_when_one_cannot_be(clinic: Desk) -> None:
    Path("q.yaml").write_text(ONE)
    Path("q.yaml.age").write_text("mine")
    assert clinic.run("encrypt", "p.yaml", "q.yaml").code == 1
    assert not Path("p.yaml.age").exists()


def test_a_missing_file_is_named(clinic: Desk) -> None:
    ran = clinic.run("encrypt", "gone.yaml")
    assert ran.code == 1
    assert "gone.yaml: no such file" in ran.err
    assert not Path("gone.yaml.age").exists()


def test_a_full_disk_leaves_no_part_and_the_plain_file(clinic: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    ran = clinic.run("encrypt", "p.yaml", "--remove")
    assert ran.code == 1
    assert "no space left on device" in ran.err.lower()
    assert [path.name for path in Path().iterdir() if ".age" in path.name] == []
    assert Path("p.yaml").exists()


def test_a_file_that_git_tracks_is_said_to_stay_in_its_history(clinic: Desk) -> None:
    for words in (["init", "-q"], ["add", "p.yaml"]):
        subprocess.run(["git", *words], check=True)
    ran = clinic.run("encrypt", "p.yaml")
    assert "git tracks p.yaml, so its plain text is in the repository" in ran.err
    assert "git rm --cached p.yaml" in ran.err


# What validate says of plain text


def repository(remote: str = "origin") -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    if remote:
        subprocess.run(["git", "remote", "add", remote, "https://git.example.com/clinic"], check=True)
    subprocess.run(["git", "add", "-A", "."], check=True)


def test_validate_warns_of_plain_text_patients_that_are_pushed(clinic: Desk) -> None:
    repository()
    ran = clinic.run("validate")
    assert ran.code == 0
    assert (
        "Warning: patients stand in plain text in p.yaml, which git tracks, and the repository has a"
        in ran.err
    )
    clinic.write(f"{MAIN}phi_in_git: accepted\n")
    assert "plain text" not in clinic.run("validate").err


def test_without_a_remote_or_with_encrypted_files_it_does_not(clinic: Desk) -> None:
    repository(remote="")
    assert "plain text" not in clinic.run("validate").err
    clinic.run("encrypt", "p.yaml", "--remove")
    clinic.write(MAIN.replace("p.yaml", "p.yaml.age"))
    subprocess.run(["git", "remote", "add", "origin", "https://git.example.com/clinic"], check=True)
    subprocess.run(["git", "add", "-A", "."], check=True)
    assert "plain text" not in clinic.run("validate").err


def test_a_work_tree_knows_the_remote_of_its_repository(clinic: Desk, tmp_path: Path) -> None:
    repository()
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *who, "commit", "-qm", "First"], check=True)
    subprocess.run(["git", "worktree", "add", "-q", str(tmp_path / "other")], check=True)
    assert "patients stand in plain text in p.yaml" in clinic.run("validate", str(tmp_path / "other")).err


# The identity


def test_the_identity_may_be_in_a_file(clinic: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.run("encrypt", "p.yaml", "--remove")
    clinic.write(MAIN.replace("p.yaml", "p.yaml.age"))
    monkeypatch.delenv("KARDIA_AGE_IDENTITY")
    assert "no age identity" in clinic.run("validate").err
    (tmp_path / "id.txt").write_text(OURS.text)
    monkeypatch.setenv("KARDIA_AGE_IDENTITY_FILE", str(tmp_path / "id.txt"))
    assert clinic.run("validate").code == 0
    monkeypatch.setenv("KARDIA_AGE_IDENTITY_FILE", str(tmp_path / "gone.txt"))
    ran = clinic.run("validate")
    assert ran.code == 1
    monkeypatch.setenv("KARDIA_AGE_IDENTITY_FILE", "")
    told = clinic.run("validate").err
    assert "no age identity: KARDIA_AGE_IDENTITY_FILE is set but empty" in told
    assert "does the job have this secret?" in told
    assert f"{tmp_path / 'gone.txt'}, which KARDIA_AGE_IDENTITY_FILE names: no such file" in ran.err


def test_quarantined_rows_are_written_for_the_recipients(clinic: Desk) -> None:
    """And what an earlier run wrote in plain text goes, whatever the cohort itself is."""
    bad = "mrn,dob,email\nA-1,1999-13-01,b@example.com\n"
    clinic.write("version: 1\ncohorts: {spring: {source: c.csv, on_bad_row: quarantine}}\n")
    clinic.write(bad, "c.csv")
    assert clinic.run("validate").code == 1
    plain, sealed = Path("spring.rejected.csv"), Path("spring.rejected.csv.age")
    text = plain.read_bytes()
    clinic.edit(lambda main: f"{main}recipients: [{OURS.recipient}]\n")
    ran = clinic.run("validate")
    assert ran.code == 1
    assert "see spring.rejected.csv.age beside it" in ran.err
    assert not plain.exists()
    assert OURS.opened(sealed.read_bytes()) == text
    clinic.edit(lambda main: main.replace("source: c.csv", "source: spring.rejected.csv.age"))
    assert "1999-13-01" not in clinic.run("validate").err
    clinic.edit(lambda main: main.replace("source: spring.rejected.csv.age", "source: c.csv"))
    clinic.write(bad.replace("13-01", "12-01"), "c.csv")
    assert clinic.run("validate").code == 0
    assert not sealed.exists()


def test_quarantined_rows_never_replace_a_file_of_somebody_else(clinic: Desk) -> None:
    clinic.write(
        f"version: 1\nrecipients: [{OURS.recipient}]\n"
        "cohorts: {spring: {source: c.csv, on_bad_row: quarantine}}\n"
    )
    clinic.write("mrn,dob,email\nA-1,1999-13-01,b@example.com\n", "c.csv")
    Path("spring.rejected.csv.age").write_text("mine")
    Path("spring.rejected.csv").write_text("mine too")
    assert "is not a quarantine file and was not changed" in clinic.run("validate").err
    assert Path("spring.rejected.csv.age").read_text() == "mine"
    assert Path("spring.rejected.csv").read_text() == "mine too"


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once the plain text is read, and before the encrypted file has its name."""
    known = age.encrypted_pieces

    def pieces(*arguments: Any) -> Iterator[bytes]:
        yield from known(*arguments)
        happens()

    monkeypatch.setattr(age, "encrypted_pieces", pieces)


def test_a_file_that_appears_meanwhile_is_not_replaced(clinic: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(monkeypatch, lambda: Path("p.yaml.age").write_text("mine"))
    ran = clinic.run("encrypt", "p.yaml", "--remove")
    assert ran.code == 1
    assert Path("p.yaml.age").read_text() == "mine"
    assert Path("p.yaml").exists()


def test_a_file_that_was_changed_meanwhile_is_not_removed(
    clinic: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: Path("p.yaml").write_text("newer"))
    ran = clinic.run("encrypt", "p.yaml", "--remove")
    assert ran.code == 1
    assert "changed while it was encrypted, and was not removed" in ran.err
    assert Path("p.yaml").read_text() == "newer"


def test_a_link_is_not_removed_in_place_of_the_plain_text(clinic: Desk) -> None:
    Path("elsewhere").mkdir()
    Path("p.yaml").rename("elsewhere/p.yaml")
    Path("p.yaml").symlink_to("elsewhere/p.yaml")
    ran = clinic.run("encrypt", "p.yaml", "--remove")
    assert ran.code == 1
    assert "p.yaml is a link" in ran.err
    assert Path("p.yaml").is_symlink()
    assert not Path("p.yaml.age").exists()


def test_another_name_of_the_plain_text_is_said(clinic: Desk) -> None:
    Path("other.yaml").hardlink_to("p.yaml")
    ran = clinic.run("encrypt", "p.yaml", "--remove")
    assert ran.code == 0
    assert "p.yaml has other names (hard links), under which its plain text stays" in ran.err


def test_problems_in_encrypted_files_have_no_offset_for_editors(clinic: Desk) -> None:
    Path("p.yaml.age").write_bytes(OURS.sealed(ONE.replace("2000-07-21", "2000-07-41")))
    clinic.write(MAIN.replace("p.yaml", "p.yaml.age"))
    (diagnostic,) = json.loads(clinic.run("validate", "--json").out)["diagnostics"]
    assert diagnostic["range"]["filename"] == "p.yaml.age"
    assert diagnostic["range"]["start"] == {"line": 2, "column": 25, "byte": 0}
