"""The differences of two revisions as text."""

from collections.abc import Iterator

from kardia_ctl.model.declared.difference import DeclaredDiff
from kardia_ctl.render.declared.declared_lines import (
    DifferenceLine,
    comments,
    headline,
    revision_name,
    topic_sections,
)
from kardia_ctl.render.view import Colour, View

_PLACE_COLUMN = 56

LIVE = "This compares declarations. What is live, and so what apply would do, only kardia-ctl plan shows."


def declared_text(diff: DeclaredDiff, view: View) -> str:
    """All differences, counted first. Ends with a newline."""
    blocks = [f"{headline(diff)}\n{revision_name(diff.base)} -> {revision_name(diff.head)}"]
    for section in topic_sections(diff, view):
        shown = [text for line in section.lines for text in _lines(line, view)]
        more = [f"    {text} (--full shows all)" for text in section.more]
        blocks.append("\n".join((view.paint(f"{section.title}:", Colour.BOLD), "", *shown, *more)))
    if found := [*comments(diff, view)]:
        blocks.append("\n".join(found))
    blocks.append(LIVE)
    return "\n\n".join(blocks) + "\n"


def _lines(line: DifferenceLine, view: View) -> Iterator[str]:
    text = f"{line.text:<{_PLACE_COLUMN}}  {line.place}" if line.place else line.text
    yield f"  {view.paint(line.mark, line.colour)} {text}"
    yield from (f"        {detail}" for detail in line.details)
