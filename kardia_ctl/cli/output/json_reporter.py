"""``--json``: Terraform's machine-readable UI on stdout, a line an object, as it happens."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from kardia_ctl import __version__
from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.cli.naming import StdoutNames
from kardia_ctl.cli.output.console import print_json_line, print_message
from kardia_ctl.cli.output.progress import EVERY, progress
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import ConfigurationError, KardiaError, StalePlan
from kardia_ctl.model.plan import Change, Plan
from kardia_ctl.model.results import Report, Result, Status
from kardia_ctl.render.apply.progress_line import Tally
from kardia_ctl.render.plan import terraform_stream as stream
from kardia_ctl.render.plan.stream_lines import Line, diagnostic, problem_line

STILL: Final = 10.0
"""Seconds between two ``apply_progress`` lines of a change that is still in flight (as in Terraform)."""


class JsonReporter:
    """A ``Reporter`` for tools, and its own ``ProgressDisplay``."""

    def __init__(self) -> None:
        self._changes: dict[Address, tuple[Change, float, float]] = {}
        self._said: set[Result] = set()
        self._last = time.monotonic()
        self._print((stream.version_line(__version__),))

    def plan(self, plan: Plan) -> None:
        """Print the plan."""
        self._print(stream.plan_lines(plan, StdoutNames()))

    def warn(self, line: str) -> None:
        """Print a diagnostic, and one line on stderr for people."""
        if line:
            self._print((diagnostic("warning", line, names=StdoutNames()),))
            print_message(f"Warning: {line}")

    def error(self, line: str) -> None:
        """Print a diagnostic, and one line on stderr for people."""
        self._print((diagnostic("error", line, names=StdoutNames()),))
        print_message(f"Error: {line}")

    def report(self, report: Report) -> None:
        """Print the report."""
        self._print(stream.report_lines(report, self._said, StdoutNames()))

    @contextmanager
    def watching(self, total: int) -> Iterator[ProgressObserver]:
        """Print each event; at intervals, long-running changes and the progress of the whole run."""
        self._last = time.monotonic()
        with progress(total, self) as inner:
            yield self._printing(inner)

    def _printing(self, inner: ProgressObserver) -> ProgressObserver:
        def started(change: Change) -> None:
            now = time.monotonic()
            self._changes[change.address] = change, now, now
            self._print((stream.started_line(change, StdoutNames()),))
            inner.started(change)

        def ended(result: Result) -> None:
            _, began, _ = self._changes.pop(result.address, (None, time.monotonic(), 0.0))
            if result.status is Status.IN_DOUBT:
                self._said.add(result)
            self._print(stream.ended_lines(result, time.monotonic() - began, StdoutNames()))
            inner.ended(result)

        return ProgressObserver(started, ended, inner.settling)

    def show(self, tally: Tally, now: float) -> None:
        """Print the progress every ``EVERY`` seconds, and long-running changes."""
        if now - self._last >= EVERY:
            self._last = now
            self._print((stream.tally_line(tally, now),))
        for address, (change, began, mentioned) in list(self._changes.items())[:_MOST_IN_FLIGHT]:
            if now - mentioned >= STILL:
                self._changes[address] = change, began, now
                self._print((stream.still_line(change, now - began, StdoutNames()),))

    def close(self) -> None:
        """Nothing to remove."""

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Print an error that ends the command to the stream as well."""
        try:
            yield
        except ConfigurationError as error:
            self._print(diagnostic("warning", warning, names=StdoutNames()) for warning in error.warnings)
            self._print(problem_line(problem, StdoutNames()) for problem in error.problems)
            raise
        except StalePlan as error:
            line = diagnostic("error", error.why, summary=StalePlan.SUMMARY, names=StdoutNames())
            self._print((line,))
            raise
        except KardiaError as error:
            self._print((diagnostic("error", str(error), names=StdoutNames()),))
            raise

    def _print(self, lines: Iterable[Line]) -> None:
        moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        for line in lines:
            print_json_line({**line, "@timestamp": moment})


_MOST_IN_FLIGHT: Final = 256
"""The most changes in flight at once (see ``--parallelism``)."""
