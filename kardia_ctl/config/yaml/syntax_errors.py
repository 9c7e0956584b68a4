"""Errors of the YAML parser in plain words, without anything of the file."""

from io import BytesIO
from itertools import islice
from typing import Final

import yaml

from kardia_ctl.config.source_files import UnusableFile

_WORDS: Final = (
    (
        "character that cannot start any token",
        "this character cannot begin a value",
        "Put quotes around the value",
    ),
    (
        "mapping values are not allowed",
        "this colon is not expected here",
        "Check the indentation, or quote the value",
    ),
    ("could not find expected ':'", "a colon is missing after the key", "Write key: value"),
    ("unexpected end of stream", "a quote is opened but not closed", "Close it"),
    (
        "did not find expected ',' or",
        "a bracket is opened but not closed, or a comma is missing",
        "Close the bracket, or add the comma",
    ),
    (
        "expected ',' or",
        "a bracket is opened but not closed, or a comma is missing",
        "Close the bracket, or add the comma",
    ),
    (
        "did not find expected key",
        "the indentation does not match the lines above",
        "Align the entries that belong together",
    ),
    (
        "did not find expected '-'",
        "the indentation does not match the lines above",
        "Align the entries that belong together",
    ),
    (
        "expected <block end>",
        "the indentation does not match the lines above",
        "Align the entries that belong together",
    ),
    (
        "block sequence entries are not allowed",
        "a list cannot begin here",
        "Begin the list on a new line",
    ),
    (
        "unknown escape character",
        "this \\ escape is not valid",
        "Write \\\\ for a backslash, or single quotes",
    ),
    ("did not find expected <document start>", "there is text after the end of the document", "Remove it"),
)

_TAB: Final = "the indentation contains a tab", "Indent with spaces"
OTHER: Final = "this is not valid YAML", "Check the quotes, colons and indentation here"


def syntax_error(error: yaml.MarkedYAMLError, data: bytes) -> UnusableFile:
    """A parser's error with its place, in plain words."""
    # An unclosed quote or bracket is reported where it was opened.
    is_open = "end of stream" in (error.problem or "") or "flow" in (error.context or "")
    marks = (error.context_mark, error.problem_mark)
    mark = next(filter(None, marks if is_open else reversed(marks)), None)
    line, column = (mark.line, mark.column) if mark else (0, 0)
    text = next(islice(BytesIO(data), line, None), b"").decode()
    message, remedy = _plain_words(error.problem or "", error.context or "", text)
    return UnusableFile(message, remedy, line + 1, column + 1)


def _plain_words(problem: str, context: str, line: str) -> tuple[str, str]:
    """A parser's error as (message, remedy); ``line`` is the text of the line with the error.

    Nothing of the file is repeated: it could be a patient's.
    """
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return _TAB
    for mark, message, remedy in _WORDS:
        if mark in problem or mark in context:
            return message, remedy
    return OTHER
