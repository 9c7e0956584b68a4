"""What a listener prints, and what it writes beside: neither too often nor with anybody's name."""

import json
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.cli.output.status_display import (
    LiveStatus,
    StatusDisplay,
    StatusLog,
    StatusStream,
    status_display,
)
from kardia_ctl.cli.webhooks.recorder import PAGE_EVERY, SAMPLE_EVERY, StatusRecorder, merge_samples
from kardia_ctl.model.errors import LockHeld, StateError
from kardia_ctl.model.events import EventCounts, EventKind
from kardia_ctl.model.funnel import Counts, Sample, StatusReport
from tests.cli.output.emulator import Terminal

NOW = 1_772_445_600
HEARD = EventCounts()


def report(pending: int, connected: int, *, expired: int = 0, told: int = 0) -> StatusReport:
    issued = pending + connected + expired
    return StatusReport(NOW, {"": Counts(120, issued, issued, pending, connected, expired)}, unverified=told)


def events(**kinds: int) -> EventCounts:
    found = EventCounts()
    for name, number in kinds.items():
        found.kinds[EventKind(name)] = number
    return found


def test_a_line_says_who_is_connected_of_all_and_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    display = StatusLog(lambda: "12:03:11")
    display.begin(report(80, 40), HEARD)
    capsys.readouterr()
    for one in (
        report(79, 41),
        report(79, 41),
        report(80, 40),
        report(79, 40, expired=1),
        report(77, 42, expired=1, told=2),
    ):
        display.show(one, events(newRecording=1))
    assert capsys.readouterr().out.splitlines() == [
        "12:03:11 connected: 41 of 120 (+1)",
        "12:03:11 connected: 40 of 120 (-1)",
        "12:03:11 pending: 79 of 120 (-1), expired?: 1 of 120 (+1)",
        "12:03:11 connected: 42 of 120 (+2); not verified",
    ]


def test_the_end_says_what_arrived(capsys: pytest.CaptureFixture[str]) -> None:
    arrived = events(newRecording=3, participantConnected=1)
    arrived.unknown, arrived.refused = 1, 2
    StatusLog().end(report(80, 40, told=1), arrived)
    told = capsys.readouterr().out
    assert "\nNot verified: 1 patient. This API shows no patients, so webhook events count.\n" in told
    assert told.endswith(
        "\nEvents: 1 participantConnected, 3 newRecording; 1 about unknown patients; 2 requests refused.\n"
    )


def test_json_has_a_line_for_each_of_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    display = StatusStream()
    display.begin(report(80, 40), HEARD)
    display.show(report(80, 40), events(newRecording=1))
    display.show(report(80, 40), events(newRecording=1))
    display.show(report(79, 41), events(newRecording=1))
    display.end(report(79, 41), events(newRecording=1))
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["type"] for one in lines] == ["status", "events", "change", "status"]
    assert lines[1]["events"] == {"newRecording": 1}
    assert (lines[2]["total"]["connected"], lines[2]["cohorts"][0]["name"]) == (41, None)


def test_the_table_goes_back_over_its_own_rows_and_over_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LINES", "40")
    display = LiveStatus()
    display.begin(report(80, 40), HEARD)
    table = len(terminal.rows())
    display.show(report(79, 41), HEARD)
    assert len(terminal.rows()) == table
    assert [row.split()[-4] for row in terminal.rows() if "(no cohort)" in row] == ["41"]
    display.warn("something")
    assert capsys.readouterr().err == "Warning: something\n"
    display.show(report(78, 42), HEARD)
    assert len(terminal.rows()) == 2 * table, "what stood above the warning stays"
    display.close()
    monkeypatch.setenv("LINES", "4")
    small = LiveStatus()
    small.begin(report(77, 43), HEARD)
    small.end(report(76, 44), HEARD)
    assert len(terminal.rows()) == 4 * table, "what has scrolled away cannot be drawn over"
    assert terminal.getvalue().endswith("\n")


@pytest.mark.parametrize(("as_json", "kind"), [(True, StatusStream), (False, StatusLog)])
def test_what_is_no_terminal_gets_lines(as_json: bool, kind: type[StatusDisplay]) -> None:
    assert isinstance(status_display(as_json=as_json), kind)


class Store:
    """Takes samples, or does not."""

    def __init__(self, error: StateError | None = None) -> None:
        self.kept: list[Sample] = []
        self.error = error

    @contextmanager
    def lock(self, operation: str) -> Iterator[None]:
        if self.error is not None:
            raise self.error
        yield

    def commit(self, entries: tuple[Sample, ...]) -> None:
        self.kept.extend(entries)


def fresh(at: float) -> tuple[Sample, ...]:
    return (Sample(int(at), "", Counts(1)),)


def test_the_page_and_the_samples_are_written_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    page, store = tmp_path / "status.html", Store()
    recorder = StatusRecorder(page, store, pytest.fail)  # type: ignore[arg-type]  # what it needs of a store
    assert recorder.next is None
    recorder.changed()
    recorder.write_due(report(80, 40), fresh(0), 0.0)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    first = page.read_text()
    recorder.changed()
    assert recorder.next == PAGE_EVERY
    recorder.write_due(report(70, 50), fresh(1), PAGE_EVERY - 1)
    assert page.read_text() == first
    recorder.write_due(report(70, 50), fresh(2), PAGE_EVERY)
    assert "<strong>50</strong> of 120" in page.read_text()
    assert recorder.next == SAMPLE_EVERY
    recorder.changed()
    recorder.write_due(report(60, 60), fresh(3), 3.0, last=True)
    assert "<strong>60</strong> of 120" in page.read_text()
    assert [one.at for one in store.kept] == [0, 3]
    assert recorder.next is None


@pytest.mark.parametrize(
    ("error", "warnings"), [(LockHeld("an apply runs"), 0), (StateError("no space"), 1)], ids=("held", "full")
)
def test_what_cannot_be_written_is_a_warning_and_a_lock_that_is_held_is_none(
    tmp_path: Path, error: StateError, warnings: int
) -> None:
    told: list[str] = []
    recorder = StatusRecorder(tmp_path / "no" / "page.html", Store(error), told.append)  # type: ignore[arg-type]  # as above
    recorder.changed()
    recorder.write_due(report(1, 1), fresh(0), 0.0)
    assert len(told) == 1 + warnings
    assert "could not be written" in told[0]


def test_samples_of_one_hour_take_the_place_of_those_before_them() -> None:
    hour = NOW - NOW % 3600
    known = (*fresh(hour - 1), *fresh(hour + 5))
    assert merge_samples(known, fresh(hour + 9)) == (*fresh(hour - 1), *fresh(hour + 9))
    assert merge_samples(known, ()) == known
