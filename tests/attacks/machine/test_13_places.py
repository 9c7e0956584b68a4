"""Where outputs go: they stay where somebody will look for them, and wait for nobody who never comes."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.cli import outputs, private_files
from kardia_ctl.cli.files import code_file
from kardia_ctl.cli.files.code_file import CodeFile
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.patient import IssuedCode
from tests.attacks.meddling import before, meddled
from tests.attacks.safeguards import removed
from tests.cli.conftest import Desk, account, desk

__all__ = ["account", "desk"]

CLINIC = """\
version: 1
templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}
patients:
  - {mrn: P-1, dob: 1958-03-14, email: ottoline@example.com, codes: [one-year]}
"""
HEADER = "mrn,code,template,issued,status\n"
CREATE = ("POST", "/v1/patients")


@pytest.fixture
def clinic(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a patient and a code to order."""
    desk.write(CLINIC)
    monkeypatch.chdir(desk.path)
    monkeypatch.setattr(private_files, "_READER_SECONDS", 0.0)
    return desk.path


def _replace(file: Path) -> None:
    file.with_suffix(".new").write_text(HEADER)
    file.with_suffix(".new").replace(file)


GONE: dict[str, Callable[[Path], object]] = {
    "removed": lambda file: file.unlink(),
    "renamed": lambda file: file.rename("elsewhere.csv"),
    "saved by an editor": _replace,
    "its directory renamed": lambda file: file.parent.rename("elsewhere"),
}


@pytest.mark.parametrize("meanwhile", GONE.values(), ids=GONE)
def test_codes_are_not_written_where_nobody_will_find_them(
    desk: Desk, clinic: Path, meanwhile: Callable[[Path], object]
) -> None:
    """The run said that it was complete, and the codes went with the file that had been opened."""
    file = Path("codes", "codes.csv")
    file.parent.mkdir()
    with meddled(desk, before(*CREATE, lambda: meanwhile(file))):
        ran = desk.apply("--codes-out", str(file))
    assert ran.code == 1
    assert "lacks codes: it was removed, renamed or replaced during the run" in ran.err
    Path("codes").mkdir(exist_ok=True)
    assert desk.run("codes", "--auto-approve", "--codes-out", str(file)).code == 0
    assert file.read_text().count("P-1,") == 1


def test_without_the_look_at_the_name_codes_go_with_a_removed_file(desk: Desk, clinic: Path) -> None:
    """The mutant."""
    with (
        removed(code_file, "check_place", lambda *_: None),
        meddled(desk, before(*CREATE, lambda: Path("codes.csv").unlink())),
    ):
        assert desk.apply("--codes-out", "codes.csv").code == 0
    assert not Path("codes.csv").exists()


def test_two_runs_do_not_append_to_one_file(desk: Desk, clinic: Path) -> None:
    """Each would take the other's newest row for one that a dead run had left, and remove it."""
    with CodeFile(Path("codes.csv")) as other:
        ran = desk.apply("--codes-out", "codes.csv")
        assert (ran.code, desk.account.patients.all()) == (1, [])
        assert "another run is writing codes to codes.csv" in ran.err
        other.add(IssuedCode("P-9", "AB12", "one-year", "", 0))
    assert desk.apply("--codes-out", "codes.csv").code == 0
    assert [line.split(",")[0] for line in Path("codes.csv").read_text().splitlines()] == [
        "mrn",
        "P-9",
        "P-1",
    ]


def test_a_file_system_without_locks_takes_codes(
    desk: Desk, clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", refuse)
        with CodeFile(Path("codes.csv")) as codes:
            codes.add(IssuedCode("P-9", "AB12", "one-year", "", 0))
    assert "P-9" in Path("codes.csv").read_text()


def test_without_the_lock_two_runs_append_to_one_file(clinic: Path) -> None:
    """The mutant."""
    file = Path("codes.csv")
    with removed(fcntl, "flock", lambda *_: None), CodeFile(file), CodeFile(file):
        pass
    with CodeFile(file), pytest.raises(RunStopped, match="another run"):
        CodeFile(file)


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (("apply", "--auto-approve", "--codes-out"), False),
        (("apply", "--auto-approve", "--results"), True),
        (("plan", "--out"), False),
        (("get", "patients", "--out"), False),
        (("status", "--html"), False),
    ],
    ids=lambda words: words[-1] if isinstance(words, tuple) else "",
)
def test_a_pipe_that_nothing_reads_is_not_waited_for(
    desk: Desk, clinic: Path, words: tuple[str, ...], sent: bool
) -> None:
    """No signal ended the wait: it was inside one call, under the state's lock."""
    os.mkfifo("pipe")
    ran = desk.run(*words, "pipe")
    assert ran.code == 1
    assert "pipe could not be written: it is a pipe that nothing reads" in ran.err
    assert bool(desk.account.patients.all()) == sent


def test_a_pipe_with_a_reader_gets_the_codes(desk: Desk, clinic: Path) -> None:
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert desk.apply("--codes-out", "pipe").code == 0
    assert os.read(reader, 4096).decode().startswith(HEADER + "P-1,")
    os.close(reader)


@contextmanager
def redirected(descriptor: int, file: str) -> Iterator[None]:
    """One of the process's own streams leads to a file, as after a shell's ``>``."""
    kept, opened = os.dup(descriptor), os.open(file, os.O_WRONLY | os.O_CREAT)
    os.dup2(opened, descriptor)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(opened)


@pytest.mark.parametrize("option", ["--results", "--codes-out"])
@pytest.mark.parametrize("stream", [1, 2])
def test_an_output_is_not_the_file_of_a_stream(desk: Desk, clinic: Path, option: str, stream: int) -> None:
    """The report and the results, in one file, overwrote each other."""
    with redirected(stream, "report.csv"):
        ran = desk.apply(option, "report.csv")
    assert (ran.code, ran.requests) == (1, [])
    assert "is redirected to: each would overwrite the other" in ran.err
    with redirected(stream, "report.csv"), removed(outputs, "own_stream", lambda _: ""):  # the mutant
        assert desk.apply(option, "report.csv").code == 0


def test_codes_on_stdout_leave_what_its_file_holds(desk: Desk, clinic: Path) -> None:
    """It was read as a file of codes, and what is none was refused or cut off."""
    Path("all.txt").write_text("as of yesterday\n")
    with redirected(1, "all.txt"):
        os.lseek(1, 0, os.SEEK_END)
        assert desk.apply("--codes-out", "/dev/stdout").code == 0
    assert Path("all.txt").read_text().startswith("as of yesterday\n" + HEADER)


def test_a_name_as_long_as_names_may_be_holds_results(desk: Desk, clinic: Path) -> None:
    """The name of the temporary file beside it was too long, once everything had been sent."""
    name = "ä" * 120 + "results.csv"
    assert desk.apply("--results", name).code == 0
    assert Path(name).read_text().startswith("address,action")


@pytest.mark.parametrize(
    "words", [("plan", "--out"), ("apply", "--auto-approve", "--results"), ("get", "patients", "--out")]
)
def test_no_file_is_named_by_a_dash(desk: Desk, clinic: Path, words: Any) -> None:
    ran = desk.run(*words, "-")
    assert (ran.code, ran.requests, Path("-").exists()) == (1, [], False)
    assert "For stdout, leave the option out" in ran.err
