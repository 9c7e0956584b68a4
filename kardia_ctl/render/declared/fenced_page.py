"""The differences of two revisions as a small Markdown page, for a comment on a pull request."""

import re
from typing import Final

from kardia_ctl.model.declared.difference import DeclaredDiff
from kardia_ctl.render.declared.declared_lines import headline
from kardia_ctl.render.declared.text import declared_text
from kardia_ctl.render.view import View

MARKER: Final = "<!-- kardia-ctl diff -->"
"""The first line, by which a later run finds its comment."""

LONGEST: Final = 65_536
"""Characters of a comment on GitHub."""

_ROOM: Final = 2_000
"""Characters for what stands around the text."""


def declared_page(diff: DeclaredDiff, view: View) -> str:
    """A page of at most ``LONGEST`` characters that says what was cut from it.

    The text stands in a fenced block, where nothing that somebody wrote is a link, a mention or HTML.
    """
    text, cut = _cut(declared_text(diff, view))
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{MARKER}\n### kardia-ctl diff: {headline(diff)}\n\n{cut}{fence}text\n{text}{fence}\n"


def _cut(text: str) -> tuple[str, str]:
    if len(text) <= LONGEST - _ROOM:
        return text, ""
    lines = text[: LONGEST - _ROOM].splitlines(keepends=True)[:-1]
    left = len(text.splitlines()) - len(lines)
    return "".join(lines), f"**{left} lines were cut from this page.** The job's log has all of them.\n\n"
