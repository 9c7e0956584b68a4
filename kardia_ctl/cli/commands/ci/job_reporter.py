"""What a job prints, and what it remembers of it for its outputs, annotations and summary."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from kardia_ctl.cli.commands.ci.platforms import Platform
from kardia_ctl.cli.output.console import print_commands
from kardia_ctl.cli.output.drift_report import report_drift
from kardia_ctl.cli.output.reporter import TextReporter
from kardia_ctl.model.plan import Plan
from kardia_ctl.model.results import Report
from kardia_ctl.render.reports.workflow_commands import github_resume, github_stop
from kardia_ctl.render.view import View


class JobReporter(TextReporter):
    """Prints as plan and apply do, and remembers the plan, the report, and the warnings."""

    def __init__(self, view: View, platform: Platform) -> None:
        super().__init__(view)
        self._platform = platform
        self.planned: Plan | None = None
        self.reported: Report | None = None
        self.warnings: list[str] = []

    def warn(self, line: str) -> None:
        """Print and remember a warning."""
        if line:
            self.warnings.append(line)
        super().warn(line)

    def plan(self, plan: Plan) -> None:
        """Print and remember the plan."""
        self.planned = plan
        with self.without_commands():
            super().plan(plan)

    def drift(self, moved: Plan) -> None:
        """Print and remember what moved on the live side: a plan of drift alone."""
        self.planned = moved
        with self.without_commands():
            report_drift(moved, self._view, as_json=False)

    def report(self, report: Report) -> None:
        """Print and remember the results."""
        self.reported = report
        with self.without_commands():
            super().report(report)

    @contextmanager
    def without_commands(self) -> Iterator[None]:
        """Have GitHub take no command from what is printed: a second guard beside the escapes."""
        if self._platform is not Platform.GITHUB:
            yield
            return
        token = secrets.token_hex(16)
        print_commands([github_stop(token)])
        try:
            yield
        finally:
            print_commands([github_resume(token)])
