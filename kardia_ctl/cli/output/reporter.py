"""How a command tells what it plans and does: as text for people, or as a stream of JSON for tools."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.cli.output.console import print_message, print_result
from kardia_ctl.cli.output.progress import progress
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.results import Report
from kardia_ctl.render.apply.report import report_text
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View


class Reporter(Protocol):
    """What plan and apply tell, in the order in which they do."""

    def errors(self) -> AbstractContextManager[None]:
        """Tell an error that ends the command, when the command's end does not do so by itself."""
        ...

    def warn(self, line: str) -> None:
        """Something to know that ends nothing; empty for nothing."""
        ...

    def error(self, line: str) -> None:
        """Something that ends nothing, and for which the exit code is 1."""
        ...

    def plan(self, plan: Plan) -> None:
        """What is to be done."""
        ...

    def watching(self, total: int) -> AbstractContextManager[ProgressObserver]:
        """Follow so many writes; inside a running event loop."""
        ...

    def report(self, report: Report) -> None:
        """What was done."""
        ...


class TextReporter:
    """For people: the plan and the report on stdout, the rest on stderr."""

    def __init__(self, view: View) -> None:
        self._view = view

    def errors(self) -> AbstractContextManager[None]:
        """The command's end prints them."""
        return nullcontext()

    def warn(self, line: str) -> None:
        """One line on stderr."""
        if line:
            print_message(f"Warning: {line}")

    def error(self, line: str) -> None:
        """One line on stderr."""
        print_message(f"Error: {line}")

    def plan(self, plan: Plan) -> None:
        """The plan, as this reader may see it."""
        print_result(plan_text(plan, self._view))

    @contextmanager
    def watching(self, total: int) -> Iterator[ProgressObserver]:
        """A row that moves, or a line now and then."""
        with progress(total) as observer:
            yield observer

    def report(self, report: Report) -> None:
        """The table and the counts."""
        print_result("\n" + report_text(report))


def reporter_for(view: View, *, as_json: bool) -> Reporter:
    """The reporter that was asked for."""
    if not as_json:
        return TextReporter(view)
    from kardia_ctl.cli.output.json_reporter import JsonReporter

    return JsonReporter()
