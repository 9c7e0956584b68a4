"""A small Markdown page where there is no plan to show: what is wrong, and at which places."""

import re
from collections.abc import Sequence
from typing import Final

from kardia_ctl.render.reports.annotations import Annotation
from kardia_ctl.render.text import count_of

_SHOWN: Final = 200
"""The most lines, which stay far below the 65,536 characters of a comment on GitHub."""
_LONGEST: Final = 300
"""Characters of a line."""


def problem_page(title: str, annotations: Sequence[Annotation], marker: str) -> str:
    """A page with a hidden first line, a heading, and the annotations.

    They stand in a fenced block, where nothing that somebody wrote is a link, a mention or HTML.
    """
    lines = [_line(one) for one in annotations[:_SHOWN]]
    left = len(annotations) - len(lines)
    cut = f"**{count_of(left, 'line')} more:** the job's log and reports have them.\n\n" if left > 0 else ""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    block = "".join(f"{line}\n" for line in (f"{fence}text", *lines, fence)) if lines else ""
    return f"{marker}\n### kardia-ctl: {title}\n\n{cut}{block}"


def _line(one: Annotation) -> str:
    place = f"{one.place}: " if one.place else ""
    text = one.text if len(one.text) <= _LONGEST else f"{one.text[:_LONGEST]}…"
    return f"{place}{one.level}: {text} [{one.rule.id}]"
