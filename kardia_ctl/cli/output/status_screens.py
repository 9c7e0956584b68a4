"""Where a funnel that moves is shown: a table in place on a terminal, lines elsewhere, or JSON."""

import json
import os
import sys
import time
from collections.abc import Callable
from shutil import get_terminal_size
from typing import Protocol

from kardia_ctl.cli.output.console import print_message, print_result
from kardia_ctl.model.events import Heard
from kardia_ctl.model.funnel import StatusReport
from kardia_ctl.render.status.live import change_json, change_line, heard_json, heard_line, status_line
from kardia_ctl.render.status.text import status_text


class Screen(Protocol):
    """What a listener shows."""

    def begin(self, report: StatusReport, heard: Heard) -> None:
        """The funnel as it was read."""
        ...

    def show(self, report: StatusReport, heard: Heard) -> None:
        """The funnel now, and what arrived; either may have changed."""
        ...

    def end(self, report: StatusReport, heard: Heard) -> None:
        """The funnel as it was last."""
        ...

    def warn(self, text: str) -> None:
        """Something went wrong that ends nothing."""
        ...


def _clock() -> str:
    return time.strftime("%H:%M:%S")


class _Warning:
    """Warnings on stderr, whatever stdout shows."""

    def warn(self, text: str) -> None:
        """One line."""
        print_message(f"Warning: {text}")


class LinesScreen(_Warning):
    """A line for each change."""

    def __init__(self, clock: Callable[[], str] = _clock) -> None:
        self._clock = clock
        self._shown = StatusReport(0)

    def begin(self, report: StatusReport, heard: Heard) -> None:  # noqa: ARG002  (the port's)
        """The table."""
        self._shown = report
        print_result(status_text(report))

    def show(self, report: StatusReport, heard: Heard) -> None:  # noqa: ARG002  (the port's)
        """A line, when the funnel changed."""
        if report.cohorts != self._shown.cohorts:
            print_result(change_line(self._shown, report, self._clock()))
            self._shown = report

    def end(self, report: StatusReport, heard: Heard) -> None:
        """The table, and what arrived."""
        print_result(f"\n{status_text(report)}{heard_line(heard)}")


class TableScreen:
    """The table, drawn over itself."""

    def __init__(self) -> None:
        self._rows = 0

    def begin(self, report: StatusReport, heard: Heard) -> None:
        """Draw the table."""
        self.show(report, heard)

    def show(self, report: StatusReport, heard: Heard) -> None:
        """Draw the table over what was drawn before; below it, when it would not fit."""
        text = status_text(report) + heard_line(heard)
        width, height = get_terminal_size()
        rows = sum(max(1, -(-len(line) // max(1, width))) for line in text.splitlines())
        up = f"\x1b[{self._rows}F\x1b[J" if self._rows else ""
        print_result(up + text)
        self._rows = rows if rows < height else 0

    def end(self, report: StatusReport, heard: Heard) -> None:
        """The last drawing stays."""
        self.show(report, heard)

    def warn(self, text: str) -> None:
        """One line; the next drawing is below it."""
        print_message(f"Warning: {text}")
        self._rows = 0


class JsonScreen(_Warning):
    """NDJSON: a line for each change of the funnel, and one for what arrived."""

    def __init__(self) -> None:
        self._shown = ""
        self._cohorts = StatusReport(0).cohorts

    def begin(self, report: StatusReport, heard: Heard) -> None:
        """The whole document in one line."""
        self._cohorts = dict(report.cohorts)
        _print(status_line(report, heard))

    def show(self, report: StatusReport, heard: Heard) -> None:
        """A line for each of what changed."""
        if (said := heard_line(heard)) != self._shown:
            self._shown = said
            _print(heard_json(heard, report.at))
        if report.cohorts != self._cohorts:
            self._cohorts = dict(report.cohorts)
            _print(change_json(report))

    def end(self, report: StatusReport, heard: Heard) -> None:
        """The whole document again."""
        _print(status_line(report, heard))


def _print(line: object) -> None:
    print_result(json.dumps(line) + "\n")


def screen_for(*, as_json: bool) -> Screen:
    """The screen for whoever reads stdout."""
    if as_json:
        return JsonScreen()
    moves = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and "CI" not in os.environ
    return TableScreen() if moves else LinesScreen()
