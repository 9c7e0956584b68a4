"""Small Markdown pages where there is no plan to show, or more to say than it: problems and results."""

import re
from collections.abc import Sequence
from typing import Final

from kardia_ctl.render.reports.annotations import Annotation
from kardia_ctl.render.text import count_of

LONGEST: Final = 65_536
"""Characters of a comment on GitHub."""

_SHOWN: Final = 200
"""The most lines, which together stay below ``LONGEST``."""
_WIDEST: Final = 280
"""Characters of a line."""


def problem_page(title: str, annotations: Sequence[Annotation], marker: str) -> str:
    """A page with a hidden first line, a heading, and the annotations."""
    lines = [_line(one) for one in annotations]
    block = fenced(lines) if lines else ""
    return f"{marker}\n### kardia-ctl: {title}\n\n{block}"


def fenced(lines: Sequence[str]) -> str:
    """Lines in a fenced block, where nothing that somebody wrote is a link, a mention or HTML.

    Lists that are too long are cut, with a note above the block.
    """
    shown = [line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…" for line in lines[:_SHOWN]]
    left = len(lines) - len(shown)
    cut = f"**{count_of(left, 'line')} more:** the job's log and reports have them.\n\n" if left else ""
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return cut + "".join(f"{line}\n" for line in (f"{fence}text", *shown, fence))


def _line(one: Annotation) -> str:
    place = f"{one.place}: " if one.place else ""
    return f"{place}{one.level}: [{one.rule.id}] {one.text}"
