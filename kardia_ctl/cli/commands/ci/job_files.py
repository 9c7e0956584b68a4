"""The files of a job: always the same names in one directory, so that a pipeline names only the directory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kardia_ctl.cli.commands.apply.finish import RESULTS
from kardia_ctl.cli.files.page_files import IS_HTML, IS_MARKDOWN, PageFiles
from kardia_ctl.cli.files.report_files import ReportFiles
from kardia_ctl.cli.files.saved_plan import OURS as SAVED_PLAN
from kardia_ctl.cli.outputs import Output, check_outputs, starts_with
from kardia_ctl.cli.private_files import Ours, passes_on, read_head, write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.declared.fenced_page import MARKER

COMPARISON: Final = starts_with(MARKER)
VARIABLES: Final = starts_with("KARDIA_CI_")
PLAN_JSON: Final = starts_with('{"format_version":')


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The directory of a job, and what is written into it.

    ``plan`` (saved, for apply), ``page.md`` and ``page.html`` (for reviewers), ``plan.json`` (for policies),
    ``kardia.sarif``, ``junit.xml``, ``code-quality.json``, ``kardia-ci.env`` (the outputs), and after an
    apply ``results.csv``.
    """

    directory: Path

    @property
    def plan(self) -> Path:
        """The saved plan."""
        return self.directory / "plan"

    @property
    def markdown(self) -> Path:
        """The page for a comment."""
        return self.directory / "page.md"

    @property
    def html(self) -> Path:
        """The page for a browser."""
        return self.directory / "page.html"

    @property
    def pages(self) -> PageFiles:
        """Both pages."""
        return PageFiles(self.markdown, self.html)

    @property
    def comparison(self) -> Path:
        """What the change of a fork declares differently."""
        return self.directory / "diff.md"

    @property
    def json(self) -> Path:
        """Terraform's plan representation."""
        return self.directory / "plan.json"

    @property
    def variables(self) -> Path:
        """The outputs as variables."""
        return self.directory / "kardia-ci.env"

    @property
    def results(self) -> Path:
        """What an apply did at each address."""
        return self.directory / "results.csv"

    @property
    def reports(self) -> ReportFiles:
        """The reports for machines."""
        place = self.directory
        return ReportFiles(place / "kardia.sarif", place / "junit.xml", place / "code-quality.json")

    def outputs(self, *, applies: bool) -> Iterator[Output]:
        """Every file that may be written; an apply writes no plan, and may be given an earlier one."""
        ours: dict[Path, Ours] = {
            **({} if applies else {self.plan: SAVED_PLAN}),
            self.markdown: IS_MARKDOWN,
            self.html: IS_HTML,
            self.comparison: COMPARISON,
            self.json: PLAN_JSON,
            self.variables: VARIABLES,
            self.results: RESULTS,
        }
        yield from (Output("--out", file, known) for file, known in ours.items())
        yield from self.reports.outputs

    def prepare(self, inputs: tuple[Path, ...], private: Path, *, applies: bool) -> None:
        """Make the directory (0700) and remove what an earlier job left in it: a stale plan misleads.

        Raises:
            RunStopped: the directory cannot be made, or a file in it is somebody else's.
        """
        if not str(self.directory).isprintable():
            raise RunStopped("the name of the directory of --out has a character that cannot be printed")
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise RunStopped(
                f"--out {self.directory} is no directory that can be written: {error.strerror}. Name another"
            ) from error
        outputs = [*self.outputs(applies=applies)]
        if pipe := next((one.file for one in outputs if passes_on(one.file)), None):
            raise RunStopped(f"--out: {pipe} is no ordinary file. Remove it, or name another directory")
        check_outputs(outputs, inputs, private)
        for output in outputs:
            if read_head(output.file) is not None:
                output.file.unlink()

    def write_variables(self, text: str) -> None:
        """Write the outputs as variables."""
        write_private(self.variables, text.encode(), VARIABLES)
