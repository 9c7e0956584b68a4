"""Write the page of a plan, as Markdown and HTML, for its reviewers: plan, show and ci write the same."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl import __version__
from kardia_ctl.cli.account.git_index import repository_of
from kardia_ctl.cli.naming import names_for_everybody
from kardia_ctl.cli.options import FILE, Options
from kardia_ctl.cli.outputs import Output, starts_with
from kardia_ctl.cli.private_files import Ours, write_private
from kardia_ctl.config import load_account
from kardia_ctl.model.decided.two_person import TwoPerson
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.model.plan import Plan
from kardia_ctl.planning.approval.second_person import wants_second
from kardia_ctl.render.review.review_page import (
    HTML_BEGINS,
    MARKDOWN_BEGINS,
    Directory,
    PageContext,
    ReviewPage,
)

page_options: Final = Options(
    click.option(
        "--markdown",
        type=FILE,
        metavar="FILE",
        help="Also write the plan for its reviewers to this Markdown file, short enough for a comment.",
    ),
    click.option(
        "--html",
        type=FILE,
        metavar="FILE",
        help="Also write the plan for its reviewers to this HTML page. It loads nothing from the network.",
    ),
)
"""--markdown and --html."""


@dataclass(frozen=True, slots=True)
class PageFiles:
    """The pages that a command line asks for."""

    markdown: Path | None = None
    html: Path | None = None

    @property
    def are_wanted(self) -> bool:
        """Whether there is any."""
        return self.markdown is not None or self.html is not None

    @property
    def outputs(self) -> Iterator[Output]:
        """The files, for ``check_outputs``: a page may replace a page."""
        if self.markdown is not None:
            yield Output("--markdown", self.markdown, IS_MARKDOWN)
        if self.html is not None:
            yield Output("--html", self.html, IS_HTML)


NO_PAGES: Final = PageFiles()

IS_MARKDOWN: Final[Ours] = starts_with(MARKDOWN_BEGINS)
IS_HTML: Final[Ours] = starts_with(HTML_BEGINS)


def page_files_from(options: dict[str, Any]) -> PageFiles:
    """The pages of a command's options, which are removed."""
    return PageFiles(options.pop("markdown"), options.pop("html"))


def write_pages(
    files: PageFiles,
    plan: Plan,
    workspace: str,
    configuration: Path,
    warnings: tuple[str, ...] = (),
    two_person: Collection[TwoPerson] = (),
) -> None:
    """Write the pages that are asked for, each whole or not at all.

    Args:
        files: The pages to write; none is fine.
        plan: The plan.
        workspace: The name of the workspace.
        configuration: The configuration or its directory, which need not exist.
        warnings: What a reader must know before anything else.
        two_person: What the configuration says that a second person has to approve.

    Raises:
        RunStopped: a file cannot be written, or is by now somebody else's.
    """
    if files.are_wanted:
        from kardia_ctl.render.review.page_content import review_page

        context = _context(workspace, configuration, warnings)
        context = replace(context, second_person=wants_second(plan.changes, two_person))
        _write(files, review_page(plan, context))


def declared_two_person(configuration: Path) -> tuple[TwoPerson, ...]:
    """What a configuration wants a second person for, as it is now; nothing where it cannot be read."""
    try:
        return load_account(configuration, os.environ).two_person
    except ConfigurationError:
        return ()


def write_drift_pages(files: PageFiles, plan: Plan, workspace: str, configuration: Path) -> None:
    """Write the pages of a plan that holds drift alone, as ``write_pages`` does."""
    if files.are_wanted:
        from kardia_ctl.render.review.page_content import drift_page

        _write(files, drift_page(plan, _context(workspace, configuration, ())))


def _write(files: PageFiles, page: ReviewPage) -> None:
    if files.markdown is not None:
        from kardia_ctl.render.review.markdown_page import markdown_page

        write_private(files.markdown, markdown_page(page).encode(), IS_MARKDOWN)
    if files.html is not None:
        from kardia_ctl.render.review.html_page import html_page

        write_private(files.html, html_page(page).encode(), IS_HTML)


def page_marker(workspace: str, configuration: Path) -> str:
    """The hidden first line of a page of this configuration, by which its comment is found again."""
    from kardia_ctl.render.review.markdown_page import marker

    return marker(_context(workspace, configuration, ()))


def _context(workspace: str, configuration: Path, warnings: tuple[str, ...]) -> PageContext:
    root = configuration.parent if configuration.is_file() else configuration
    repository = repository_of(root)
    shown = root.resolve().relative_to(repository).as_posix() if repository else "."
    spelled = dict.fromkeys((root.as_posix(), root.resolve().as_posix(), os.path.relpath(root.resolve())))
    directory = Directory("" if shown == "." else shown, tuple(spelled))
    return PageContext(names_for_everybody(), workspace, directory, __version__, warnings)
