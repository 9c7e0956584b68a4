"""Reports of problems and plans for machines, in files: --sarif, --junit and --code-quality."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.account.git_index import repository_of
from kardia_ctl.cli.naming import names_for_everybody
from kardia_ctl.cli.options import FILE, Options
from kardia_ctl.cli.outputs import Output, starts_with
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.source import Problem
from kardia_ctl.render.escape import escape
from kardia_ctl.render.reports import junit, sarif
from kardia_ctl.render.reports.annotations import Annotation, Annotator, collected, of_problems, of_warnings
from kardia_ctl.render.reports.code_quality import code_quality_text, is_code_quality

report_options: Final = Options(
    click.option(
        "--sarif",
        type=FILE,
        metavar="FILE",
        help="Write all problems as SARIF 2.1.0 too, for code scanning. No mrn and no value is in it.",
    ),
    click.option(
        "--junit",
        type=FILE,
        metavar="FILE",
        help="Write a test for each file as JUnit XML too, for CI systems.",
    ),
    click.option(
        "--code-quality",
        type=FILE,
        metavar="FILE",
        help="Write all problems as GitLab's code quality report too.",
    ),
)
"""--sarif, --junit and --code-quality."""

_SARIF: Final = starts_with(sarif.BEGINNING)
_JUNIT: Final = starts_with(junit.BEGINNING)


@dataclass(frozen=True, slots=True)
class ReportContents:
    """What reports say.

    Attributes:
        files: The configuration's files, by their paths from the top of the repository; the main one first.
        annotations: What is reported.
        more: How many annotations are left out.
        planned: Whether there is a plan.
    """

    files: Sequence[str]
    annotations: Sequence[Annotation]
    more: int = 0
    planned: bool = False


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """The reports that a command line asks for."""

    sarif: Path | None = None
    junit: Path | None = None
    code_quality: Path | None = None

    @property
    def outputs(self) -> Iterator[Output]:
        """The files, for ``check_outputs``: a report may replace an earlier one."""
        if self.sarif is not None:
            yield Output("--sarif", self.sarif, _SARIF)
        if self.junit is not None:
            yield Output("--junit", self.junit, _JUNIT)
        if self.code_quality is not None:
            yield Output("--code-quality", self.code_quality, is_code_quality)

    @property
    def are_wanted(self) -> bool:
        """Whether there is any."""
        return any(True for _ in self.outputs)

    def write(self, contents: ReportContents) -> None:
        """Write the reports, each whole or not at all.

        Raises:
            RunStopped: a file cannot be written, or is by now somebody else's.
        """
        annotations = contents.annotations
        if self.sarif is not None:
            write_private(
                self.sarif, sarif.sarif_text(annotations, contents.files[0], contents.more).encode(), _SARIF
            )
        if self.junit is not None:
            text = junit.junit_text(contents.files, annotations, planned=contents.planned)
            write_private(self.junit, text.encode(), _JUNIT)
        if self.code_quality is not None:
            text = code_quality_text(annotations, contents.files[0])
            write_private(self.code_quality, text.encode(), is_code_quality)


def report_files_from(options: dict[str, Any]) -> ReportFiles:
    """The reports of a command's options, which are removed."""
    return ReportFiles(options.pop("sarif"), options.pop("junit"), options.pop("code_quality"))


def from_top(start: Path) -> Callable[[str], str]:
    """A function that gives a file's path from the top of the repository around ``start``.

    Without a repository it is the path from this directory; a file that is outside keeps its name.
    """
    top = repository_of(start) or Path.cwd().resolve()

    def relative(file: str) -> str:
        place = Path(os.path.abspath(file))  # noqa: PTH100  (a link has its own place in the repository)
        for known in (place, place.parent.resolve() / place.name):
            if known.is_relative_to(top):
                return known.relative_to(top).as_posix()
        return Path(file).as_posix()

    return relative


def main_first(path: Path, files: Iterable[Path], relative: Callable[[str], str]) -> list[str]:
    """The configuration's files as annotations name them, each once, the one that names the others first."""
    main = path / "kardia.yaml" if path.is_dir() else path
    return list(dict.fromkeys(escape(relative(str(file))) for file in (main, *files)))


def write_problems(
    reports: ReportFiles,
    path: Path,
    problems: Iterable[Problem],
    warnings: Iterable[str],
    files: Iterable[Path] = (),
) -> None:
    """Write the reports of a configuration's problems and warnings.

    Raises:
        RunStopped: a file cannot be written.
    """
    if not reports.are_wanted:
        return
    annotator = Annotator(names_for_everybody(), from_top(path))
    found, more = collected((*of_problems(problems, annotator), *of_warnings(warnings, annotator)))
    reports.write(ReportContents(main_first(path, files, annotator.relative), found, more))
