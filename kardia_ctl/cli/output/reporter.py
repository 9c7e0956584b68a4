"""Reports of plan and apply: text for people, or a stream of JSON for tools."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.cli.output.console import print_message, print_result
from kardia_ctl.cli.output.progress import progress
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.results import Report
from kardia_ctl.render.apply.report import report_text
from kardia_ctl.render.plan.summary import time_line
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View


class Reporter(Protocol):
    """What plan and apply report, in the order of events."""

    def errors(self) -> AbstractContextManager[None]:
        """Report an error of the block that ends the command, unless the command itself prints it."""
        ...

    def warn(self, line: str) -> None:
        """Report something that does not end the command; an empty line is ignored."""
        ...

    def error(self, line: str) -> None:
        """Report something that does not end the command, but makes its exit code 1."""
        ...

    def plan(self, plan: Plan) -> None:
        """Report the plan."""
        ...

    def watching(self, total: int) -> AbstractContextManager[ProgressObserver]:
        """Show the progress of ``total`` writes, inside a running event loop."""
        ...

    def report(self, report: Report) -> None:
        """Report the results."""
        ...


class TextReporter:
    """For people: the plan and the report on stdout, the rest on stderr."""

    def __init__(self, view: View) -> None:
        self._view = view

    def errors(self) -> AbstractContextManager[None]:
        """The command itself prints them."""
        return nullcontext()

    def warn(self, line: str) -> None:
        """One line on stderr."""
        if line:
            print_message(f"Warning: {line}")

    def error(self, line: str) -> None:
        """One line on stderr."""
        print_message(f"Error: {line}")

    def plan(self, plan: Plan) -> None:
        """Print the plan, as this reader may see it; on stderr, how long an apply may take."""
        print_result(plan_text(plan, self._view))
        if line := time_line(plan):
            print_message(line)

    @contextmanager
    def watching(self, total: int) -> Iterator[ProgressObserver]:
        """A row that is redrawn, or a line at intervals."""
        with progress(total) as observer:
            yield observer

    def report(self, report: Report) -> None:
        """Print the table and the counts."""
        print_result("\n" + report_text(report))


def reporter_for(view: View, *, as_json: bool) -> Reporter:
    """The reporter for the chosen format."""
    if not as_json:
        return TextReporter(view)
    from kardia_ctl.cli.output.json_reporter import JsonReporter

    return JsonReporter()
