"""``encrypt --edit``: an editor sees the plain text, nobody else does, and only a valid text is saved."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kardia_ctl.cli.commands.encrypt import editor
from tests.cli.conftest import Desk
from tests.config.encryption.sealing import OURS
from tests.terminals import read_to_end, read_until

ONE = "patients:\n  - {mrn: 0012345, dob: 2000-07-21, email: a@example.com, lastname: Quist}\n"
MAIN = f"version: 1\nrecipients: [{OURS.recipient}]\ninclude: ['p*.yaml.age']\n"
SEALED = Path("p.yaml.age")
Editor = Callable[[str], None]


@pytest.fixture
def clinic(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    desk.write(MAIN)
    monkeypatch.chdir(desk.path)
    SEALED.write_bytes(OURS.sealed(ONE))
    monkeypatch.setenv("KARDIA_AGE_IDENTITY", OURS.text)
    monkeypatch.delenv("VISUAL", raising=False)
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(editor, "_place", lambda: (tmp_path / "memory", True))
    return desk


@pytest.fixture
def edits(clinic: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    """Set the editor: a shell script whose $1 is the file."""

    def made(script: str) -> None:
        file = tmp_path / "my editor.sh"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o700)
        monkeypatch.setenv("EDITOR", f"'{file}'")

    return made


def left(tmp_path: Path) -> list[Path]:
    return [*(tmp_path / "memory").rglob("*")]


def test_a_changed_text_is_saved_encrypted(clinic: Desk, edits: Editor, tmp_path: Path) -> None:
    edits('sed -i s/Quist/Moor/ "$1"')
    ran = clinic.run("encrypt", "--edit", "p.yaml.age")
    assert (ran.code, ran.out) == (0, "Wrote p.yaml.age\n")
    assert OURS.opened(SEALED.read_bytes()) == ONE.replace("Quist", "Moor").encode()
    assert left(tmp_path) == []


def test_the_editor_has_a_private_file_in_a_private_directory_and_none_of_our_keys(
    clinic: Desk, edits: Editor, tmp_path: Path
) -> None:
    seen = ('stat -c %a "$1" "$(dirname "$1")" > modes', "env > env", 'basename "$1" > name')
    edits(f"cd {tmp_path}; " + "; ".join(seen))
    clinic.run("encrypt", "--edit", "p.yaml.age")
    assert (tmp_path / "modes").read_text().split() == ["600", "700"]
    assert (tmp_path / "name").read_text() == "p.yaml\n"
    assert "KARDIA_" not in (tmp_path / "env").read_text()


def test_an_unchanged_text_leaves_the_file_alone(clinic: Desk, edits: Editor) -> None:
    before = SEALED.read_bytes()
    edits("touch $1")
    ran = clinic.run("encrypt", "--edit", "p.yaml.age")
    assert (ran.code, ran.out) == (0, "p.yaml.age was not changed\n")
    assert SEALED.read_bytes() == before


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('sed -i s/2000-07-21/2000-07-41/ "$1"', "p.yaml.age:2:25: patient/0012345: dob is not a valid"),
        ('echo ": [" >> "$1"', "p.yaml.age:3:1: "),
        ('rm "$1"', "the editor removed the file"),
        ("exit 3", "ended with exit code 3: nothing was changed"),
        ('cp "$1" "$1~"; echo x > "$(dirname "$1")/.p.yaml.swp"; exit 1', "nothing was changed"),
    ],
)
def test_what_is_not_valid_or_failed_leaves_the_file_alone_and_no_plain_text(
    script: str, said: str, clinic: Desk, edits: Editor, tmp_path: Path
) -> None:
    before = SEALED.read_bytes()
    edits(script)
    ran = clinic.run("encrypt", "--edit", "p.yaml.age")
    assert ran.code == 1
    assert said in ran.err
    assert "Quist" not in ran.out + ran.err
    assert SEALED.read_bytes() == before
    assert left(tmp_path) == []


def test_problems_that_were_there_before_do_not_stand_in_the_way(clinic: Desk, edits: Editor) -> None:
    Path("p2.yaml.age").write_bytes(OURS.sealed("patients: [{mrn: X}]\n"))
    edits('sed -i s/Quist/Moor/ "$1"')
    assert clinic.run("encrypt", "--edit", "p.yaml.age").code == 0
    assert b"Moor" in OURS.opened(SEALED.read_bytes())


def test_an_mrn_that_another_file_declares_is_a_problem(clinic: Desk, edits: Editor) -> None:
    Path("p2.yaml.age").write_bytes(OURS.sealed(ONE.replace("0012345", "0099")))
    edits('sed -i s/0012345/0099/ "$1"')
    ran = clinic.run("encrypt", "--edit", "p.yaml.age")
    assert ran.code == 1
    assert "0099" in ran.err


def test_a_new_file_begins_empty(clinic: Desk, edits: Editor) -> None:
    edits("true")
    assert clinic.run("encrypt", "--edit", "p9.yaml.age").code == 0
    assert not Path("p9.yaml.age").exists()
    edits('printf "patients: []\\n" > "$1"')
    assert clinic.run("encrypt", "--edit", "p9.yaml.age").code == 0
    assert OURS.opened(Path("p9.yaml.age").read_bytes()) == b"patients: []\n"


def test_a_file_that_nothing_names_is_saved_with_a_warning(clinic: Desk, edits: Editor) -> None:
    Path("other.yaml.age").write_bytes(OURS.sealed("x: 1\n"))
    edits('echo "y: 2" >> "$1"')
    ran = clinic.run("encrypt", "--edit", "other.yaml.age")
    assert ran.code == 0
    assert "names other.yaml.age, so its content was not checked" in ran.err


def test_a_file_that_changed_meanwhile_is_not_replaced(clinic: Desk, edits: Editor) -> None:
    edits(f'sed -i s/Quist/Moor/ "$1"; echo theirs > {SEALED.absolute()}')
    ran = clinic.run("encrypt", "--edit", "p.yaml.age")
    assert ran.code == 1
    assert "was changed by another program meanwhile" in ran.err
    assert SEALED.read_text() == "theirs\n"


def test_without_the_identity_no_editor_is_started(
    clinic: Desk, edits: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KARDIA_AGE_IDENTITY")
    edits(f"touch {tmp_path}/started")
    ran = clinic.run("encrypt", "--edit", "p.yaml.age")
    assert ran.code == 1
    assert "p.yaml.age: the file is encrypted, and there is no age identity" in ran.err
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("name", ["no-such-editor", "", "'unclosed"])
def test_an_editor_that_is_not_there_is_named(
    name: str, clinic: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", name)
    monkeypatch.setenv("PATH", "/nowhere")
    ran = clinic.run("encrypt", "--edit", "p.yaml.age")
    assert ran.code == 1
    assert f"the editor {name if name == 'no-such-editor' else 'vi'} cannot be started" in ran.err
    assert "Set VISUAL or EDITOR" in ran.err


def test_visual_comes_before_editor_and_may_have_arguments(
    clinic: Desk, edits: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits("exit 9")
    monkeypatch.setenv("VISUAL", "sed -i s/Quist/Moor/")
    assert clinic.run("encrypt", "--edit", "p.yaml.age").code == 0


def test_a_plain_file_is_not_opened(clinic: Desk) -> None:
    ran = clinic.run("encrypt", "--edit", "kardia.yaml")
    assert ran.code == 1
    assert "--edit opens a file of age" in ran.err


def test_what_is_wiped_is_overwritten_first(tmp_path: Path) -> None:
    folder, outside = tmp_path / "private", tmp_path / "outside"
    (folder / "below").mkdir(parents=True)
    outside.write_text("theirs")
    held = folder / "below" / "p.yaml"
    held.write_text("Quist")
    (folder / "link").symlink_to(outside)
    os.link(held, tmp_path / "other name")
    editor.wipe(folder)
    assert not folder.exists()
    assert (tmp_path / "other name").read_bytes() == bytes(5)
    assert outside.read_text() == "theirs"


def test_a_place_in_memory_is_taken_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounts = tmp_path / "mounts"
    monkeypatch.setattr(editor, "_MOUNTS", mounts)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    mounts.write_text(f"tmpfs {tmp_path} tmpfs rw 0 0\nx / ext4 rw 0 0\n")
    assert editor._place() == (tmp_path, True)
    mounts.write_text("x / ext4 rw 0 0\n")
    assert editor._place()[1] is False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_editor_and_wipes_the_text(
    number: signal.Signals, clinic: Desk, tmp_path: Path
) -> None:
    runtime = tmp_path / "memory"
    script = tmp_path / "editor.sh"
    script.write_text(f'#!/bin/sh\necho Moor >> "$1"\ntouch {tmp_path}/started\nexec sleep 60\n')
    script.chmod(0o700)
    before = SEALED.read_bytes()
    code = f"""
