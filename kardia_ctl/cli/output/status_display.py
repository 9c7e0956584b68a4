"""Where ``status --listen`` shows the funnel: a table in place on a terminal, lines elsewhere, or JSON."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from kardia_ctl.cli.output.console import print_json, print_message, print_result
from kardia_ctl.cli.output.terminal import can_redraw
from kardia_ctl.model.events import EventCounts
from kardia_ctl.model.funnel import StatusReport
from kardia_ctl.render.status.live import change_json, change_line, events_json, events_line, status_line
from kardia_ctl.render.status.text import status_text

if TYPE_CHECKING:
    from kardia_ctl.cli.output.live_region import LiveRegion


class StatusDisplay(Protocol):
    """Where a listener shows the funnel."""

    def begin(self, report: StatusReport, events: EventCounts) -> None:
        """Show the funnel after the first read."""
        ...

    def show(self, report: StatusReport, events: EventCounts) -> None:
        """Show the funnel and the deliveries now; either may have changed."""
        ...

    def end(self, report: StatusReport, events: EventCounts) -> None:
        """Show the funnel for the last time."""
        ...

    def warn(self, text: str) -> None:
        """Report a problem that does not end the listener."""
        ...

    def close(self) -> None:
        """Leave the terminal ready for other output, however the listener ended."""
        ...


def _clock() -> str:
    return time.strftime("%H:%M:%S")


class _Lines:
    """A display that prints whole lines: results on stdout, warnings on stderr."""

    def warn(self, text: str) -> None:
        """Print one line."""
        print_message(f"Warning: {text}")

    def close(self) -> None:
        """Every line is whole already."""


class StatusLog(_Lines):
    """The table at the beginning and the end, and a line for each change in between."""

    def __init__(self, clock: Callable[[], str] = _clock) -> None:
        self._clock = clock
        self._shown = StatusReport(0)

    def begin(self, report: StatusReport, events: EventCounts) -> None:  # noqa: ARG002  (the port's)
        """Print the table."""
        self._shown = report
        print_result(status_text(report))

    def show(self, report: StatusReport, events: EventCounts) -> None:  # noqa: ARG002  (the port's)
        """Print a line if the funnel changed."""
        if report.cohorts != self._shown.cohorts:
            print_result(change_line(self._shown, report, self._clock()))
            self._shown = report

    def end(self, report: StatusReport, events: EventCounts) -> None:
        """Print the table, and what was delivered."""
        print_result(f"\n{status_text(report)}{events_line(events)}")


class LiveStatus:
    """The table, redrawn in place; a table taller than the terminal is printed anew below the last one."""

    def __init__(self) -> None:
        self._region: LiveRegion | None = None

    def begin(self, report: StatusReport, events: EventCounts) -> None:
        """Draw the table."""
        self.show(report, events)

    def show(self, report: StatusReport, events: EventCounts) -> None:
        """Draw the table in place of the previous one."""
        if self._region is None:
            from kardia_ctl.cli.output.live_region import LiveRegion

            self._region = LiveRegion(sys.stdout)
        text = status_text(report) + events_line(events)
        if not self._region.draw(lambda _width: text.removesuffix("\n")):
            self._region.leave()
            print_result(text)

    def end(self, report: StatusReport, events: EventCounts) -> None:
        """Draw the table for the last time, and leave it there."""
        self.show(report, events)
        self.close()

    def warn(self, text: str) -> None:
        """Print one line; the table is drawn anew below it."""
        self.close()
        print_message(f"Warning: {text}")

    def close(self) -> None:
        """Leave the table as it is."""
        if self._region is not None:
            self._region.leave()


class StatusStream(_Lines):
    """NDJSON: the funnel at the beginning and the end, and a line for each change of it or of deliveries."""

    def __init__(self) -> None:
        self._shown = ""
        self._cohorts = StatusReport(0).cohorts

    def begin(self, report: StatusReport, events: EventCounts) -> None:
        """Print the whole document in one line."""
        self._cohorts = dict(report.cohorts)
        _print(status_line(report, events))

    def show(self, report: StatusReport, events: EventCounts) -> None:
        """Print a line for each of the two that changed."""
        if (line := events_line(events)) != self._shown:
            self._shown = line
            _print(events_json(events, report.at))
        if report.cohorts != self._cohorts:
            self._cohorts = dict(report.cohorts)
            _print(change_json(report))

    def end(self, report: StatusReport, events: EventCounts) -> None:
        """Print the whole document again."""
        _print(status_line(report, events))


def _print(line: object) -> None:
    print_json(line)


def status_display(*, as_json: bool) -> StatusDisplay:
    """The display that suits stdout."""
    if as_json:
        return StatusStream()
    return LiveStatus() if can_redraw(sys.stdout) else StatusLog()
