"""Letters from a Jinja2 template of the user's.

A template sees the values of one patient and nothing else: it runs in Jinja2's sandbox and loads no file. A
name that is not there is an error, never a gap. What a value says is no markup.
"""

import re
from collections.abc import Mapping
from pathlib import PurePath
from traceback import walk_tb
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kardia_ctl.render.letters.letter_values import NAMES

SUFFIX: Final = ".j2"
"""How the name of a template ends; what stands before it is the form of the letters."""

_MARKDOWN: Final = re.compile(r"([\\`*_<>\[\]&~|#])")
_FIRST: Final = re.compile(r"\A(\s*[0-9]*)([-+=.):])")
"""What Markdown takes for a list, a rule or a heading where a line begins with it."""

_LINE_ENDS: Final = re.compile(r"[\r\n\u2028\u2029]+")
_WORD: Final = re.compile(r"\w+")
_MANY: Final = frozenset({"code", "template", "issued"})
"""Names that mean the only code."""


class UnusableTemplate(Exception):  # noqa: N818  (named by what the template is)
    """A template is wrong, or names what is not there, at a line from 1 on. Holds no value of a patient."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


class LetterTemplate:
    """A template. ``suffix`` is that of its letters: .md, .html, .txt or another form of text."""

    def __init__(self, name: str, text: str) -> None:
        """Compile it. Raises ``UnusableTemplate`` when it is not valid, or names what no letter has."""
        self.suffix = PurePath(name.removesuffix(SUFFIX)).suffix.lower() or ".txt"
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined,
            autoescape=self.suffix in (".html", ".htm"),
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_in_markdown if self.suffix == ".md" else _plain,
        )
        try:
            unknown = meta.find_undeclared_variables(environment.parse(text)) - NAMES
            self._template = environment.from_string(text)
        except TemplateSyntaxError as error:
            raise UnusableTemplate(error.message or "it is not valid", error.lineno) from error
        if unknown:
            name = min(unknown)
            raise UnusableTemplate(
                f"there is no {name}; a letter has {', '.join(sorted(NAMES))}", _line_of(text, name)
            )

    def render(self, values: Mapping[str, Any]) -> str:
        """One letter.

        Raises:
            UnusableTemplate: it names what this patient does not have.
        """
        try:
            return self._template.render(values)
        except UndefinedError as error:
            raise UnusableTemplate(_missing(error, values), _line(error)) from None
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise UnusableTemplate(f"it cannot be rendered ({type(error).__name__})", _line(error)) from None


def _missing(error: UndefinedError, values: Mapping[str, Any]) -> str:
    found = re.match(r"'(\w+)' is undefined", error.message or "")
    name = found[1] if found and found[1] in NAMES else ""
    if name in _MANY:
        count = len(values["codes"])
        return f"{name} is that of the only code, and there are {count}: write {{% for one in codes %}}"
    if name == "password":
        return "password is not in the file of codes"
    return f"{name} is not declared" if name else "it names what is not there"


def _line(error: Exception) -> int:
    """The line of the template in which an error arose."""
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == "<template>"]
    return lines[-1] if lines else 1


def _line_of(text: str, name: str) -> int:
    lines = enumerate(text.split("\n"), 1)
    return next((number for number, line in lines if name in _WORD.findall(line)), 1)


def _plain(value: object) -> object:
    return value


def _in_markdown(value: object) -> object:
    """A value in which Markdown finds no markup: a name such as O_Brien_ stays a name."""
    if not isinstance(value, str):
        return value
    return _FIRST.sub(r"\1\\\2", _LINE_ENDS.sub(" ", _MARKDOWN.sub(r"\\\1", value)))