import sys
from pathlib import Path
from kardia_ctl.cli.commands.encrypt import editor
editor._place = lambda: (Path({str(runtime)!r}), True)
from kardia_ctl.cli.main import main
main(["encrypt", "--edit", "p.yaml.age"])
"""
    environ = {**os.environ, "EDITOR": str(script), "KARDIA_AGE_IDENTITY": OURS.text}
    process = subprocess.Popen([sys.executable, "-c", code], env=environ, stderr=subprocess.PIPE)
    while not (tmp_path / "started").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"interrupted" in told
    assert [*runtime.rglob("*")] == []
    assert SEALED.read_bytes() == before


def test_on_a_terminal_an_invalid_text_is_offered_again(clinic: Desk, edits: Editor) -> None:
    edits('if grep -q 07-41 "$1"; then sed -i s/07-41/07-22/ "$1"; else sed -i s/07-21/07-41/ "$1"; fi')
    master, slave = os.openpty()
    words = [sys.executable, "-m", "kardia_ctl", "encrypt", "--edit", "p.yaml.age"]
    process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = read_until(master, "Only 'no' discards the text: ")
    assert b"dob is not a valid YYYY-MM-DD date" in seen
    os.write(master, b"yes\n")
    read_to_end(master)
    assert process.wait() == 0
    assert b"2000-07-22" in OURS.opened(SEALED.read_bytes())
    assert stat.S_IMODE(SEALED.stat().st_mode) == 0o600
