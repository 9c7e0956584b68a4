"""Where too many files are open, the message says so and what helps, not that a file or a name is wrong."""

import os
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kardia_ctl import open_file_limit
from kardia_ctl.config.source_files import UnusableFile, content
from kardia_ctl.model.errors import StateError
from kardia_ctl.render.problems import failure_text
from kardia_ctl.state.sqlite.database_errors import state_errors
from tests.attacks.safeguards import removed


@contextmanager
def no_file_left() -> Iterator[None]:
    """Let this process open no more files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    kept = [os.open(os.devnull, os.O_RDONLY)]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(kept), hard))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in kept:
            os.close(descriptor)


def test_an_input(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text("mrn\n")
    with no_file_left(), pytest.raises(UnusableFile, match="too many open files") as caught:
        content(file, 100)
    assert "ulimit -n" in caught.value.remedy


@pytest.mark.parametrize("open_file", [sqlite3.connect, Path.open])
def test_the_state(tmp_path: Path, open_file: Callable[[Path], object]) -> None:
    with (
        no_file_left(),
        pytest.raises(StateError, match=r"too many open files.*ulimit -n"),
        state_errors("opening the state", tmp_path),
    ):
        open_file(tmp_path / "state.db")


def test_without_the_look_sqlite_blames_the_file(tmp_path: Path) -> None:
    with (
        no_file_left(),
        removed(open_file_limit, "is_met", lambda: False),
        pytest.raises(StateError, match="it cannot be opened"),
        state_errors("opening the state", tmp_path),
    ):
        sqlite3.connect(tmp_path / "state.db")


def test_anything_else(tmp_path: Path) -> None:
    with no_file_left(), pytest.raises(OSError, match="open files") as caught:
        (tmp_path / "x").open("w")
    assert failure_text(caught.value).startswith("Error: too many open files. Next: raise the limit")
