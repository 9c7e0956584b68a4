"""Commands that CI runners find in a job's output: annotations of GitHub Actions and Azure Pipelines.

A runner takes commands from any line, so what is printed elsewhere is escaped (``render/escape.py``); here
every text goes through the encoding that the runner undoes.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from kardia_ctl.render.escape import escape
from kardia_ctl.render.reports.annotations import Annotation, Level

GITHUB_MOST: Final = 10
"""The most errors, and the most warnings, that GitHub shows of one step."""
AZURE_MOST: Final = 100
"""The most of each that are printed for Azure, whose page of a run shows no more."""

_GITHUB: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_AZURE: Final = {Level.ERROR: "error", Level.WARNING: "warning"}


def github_annotations(annotations: Sequence[Annotation]) -> Iterator[str]:
    """``::error file=…,line=…,col=…,title=…::…`` for each; the last of many says how many there are."""
    for level, word in _GITHUB.items():
        found = [one for one in annotations if one.level is level]
        for one in _bounded(found, GITHUB_MOST):
            yield f"::{word} {_github_place(one)}title={_property(one.rule.id)}::{github_text(one.text)}"
        if len(found) > GITHUB_MOST:
            yield f"::{word} title=kardia-ctl::{github_text(_rest(found, GITHUB_MOST))}"


def azure_annotations(annotations: Sequence[Annotation]) -> Iterator[str]:
    """``##vso[task.logissue …]`` for each error and warning."""
    for level, word in _AZURE.items():
        found = [one for one in annotations if one.level is level]
        for one in _bounded(found, AZURE_MOST):
            named = f"{_azure_place(one)}code={azure_property(one.rule.id)}"
            yield f"##vso[task.logissue type={word};{named}]{azure_text(one.text)}"
        if len(found) > AZURE_MOST:
            yield f"##vso[task.logissue type={word}]{azure_text(_rest(found, AZURE_MOST))}"


def _bounded(found: Sequence[Annotation], most: int) -> Sequence[Annotation]:
    return found if len(found) <= most else found[: most - 1]


def _rest(found: Sequence[Annotation], most: int) -> str:
    return f"{len(found) - most + 1:,} more; the job's summary, reports and kardia-ctl validate have them all"


def _github_place(one: Annotation) -> str:
    if not one.file:
        return ""
    column = f"col={one.column}," if one.column else ""
    return f"file={_property(one.file)},line={one.line},{column}"


def _azure_place(one: Annotation) -> str:
    if not one.file:
        return ""
    column = f"columnnumber={one.column};" if one.column else ""
    return f"sourcepath={azure_property(one.file)};linenumber={one.line};{column}"


def _encoded(text: str, codes: Sequence[tuple[str, str]]) -> str:
    for char, code in codes:
        text = text.replace(char, code)
    return text


def _encoder(*codes: tuple[str, str]) -> Callable[[str], str]:
    return lambda text: _encoded(escape(text), codes)


_LINES: Final = (("\r", "%0D"), ("\n", "%0A"))
github_text: Final = _encoder(("%", "%25"), *_LINES)
"""The text of a command of GitHub Actions (actions/toolkit, command.ts)."""
_property: Final = _encoder(("%", "%25"), *_LINES, (":", "%3A"), (",", "%2C"))
azure_text: Final = _encoder(("%", "%AZP25"), *_LINES)
"""The text of a command of Azure Pipelines (azure-pipelines-task-lib, taskcommand.ts)."""
azure_property: Final = _encoder(("%", "%AZP25"), *_LINES, ("]", "%5D"), (";", "%3B"))
"""The value of one of its properties."""


def github_stop(token: str) -> str:
    """From this line on GitHub takes no command, until ``github_resume`` with the same random token."""
    return f"::stop-commands::{token}"


def github_resume(token: str) -> str:
    """From this line on GitHub takes commands again."""
    return f"::{token}::"


def azure_summary(file: str) -> str:
    """Have Azure show a Markdown file, by its whole path, on the page of the run."""
    return f"##vso[task.uploadsummary]{azure_text(file)}"
