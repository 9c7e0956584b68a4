"""What moves: a row on a terminal, a line now and then elsewhere, and nothing when it is over quickly."""

import asyncio
import io
import os
import pty
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from kardia_ctl.cli.output import progress as moving
from kardia_ctl.cli.output.progress import LinesScreen, LiveScreen, progress, reading
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.plan import Action
from kardia_ctl.model.results import Result, Status
from kardia_ctl.render.apply.progress_line import Tally
from tests.cases.live import Account, AccountReader
from tests.cli.conftest import Desk


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    stream = Terminal()
    monkeypatch.setattr(moving, "sys", SimpleNamespace(stderr=stream))
    return stream


def test_a_row_moves_only_on_a_terminal_that_can(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert moving.moves()
    for name, value in (("TERM", "dumb"), ("CI", "true")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert not moving.moves()
    monkeypatch.setattr(moving, "sys", SimpleNamespace(stderr=io.StringIO()))
    assert not moving.moves()


def test_a_row_is_written_over_ten_times_a_second_at_most_and_left_clean(terminal: Terminal) -> None:
    screen, tally = LiveScreen(), Tally(10, 0.0)
    for tenths in range(100):
        screen.show(tally, tenths / 100)
    screen.close()
    written = terminal.getvalue()
    assert 9 <= written.count("apply: 0 of 10") <= 11
    assert "\n" not in written
    assert written.endswith("\r\x1b[K")


def test_a_row_that_was_never_drawn_writes_nothing(terminal: Terminal) -> None:
    LiveScreen().close()
    assert not terminal.getvalue()


def test_a_row_is_no_wider_than_the_terminal_is_now(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, tally = LiveScreen(), Tally(10, 0.0)
    for now, columns in enumerate((200, 20, 1)):
        monkeypatch.setenv("COLUMNS", str(columns))
        screen.show(tally, float(now))
    rows = [row.removesuffix("\x1b[K") for row in terminal.getvalue().split("\r")[1:]]
    assert [len(row) < columns for row, columns in zip(rows, (200, 20, 1), strict=True)] == [True] * 3


def test_elsewhere_there_is_a_line_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    screen, tally = LinesScreen(0.0), Tally(10, 0.0)
    for now in (1.0, 4.9, 5.0, 5.1, 9.0, 10.2):
        screen.show(tally, now)
    assert capsys.readouterr().err == "apply: 0 of 10, 0 in flight, 0 in doubt, 0 failed\n" * 2


def test_time_passes_on_the_screen_while_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_TICK", 0.001)
    shown: list[int] = []
    enough = asyncio.Event()

    class Screen:
        def show(self, tally: Tally, now: float) -> None:
            assert now >= tally.began
            shown.append(tally.ended)
            if len(shown) >= 4:
                enough.set()

        def close(self) -> None:
            shown.append(-1)

    async def watch() -> None:
        with progress(2, Screen()) as observer:
            observer.ended(Result(patient_address("A"), Action.CREATE, Status.DONE))
            await enough.wait()

    asyncio.run(watch())
    assert shown[:4] == [1] * 4
    assert shown[-1] == -1


def _read(count: int) -> None:
    async def read() -> None:
        account = AccountReader(Account(others=count))
        with reading(account) as reader:
            start: str | None = None
            while True:
                page: PatientsPage = await reader.patients(500, start)
                start = page.next_cursor
                if start is None:
                    break
            found = await reader.patient("other-1")
            assert isinstance(found, LivePatient)
            assert await reader.templates() == ()

    asyncio.run(read())


def test_reading_that_is_quick_shows_nothing(terminal: Terminal) -> None:
    _read(2000)
    assert not terminal.getvalue()


def test_reading_that_takes_a_while_counts_patients(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_QUICK", 0.0)
    monkeypatch.setattr(moving, "_REDRAW", 0.0)
    monkeypatch.setenv("COLUMNS", "80")
    _read(1200)
    assert terminal.getvalue() == (
        "\rreading patients: 500 of 1,200\x1b[K\rreading patients: 1,000 of 1,200\x1b[K"
        "\rreading patients: 1,200 of 1,200\x1b[K\r\x1b[K"
    )


def test_an_apply_that_is_quick_says_nothing_of_its_progress(desk: Desk) -> None:
    ran = desk.apply()
    assert ran.code == 0
    assert "apply:" not in ran.err


def test_a_terminal_is_left_clean(desk: Desk, tmp_path: Path) -> None:
    mine, theirs = pty.openpty()
    line = [str(Path(sys.executable).with_name("kardia-ctl")), "apply", str(desk.path), "--auto-approve"]
    environ = {name: value for name, value in os.environ.items() if name != "CI"} | {"TERM": "xterm"}
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(line, stdout=out, stderr=theirs, env=environ, check=False)
    os.close(theirs)
    written = os.read(mine, 100_000).decode()
    os.close(mine)
    assert done.returncode == 0
    assert "of 8" in written
    assert written.replace("\r\x1b[K", "\n").rpartition("\n")[2] == ""
