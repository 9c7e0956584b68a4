"""The lock file: a run empties it, so it must be the run's own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.sqlite import file_lock
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.attacks.safeguards import removed

YAML = "version: 1\npatients: []\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a file of somebody's in it."""
    (tmp_path / "kardia.yaml").write_text(YAML)
    return tmp_path


def _store(place: Path) -> SqliteStore:
    return SqliteStore(place / "state.db", "default", sleep=lambda _: None)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "a link to an input": lambda file: file.symlink_to("kardia.yaml"),
    "a link to the state": lambda file: file.symlink_to("state.db"),
    "a link to nothing": lambda file: file.symlink_to("missing"),
    "a hard link to an input": lambda file: file.hardlink_to(file.with_name("kardia.yaml")),
    "another program's": lambda file: file.write_text('[[package]]\nname = "example"\n'),
    "another program's JSON": lambda file: file.write_text('{"name": "example"}'),
    "a directory": lambda file: file.mkdir(),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_what_stands_in_its_place_is_not_emptied_and_not_waited_for(
    place: Path, make: Callable[[Path], object]
) -> None:
    """A run wrote who it was into what a link led to, and emptied it at its end."""
    file = place / "state.db.lock"
    make(file)
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(StateError, match=r"state.db.lock is where .*it was not changed\. Next: move it"):
        _store(place).lock("apply").__enter__()
    assert (place / "kardia.yaml").read_text() == YAML
    assert (file.read_bytes() if file.is_file() else b"") == before
    assert not (place / "missing").exists()


@pytest.mark.parametrize("make", [FOREIGN["a pipe"], FOREIGN["a directory"]], ids=["a pipe", "a directory"])
def test_a_plan_does_not_wait_for_it(place: Path, make: Callable[[Path], object]) -> None:
    make(place / "state.db.lock")
    with pytest.raises(StateError, match="it was not changed"):
        _store(place).activity()


@pytest.mark.parametrize("left", [b"", b'{"ID": "1', b'{"ID"', b"\0\0\0\0"])
def test_what_a_dead_run_left_in_it_is_no_obstacle(place: Path, left: bytes) -> None:
    (place / "state.db.lock").write_bytes(left)
    with _store(place).lock("apply"):
        pass
    assert (place / "state.db.lock").read_bytes() == b""


def test_without_the_looks_a_link_empties_an_input(place: Path) -> None:
    """The mutant."""
    (place / "state.db.lock").symlink_to("kardia.yaml")
    with (
        removed(file_lock, "_open_lock", os.open),
        removed(file_lock, "_check_ours", lambda *_: None),
        _store(place).lock("apply"),
    ):
        pass
    assert (place / "kardia.yaml").read_text() == ""
