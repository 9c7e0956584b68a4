"""A job under way: where it writes, what it printed, and how it ends."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kardia_ctl.cli.commands.ci.job_files import JobFiles
from kardia_ctl.cli.commands.ci.job_reporter import JobReporter
from kardia_ctl.cli.commands.ci.platforms import Platform
from kardia_ctl.cli.commands.ci.publishing import JobEnding, publish
from kardia_ctl.cli.files.report_files import from_top, main_first
from kardia_ctl.cli.naming import names_for_everybody
from kardia_ctl.model.errors import ConfigurationError, KardiaError
from kardia_ctl.render.reports.annotations import (
    Annotation,
    Annotator,
    Level,
    of_problems,
    of_warnings,
)
from kardia_ctl.render.reports.plan_rules import STOPPED
from kardia_ctl.render.view import View


@dataclass
class Job:
    """A job under way. ``sources`` are the configuration's files, once they are known.

    ``applies``: it was asked to apply.
    """

    path: Path
    files: JobFiles
    platform: Platform
    view: View
    reporter: JobReporter
    applies: bool = False
    sources: list[Path] = field(default_factory=list)

    @property
    def annotator(self) -> Annotator:
        """Makes the annotations of this job, as anybody may read them."""
        return Annotator(names_for_everybody(), from_top(self.path))

    def warnings(self) -> Iterator[Annotation]:
        """The warnings that were printed, as annotations."""
        return of_warnings(self.reporter.warnings, self.annotator)

    def end(
        self, result: str, annotations: Iterable[Annotation], title: str = "", *, is_saved: bool = False
    ) -> None:
        """Publish how the job ended. ``title`` says why there is no plan.

        Raises:
            RunStopped: a file cannot be written.
        """
        reporter = self.reporter
        files = main_first(self.path, self.sources, self.annotator.relative)
        ending = JobEnding(
            result,
            annotations,
            files,
            title,
            reporter.planned,
            reporter.reported,
            is_saved=is_saved,
            applies=self.applies,
        )
        publish(ending, self.path, self.files, self.platform)

    def end_with(self, error: KardiaError) -> None:
        """Publish that the job ended with an error.

        Raises:
            RunStopped: a file cannot be written.
        """
        annotator = self.annotator
        if isinstance(error, ConfigurationError):
            problems = of_problems(error.problems, annotator)
            warnings = of_warnings(error.warnings, annotator)
            self.end("invalid", [*problems, *warnings], "the configuration is not valid")
            return
        about = annotator.about(STOPPED, Level.ERROR, annotator.names.text(str(error)), None)
        self.end("failed", [about, *self.warnings()], "no plan was made")
