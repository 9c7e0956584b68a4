"""What moves: a row on a terminal, a line now and then elsewhere, and nothing when it is over quickly."""

import asyncio
import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from kardia_ctl.api.records.decode_rows import RowsPage
from kardia_ctl.cli.commands.get import list_output as lists
from kardia_ctl.cli.commands.get.list_output import ListOptions, print_list
from kardia_ctl.cli.output import live_region as redrawing
from kardia_ctl.cli.output import progress as moving
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.live_region import LiveRegion
from kardia_ctl.cli.output.progress import LiveRow, ProgressLines, progress, reading
from kardia_ctl.cli.output.terminal import can_redraw
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.plan import Action
from kardia_ctl.model.results import Result, Status
from kardia_ctl.render.apply.progress_line import Tally
from kardia_ctl.render.records.listing import ListFormat
from kardia_ctl.render.records.record_columns import PATIENTS
from tests.cases.live import Account, AccountReader
from tests.cli.conftest import Desk
from tests.cli.output.emulator import Terminal, screens
from tests.terminals import LONGEST, read_to_end


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("CI", "TERM", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    stream = Terminal()
    for module in (moving, redrawing):
        monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=stream))
    return stream


def test_only_a_terminal_that_can_is_redrawn(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_redraw(terminal)
    for name, value in (("TERM", "dumb"), ("CI", "true")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert not can_redraw(terminal)
    assert not can_redraw(io.StringIO())


def test_a_row_is_written_over_ten_times_a_second_at_most_and_left_clean(terminal: Terminal) -> None:
    row, tally = LiveRow(), Tally(10, 0.0)
    for tenths in range(100):
        row.show(tally, tenths / 100)
    assert terminal.rows() == ["apply: 0 of 10, 0 in flight, 0 in doubt, 0 failed"]
    row.close()
    assert 9 <= terminal.getvalue().count("apply: 0 of 10") <= 11 + 1
    assert terminal.rows() == [""]


def test_a_row_that_was_never_drawn_writes_nothing(terminal: Terminal) -> None:
    LiveRow().close()
    assert not terminal.getvalue()


@pytest.mark.parametrize("columns", [200, 20, 2, 1])
def test_a_row_is_no_wider_than_the_terminal_is_now(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    row, tally = LiveRow(), Tally(10, 0.0)
    row.show(tally, 0.0)
    assert terminal.rows() == ["apply: 0 of 10, 0 in flight, 0 in doubt, 0 failed"]
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, 24)))
    row.show(tally, 1.0)
    (shown,) = terminal.rows()
    row.close()
    assert len(shown) < columns


def test_what_is_printed_while_a_row_moves_stands_above_it(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    row, tally = LiveRow(), Tally(10, 0.0)
    row.show(tally, 0.0)
    print_message("Warning: [bold]not markup[/] :smile: \x1b[31m" + "x" * 100)
    row.show(tally, 1.0)
    above = ["Warning: [bold]not markup[/] :smile: \\x1b[31m" + "x" * 100]
    assert terminal.rows() == [*above, "apply: 0 of 10, 0 in flight, 0 in doubt, 0 failed"]
    row.close()
    print_message("after")
    assert terminal.rows() == above
    assert capsys.readouterr().err == "after\n"


def test_a_terminal_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise BrokenPipeError(len(text))

    for module in (moving, redrawing):
        monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=Gone()))
    row = LiveRow()
    row.show(Tally(10, 0.0), 0.0)
    print_message("nobody reads this")
    row.close()


def test_nothing_is_interpreted_in_a_region(terminal: Terminal) -> None:
    region, text = LiveRegion(terminal), "[red]a[/red] :warning: 1.5 https://example.com"
    assert region.draw(lambda _: text)
    region.leave()
    assert terminal.rows() == [text]
    assert not region.draw(lambda _: "row\n" * 100), "it does not fit"
    assert terminal.rows() == [text]


