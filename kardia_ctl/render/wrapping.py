"""Long sentences as lines of a fixed width, the same on a terminal, in a pipe and in a file."""

import re
import textwrap
from typing import Final

from kardia_ctl.render.escape import escape

WIDTH: Final = 100
"""The width of a line in characters: fixed, because some CI tools approve a plan by a hash of its text."""

_GLUE: Final = "\x00"
_WHOLE: Final = re.compile(
    r"- \{[^{}]*\}|(?<![\w-])--[\w-]+ (?:'[^']*'|[^\s',;]+)|kardia-ctl [a-z-]+(?: [a-z]+)?"
    r"|will be (?:created|updated in-place|destroyed|imported)(?: \S+)?"
)
"""Stays on one line: an entry for the YAML, a command, an option with its value, and the words that comment
bots look for at the end of a headline, so that no line of a reason ends with them."""


def wrapped(text: str, *, first: str = "", rest: str) -> list[str]:
    """An escaped text as lines that begin with ``first`` and then with ``rest``; no word is broken."""
    if len(first) + len(text) <= WIDTH:
        return [first + text]
    glued = _WHOLE.sub(lambda found: found[0].replace(" ", _GLUE), text)
    lines = textwrap.wrap(
        glued,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
        expand_tabs=False,
        replace_whitespace=False,
    )
    return [escape(line.replace(_GLUE, " ")) for line in lines] or [first + text]
