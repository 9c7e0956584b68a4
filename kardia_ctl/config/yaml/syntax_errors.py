"""What a YAML parser complains about, in words for people who do not know YAML."""

from typing import Final

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
    ("unexpected end of stream", "a quote is opened and not closed", "Close it"),
    ("did not find expected ',' or", "a bracket is opened and not closed, or a comma is missing", "Close it"),
    ("expected ',' or", "a bracket is opened and not closed, or a comma is missing", "Close it"),
    (
        "did not find expected key",
        "the indentation does not fit the lines above",
        "Align what belongs together",
    ),
    (
        "did not find expected '-'",
        "the indentation does not fit the lines above",
        "Align what belongs together",
    ),
    ("expected <block end>", "the indentation does not fit the lines above", "Align what belongs together"),
    (
        "block sequence entries are not allowed",
        "a list cannot begin here",
        "Put the dash on a line of its own",
    ),
    (
        "unknown escape character",
        "this \\ escape does not exist",
        "Write \\\\ for a backslash, or single quotes",
    ),
    ("did not find expected <document start>", "something follows the end of the document", "Remove it"),
)

_TAB: Final = "a tab stands in the indentation", "Indent with spaces"
_OTHER: Final = "this is not valid YAML", "Check the quotes, colons and indentation here"


def plain_words(problem: str, context: str, line: str) -> tuple[str, str]:
    """A parser's complaint as (message, remedy); ``line`` is the text of the line that it is about.

    Nothing of the file is repeated: it could be a patient's.
    """
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return _TAB
    for mark, message, remedy in _WORDS:
        if mark in problem or mark in context:
            return message, remedy
    return _OTHER
