"""The only copy of a new key: no place that keeps nothing, no signal and nobody who tidies up loses it."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.cli import interrupts, private_files, signals
from kardia_ctl.cli.commands import rotate_key
from tests.attacks.elsewhere import TEMPLATES
from tests.attacks.meddling import before, meddled
from tests.attacks.safeguards import removed
from tests.cli.conftest import Desk, Ran, account, desk

__all__ = ["account", "desk"]

MAKE = "/v1/apikey/new"
ROTATE = ("rotate-key", "--auto-approve", "--out")


@pytest.fixture
def place(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The current directory, with an empty configuration and a directory for temporary files beside it."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    desk.write("version: 1\n")
    monkeypatch.chdir(desk.path)
    return desk.path


def _works(desk: Desk, file: Path) -> bool:
    return desk.account.keys.accepts(file.read_text().strip())


def _named(ran: Ran) -> Path:
    """The file that an error says the new key is in."""
    _, _, rest = ran.err.partition("The new key was made and is in ")
    return Path(rest.partition(", readable only by you")[0])


NO_FILES: dict[str, Callable[[], object]] = {
    "/dev/null": lambda: None,
    "/dev/full": lambda: None,
    "/dev/stdout": lambda: None,
    "link": lambda: Path("link").symlink_to(os.devnull),
    "pipe": lambda: os.mkfifo("pipe"),
}


@pytest.mark.parametrize("name", NO_FILES)
def test_no_key_is_made_for_what_is_no_file(desk: Desk, place: Path, name: str) -> None:
    """The null device took it and said nothing; a pipe waited for its reader, and no signal ended that."""
    NO_FILES[name]()
    ran = desk.run(*ROTATE, name)
    assert (ran.code, ran.requests) == (1, [])
    assert f"--out {name} is not a file" in ran.err


def test_a_trial_of_a_place_touches_nobodys_file(desk: Desk, place: Path) -> None:
    (place / ".new.key.trial").write_text("ring Mrs Example on Monday")
    assert desk.run(*ROTATE, "new.key").code == 0
    assert (place / ".new.key.trial").read_text() == "ring Mrs Example on Monday"
    assert not list(place.glob("**/.kardia-trial-*"))


def test_a_file_that_appears_while_a_key_is_made_is_kept(desk: Desk, place: Path) -> None:
    with meddled(desk, before("POST", MAKE, lambda: (place / "new.key").write_text("somebody's"))):
        ran = desk.run(*ROTATE, "new.key")
    assert (ran.code, (place / "new.key").read_text()) == (1, "somebody's")
    assert _works(desk, _named(ran))


def test_a_key_file_that_somebody_else_renews_meanwhile_is_kept(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "api.key").write_text(os.environ["KARDIA_API_KEY"] + "\n")
    monkeypatch.delenv("KARDIA_API_KEY")
    words = (*ROTATE, "api.key", "--api-key-file", "api.key")
    with meddled(desk, before("POST", MAKE, lambda: (place / "api.key").write_text("a colleague's key"))):
        ran = desk.run(*words)
    assert (ran.code, (place / "api.key").read_text()) == (1, "a colleague's key")
    (place / "api.key").write_text(_named(ran).read_text())
    assert desk.run(*words).code == 0
    assert _works(desk, place / "api.key")


def _rename(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


@pytest.mark.parametrize("tidy", [shutil.rmtree, _rename])
def test_a_directory_that_goes_meanwhile_takes_no_key_along(
    desk: Desk, place: Path, tidy: Callable[[Path], None]
) -> None:
    (place / "keys").mkdir()
    with meddled(desk, before("POST", MAKE, lambda: tidy(place / "keys"))):
        ran = desk.run(*ROTATE, "keys/new.key")
    assert ran.code == 1
    assert _works(desk, _named(ran))


def test_a_directory_that_goes_once_the_key_is_in_it_takes_none_along(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the answer and the file that it is meant for."""
    (place / "keys").mkdir()
    store = rotate_key._store

    def tidied(*arguments: Any) -> None:
        shutil.rmtree(place / "keys")
        store(*arguments)

    monkeypatch.setattr(rotate_key, "_store", tidied)
    ran = desk.run(*ROTATE, "keys/new.key")
    assert (ran.code, _works(desk, _named(ran))) == (1, True)


def test_a_signal_during_the_last_checks_leaves_a_word_of_where_the_key_is(desk: Desk, place: Path) -> None:
    made = []

    def meddle(method: str, path: str) -> None:
        made.extend([1] if path == MAKE else [])
        if made and path == TEMPLATES:
            made.clear()
            os.kill(os.getpid(), signal.SIGTERM)

    with meddled(desk, meddle):
        ran = desk.run(*ROTATE, "new.key")
    assert (ran.code, "interrupted" in ran.err) == (1, True)
    assert "The new key is in new.key." in ran.err
    assert _works(desk, place / "new.key")


NAMES = ("SIGPROF", "SIGXCPU", "SIGPWR", "SIGIO", "SIGSTKFLT", "SIGSYS", "SIGRTMIN", "SIGRTMAX")
ENDING = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


@pytest.mark.parametrize("number", ENDING, ids=str)
def test_no_signal_ends_the_process_while_a_key_is_in_flight(number: int) -> None:
    """SIGPWR comes from a power supply or a container's host; a real-time signal from anybody."""
    before = signal.getsignal(number)
    with interrupts.reacting(None), signals.uninterrupted():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_with_the_usual_signals_alone_another_would_end_it() -> None:
    """The mutant of the list of signals."""
    with removed(signals, "_ENDING", interrupts.STOPPING), signals.uninterrupted():
        assert signal.getsignal(signal.SIGPROF) == signal.SIG_DFL
    with signals.uninterrupted():
        assert signal.getsignal(signal.SIGPROF) == signal.SIG_IGN


def test_without_the_look_at_the_place_the_null_device_takes_the_key(desk: Desk, place: Path) -> None:
    """The mutant of what is a file."""
    with removed(rotate_key, "passes_on", lambda _: False), removed(private_files, "check_writable", id):
        assert desk.run(*ROTATE, "/dev/null").code == 0
    assert not [file for file in place.rglob("*key*") if file.is_file() and _works(desk, file)]


def test_without_the_word_for_ours_a_file_that_appears_is_replaced(desk: Desk, place: Path) -> None:
    """The mutant of what ``--out`` may replace."""
    with (
        removed(rotate_key, "never", lambda _: True),
        meddled(desk, before("POST", MAKE, lambda: (place / "new.key").write_text("somebody's"))),
    ):
        assert desk.run(*ROTATE, "new.key").code == 0
    assert _works(desk, place / "new.key")