def test_elsewhere_there_is_a_line_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    log, tally = ProgressLines(0.0), Tally(10, 0.0)
    for now in (1.0, 4.9, 5.0, 5.1, 9.0, 10.2):
        log.show(tally, now)
    assert capsys.readouterr().err == "apply: 0 of 10, 0 in flight, 0 in doubt, 0 failed\n" * 2


def test_time_passes_on_the_screen_while_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_TICK", 0.001)
    shown: list[int] = []
    enough = asyncio.Event()

    class Display:
        def show(self, tally: Tally, now: float) -> None:
            assert now >= tally.began
            shown.append(tally.ended)
            if len(shown) >= 4:
                enough.set()

        def close(self) -> None:
            shown.append(-1)

    async def watch() -> None:
        with progress(2, Display()) as watcher:
            watcher.ended(Result(patient_address("A"), Action.CREATE, Status.DONE))
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


@pytest.mark.parametrize(
    ("options", "of"),
    [(ListOptions(ListFormat.JSON), "1,200"), (ListOptions(ListFormat.JSON, limit=700), "700")],
    ids=["all", "limit"],
)
@pytest.mark.parametrize("in_file", [True, False], ids=["in a file", "on the same terminal"])
def test_a_list_that_takes_a_while_counts_its_rows_unless_they_appear_there(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: ListOptions,
    of: str,
    in_file: bool,
) -> None:
    monkeypatch.setattr(moving, "_DELAY", 0.0)
    monkeypatch.setattr(moving, "_REDRAW", 0.0)
    monkeypatch.setattr(lists, "sys", SimpleNamespace(stdout=terminal))

    async def pages() -> AsyncGenerator[RowsPage]:
        for first in (0, 500, 1000):
            rows = tuple({"id": str(number)} for number in range(first, min(first + 500, 1200)))
            yield RowsPage(rows, 1200)

    options = replace(options, out=tmp_path / "out" if in_file else None)
    asyncio.run(print_list(pages(), PATIENTS, options, str))
    shown = [*dict.fromkeys(rows[0] for rows in terminal.screens())]
    numbers = ("500", "1,000", "1,200") if of == "1,200" else ("500", "700")
    assert shown == ([f"reading patients: {number} of {of}" for number in numbers] if in_file else []) + [""]


def test_reading_that_is_quick_shows_nothing(terminal: Terminal) -> None:
    _read(2000)
    assert not terminal.getvalue()


def test_reading_that_takes_a_while_counts_patients(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_DELAY", 0.0)
    monkeypatch.setattr(moving, "_REDRAW", 0.0)
    _read(1200)
    shown = dict.fromkeys(rows[0] for rows in terminal.screens())
    assert [*shown] == [f"reading patients: {number} of 1,200" for number in ("500", "1,000", "1,200")] + [""]


def test_an_apply_that_is_quick_says_nothing_of_its_progress(desk: Desk) -> None:
    ran = desk.apply()
    assert ran.code == 0
    assert "apply:" not in ran.err


def in_a_terminal(*words: str, out: Path) -> tuple[int, str]:
    """Run the command with a terminal as its stderr; its exit code and what was written there."""
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name != "CI"} | {"TERM": "xterm"}
    line = [str(Path(sys.executable).with_name("kardia-ctl")), *words]
    with out.open("wb") as stdout:
        process = subprocess.Popen(line, stdout=stdout, stderr=theirs, env=environ)
    os.close(theirs)
    written = read_to_end(mine).decode().replace("\r\n", "\n")
    os.close(mine)
    return process.wait(timeout=LONGEST), written


def test_a_terminal_is_left_clean(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, written = in_a_terminal("apply", str(desk.path), "--auto-approve", out=out)
    shown = [*screens(written)]
    assert code == 0
    assert any("of 8" in rows[-1] for rows in shown)
    assert shown[-1] == ["2 codes were issued; kardia-ctl codes writes them to a file"], "no row is left"
    assert "\x1b[?25l" not in written, "a killed run would leave a terminal without a cursor"
    assert "\x1b" not in out.read_text(encoding="utf-8")
